#!/usr/bin/env bash
# kafka_secure -- Kafka over SASL_SSL with a CA of its own: what is right works; a wrong password, a CA that
# did not sign, another host name, a certificate whose time is over, a port that speaks something else:
# each command ends soon, with that cause in its words and no secret.
set -eu
cd "$(dirname "$0")/../../.."
[ -n "${KAFKA_CERTIFICATES:-}" ] || exec tests/services/kafka --secure "$0"
program=${PROGRAM:-build/debug/drivethru}
export DRIVETHRU_LISTEN=127.0.0.1:0 DRIVETHRU_REGISTRY_LISTEN=127.0.0.1:0
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT
mkdir "$data/pipeline"
secure=localhost:$KAFKA_SECURE_PORT
ca=$KAFKA_CERTIFICATES/ca.pem
wrong=wrong-$RANDOM$RANDOM

# settings SERVER MECHANISM USER PASSWORD CA: as Java's clients spell them.
settings() {
    local module=plain.PlainLoginModule
    [ "$2" = PLAIN ] || module=scram.ScramLoginModule
    cat >"$data/kafka.properties" <<PROPERTIES
bootstrap.servers=$1
security.protocol=SASL_SSL
sasl.mechanism=$2
sasl.jaas.config=org.apache.kafka.common.security.$module required username="$3" password="$4";
ssl.truststore.type=PEM
ssl.truststore.location=$5
PROPERTIES
}

run() { # COMMAND...
    code=0
    timeout 90 "$program" "$@" --config "$data/kafka.properties" --data "$data/data" \
        >"$data/out" 2>&1 </dev/null || code=$?
}

fail() {
    echo "$what: $*"
    tail -n 8 "$data/out"
    exit 1
}

# ends CODE WORDS COMMAND...
ends() {
    local wanted=$1 words=$2
    shift 2
    run "$@"
    [ "$code" = "$wanted" ] || fail "'$1' ends with $code instead of $wanted"
    grep -q -- "$words" "$data/out" || fail "'$1' does not say '$words'"
    ! grep -qE "$KAFKA_PASSWORD|$wrong|password=" "$data/out" || fail "'$1' says a secret"
}

works() {
    what="$*"
    settings "$@"
    ends 0 TOPIC_OF_OURS topic list
    ends 0 '^ok  *Kafka  *login  *taken' doctor
    grep -q '^ok  *Kafka  *transactions  *can be begun' "$data/out" && grep -q '^ok  *Kafka  *groups' "$data/out" &&
        grep -qE "^ok +Kafka +TLS .*issued by 'CN = ca', for DNS:localhost" "$data/out" || fail "doctor passes over a step"
    ends 0 'up in' up --pipeline "$data/pipeline" --no-generate --until-idle
}

# refused CODE WORDS STEP SETTINGS...: the step that fails is doctor's; what does not answer is 4, else 1.
refused() {
    local wanted=$1 words=$2 step=$3
    shift 3
    what="$*"
    settings "$@"
    ends "$wanted" "$words" topic list
    ends "${step#*/}" "^FAILED  *Kafka  *${step%/*} " doctor
    [ "${step%/*}" = settings ] || grep -A 1 '^FAILED' "$data/out" | grep -q -- '-> ' || fail "doctor gives no advice"
    ends "$wanted" "$words" up --pipeline "$data/pipeline" --no-generate --until-idle
}

settings "$secure" PLAIN plain "$KAFKA_PASSWORD" "$ca"
what='CREATE STREAM'
echo "CREATE STREAM s (a INT) WITH (KAFKA_TOPIC='TOPIC_OF_OURS', VALUE_FORMAT='JSON', PARTITIONS=1);" >"$data/s.sql"
ends 0 . run "$data/s.sql" --until-idle

works "$secure" PLAIN plain "$KAFKA_PASSWORD" "$ca"
# librdkafka's SCRAM is refused by brokers from 4.0 on before its version 2.6.1; then that is said.
settings "$secure" SCRAM-SHA-512 scram "$KAFKA_PASSWORD" "$ca"
run topic list
if [ "$code" = 0 ]; then
    works "$secure" SCRAM-SHA-256 scram "$KAFKA_PASSWORD" "$ca"
    works "$secure" SCRAM-SHA-512 scram "$KAFKA_PASSWORD" "$ca"
else
    echo "SCRAM is not tried: this librdkafka cannot"
    refused 1 'take SCRAM only from librdkafka 2.6.1 on' login/1 "$secure" SCRAM-SHA-256 scram "$KAFKA_PASSWORD" "$ca"
fi
refused 1 'Invalid username or password' login/1 "$secure" PLAIN plain "$wrong" "$ca"
refused 1 'Invalid username or password' login/1 "$secure" PLAIN nobody "$KAFKA_PASSWORD" "$ca"
refused 1 invalid.credentials login/1 "$secure" SCRAM-SHA-256 scram "$wrong" "$ca"
refused 4 "signed by none of the CAs in 'ssl.ca.location'" TLS/1 "$secure" PLAIN plain "$KAFKA_PASSWORD" "$KAFKA_CERTIFICATES/another_ca.pem"
refused 4 'for another host name' TLS/1 "127.0.0.1:$KAFKA_SECURE_PORT" PLAIN plain "$KAFKA_PASSWORD" "$ca"
refused 4 'certificate has expired' TLS/1 "localhost:$KAFKA_EXPIRED_PORT" PLAIN plain "$KAFKA_PASSWORD" "$ca"
refused 1 "'ssl.ca.location' names a file that cannot be read" settings/1 "$secure" PLAIN plain "$KAFKA_PASSWORD" "$data/none.pem"
refused 4 'does that port speak TLS' TLS/4 "$BOOTSTRAP" PLAIN plain "$KAFKA_PASSWORD" "$ca"
