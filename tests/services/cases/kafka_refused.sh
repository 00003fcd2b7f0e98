#!/usr/bin/env bash
# kafka_refused -- a row whose topic would refuse its timestamp goes to the dead letters, and its
# neighbours go on; so does one that is refused by a setting made while the query runs.
set -eu
cd "$(dirname "$0")/../../.."
[ -n "${BOOTSTRAP:-}" ] || exec tests/services/kafka "$0"
export DRIVETHRU_REGISTRY_LISTEN=127.0.0.1:0
program=${RELEASE_PROGRAM:-build/release/drivethru}
data=$(mktemp -d)
child=
trap '[ -z "$child" ] || kill -KILL "$child" 2>/dev/null || true; rm -rf "$data"' EXIT
echo "bootstrap.servers=$BOOTSTRAP" >"$data/kafka.properties"
mkdir "$data/pipeline"
cat >"$data/pipeline/one.sql" <<'SQL'
SET 'auto.offset.reset'='earliest';
CREATE STREAM given (id STRING KEY, at BIGINT, note STRING)
    WITH (KAFKA_TOPIC='given', VALUE_FORMAT='JSON', PARTITIONS=1, TIMESTAMP='at');
CREATE STREAM taken WITH (KAFKA_TOPIC='taken') AS SELECT id, note FROM given EMIT CHANGES;
SQL
arguments="--config $data/kafka.properties --data $data/data"
"$program" up $arguments --listen 127.0.0.1:0 --pipeline "$data/pipeline" --no-generate >"$data/out" 2>"$data/log" &
child=$!
# until WORDS COMMAND...: its output has the words, within a minute.
until_says() {
    local words=$1
    shift
    for _ in $(seq 300); do
        if "$@" 2>&1 | grep -q "$words"; then return 0; fi
        kill -0 $child 2>/dev/null || break
        sleep 0.2
    done
    echo "no '$words' from: $*"
    "$@" 2>&1 | tail -n 5
    tail -n 10 "$data/log"
    exit 1
}
until_says '^http://' cat "$data/log"
url=$(grep -om1 '^http://[0-9.:]*' "$data/log")
# A row that shares its transaction with one that is refused is told to come again.
insert() { # ID TIME
    for _ in $(seq 20); do
        curl -sS -m 30 -X POST "$url/ksql" -d "{\"ksql\":\"INSERT INTO given (id, at, note) VALUES ('$1', $2, 'of $1');\"}" >"$data/answer"
        grep -q 'commit aborted' "$data/answer" || break
        sleep 0.2
    done
    ! grep -q error_code "$data/answer" || { cat "$data/answer"; exit 1; }
}
now=$(($(date +%s) * 1000))
insert first "$now"
insert future 4070908800000
insert second "$now"
until_says 'of second' "$program" topic read taken $arguments
! "$program" topic read taken $arguments | grep -q 'of future' || { echo "the topic has what it refuses"; exit 1; }
until_says 'later than its topic takes' "$program" dlq show drivethru-dlq $arguments

# A setting that the process has not read.
java -cp "$KAFKA_JARS/*" org.apache.kafka.tools.ConfigCommand --bootstrap-server "$BOOTSTRAP" --alter \
    --entity-type topics --entity-name taken --add-config message.timestamp.before.max.ms=3600000 >"$data/altered" 2>&1 ||
    java -cp "$KAFKA_JARS/*" kafka.admin.ConfigCommand --bootstrap-server "$BOOTSTRAP" --alter \
        --entity-type topics --entity-name taken --add-config message.timestamp.before.max.ms=3600000 >"$data/altered" 2>&1 ||
    { tail -n 3 "$data/altered"; exit 1; }
insert past 1000000000000
insert third "$now"
until_says 'of third' "$program" topic read taken $arguments
until_says 'earlier than its topic takes' "$program" dlq show drivethru-dlq $arguments
[ "$("$program" topic read taken $arguments | grep -c 'of ')" = 3 ] || { "$program" topic read taken $arguments; exit 1; }
kill $child
code=0
wait $child || code=$?
child=
[ "$code" = 0 ] || { echo "up ended with $code"; tail -n 10 "$data/log"; exit 1; }
