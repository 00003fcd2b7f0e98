#!/usr/bin/env bash
# cloud -- the five steps of docs/cloud.md, with the settings that stand there, on doubles: Kafka with SASL_SSL, a
# registry behind TLS and a login, and a MongoDB with a login. No secret is shown.
set -eu
cd "$(dirname "$0")/../../.."
[ -n "${KAFKA_CERTIFICATES:-}" ] || exec tests/services/kafka --secure "$0"
[ -n "${MONGODB_URI:-}" ] || MONGODB_LOGIN=1 exec tests/services/mongodb "$0"
program=$(realpath "${PROGRAM:-build/debug/drivethru}")
export DRIVETHRU_LISTEN=127.0.0.1:0 DRIVETHRU_REGISTRY_LISTEN=127.0.0.1:0
home=$(mktemp -d)
processes=
stop() {
    for process in $processes; do kill "$process" 2>/dev/null || true; done
    rm -rf "$home"
}
trap stop EXIT
fail() { echo "$*"; tail -n 20 "$home/out"; exit 1; }
wait_for() { # FILE PATTERN
    for _ in $(seq 600); do
        ! grep -q "$2" "$1" 2>/dev/null || return 0
        sleep 0.1
    done
    cat "$1"
    exit 1
}

mkdir "$home/empty"
"$program" up --data "$home/registry" --pipeline "$home/empty" --no-generate >"$home/server" 2>&1 &
processes="$processes $!"
wait_for "$home/server" '^schema registry http'
registry=$(sed -n 's/^schema registry \(http:[^ ]*[^/]\).*/\1/p' "$home/server")
echo ok >"$home/mode"
python3 tests/services/registry_proxy.py "$registry" "$home/mode" SR_KEY:CANARY-registry "$KAFKA_CERTIFICATES/server.pem" \
    >"$home/port" &
processes="$processes $!"
wait_for "$home/port" .

# Step 2, with the doubles' names and secrets, and the CA they have.
sed -n '/^2\. /,/^3\. /s/^       \([a-z.]*=\)/\1/p' docs/cloud.md |
    sed -e "s,pkc-[^:]*:9092,localhost:$KAFKA_SECURE_PORT," -e "s,https://psrc.*,https://localhost:$(cat "$home/port")," \
        -e "s,username='KEY' password='SECRET',username='plain' password='$KAFKA_PASSWORD'," \
        -e "s,SR_SECRET,CANARY-registry," -e "s,^connection.uri=.*,connection.uri=$MONGODB_URI," >"$home/client.properties"
[ "$(wc -l <"$home/client.properties")" = 12 ] || fail "docs/cloud.md has no settings"
printf 'ssl.ca.location=%s\nschema.registry.ssl.ca.location=%s\n' "$KAFKA_CERTIFICATES/ca.pem" "$KAFKA_CERTIFICATES/ca.pem" \
    >>"$home/client.properties"
# The join and its sink; FerretDB hangs on larger ones.
mkdir "$home/pipeline"
cp -r pipeline/schemas pipeline/01-*.sql pipeline/02-*.sql pipeline/sink.properties "$home/pipeline"
echo max.batch.size=50 >>"$home/pipeline/sink.properties"

step() { # PATTERN COMMAND...
    local pattern=$1
    shift
    timeout 200 "$program" "$@" --config "$home/client.properties" --data "$home/data" >"$home/out" 2>&1 </dev/null ||
        fail "drivethru $*: exit $?"
    grep -qE -- "$pattern" "$home/out" || fail "drivethru $*: no '$pattern'"
    ! grep -qE "CANARY|$KAFKA_PASSWORD" "$home/out" || fail "drivethru $*: a secret is shown"
}
step '^0 failed' doctor --pipeline "$home/pipeline"
for line in 'Kafka +TLS' 'Kafka +login' 'Kafka +transactions' 'schema registry +TLS' 'schema registry +permission' \
    'MongoDB +login' 'MongoDB +permission'; do
    grep -qE "^(ok|warning) +$line" "$home/out" || fail "doctor: no '$line'"
done
step 'up in' up --pipeline "$home/pipeline" --history 2m --rate 5 --until-idle
step '^mcd_orders +4 ' topic list
step '^topic mcd_orders: 4 partitions' topic describe mcd_orders
step '^mcd_orders-value ' registry list
step '^all zero' verify
