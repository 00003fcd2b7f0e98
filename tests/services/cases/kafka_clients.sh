#!/usr/bin/env bash
# kafka_clients -- producers and consumers that we did not write: Avro records by confluent-kafka with its
# registry client against our registry, our joined rows through its deserializer; keys that Java's producer has
# partitioned lie where ours do, byte for byte; kcat reads our rows, and writes what SQL reads.
set -eu
cd "$(dirname "$0")/../../.."
[ -n "${BOOTSTRAP:-}" ] || exec tests/services/kafka "$0"
export DRIVETHRU_REGISTRY_LISTEN=127.0.0.1:0
program=${PROGRAM:-build/debug/drivethru}
seed=${SEED:-$RANDOM}
echo "SEED=$seed"
python=$(tests/clients/install python 'confluent-kafka[avro,schemaregistry]==2.16.0')
data=$(mktemp -d)
child=
trap '[ -z "$child" ] || kill -KILL "$child" 2>/dev/null || true; rm -rf "$data"' EXIT
echo "bootstrap.servers=$BOOTSTRAP" >"$data/kafka.properties"
mkdir "$data/pipeline"
cp pipeline/01-sources.sql pipeline/02-join.sql "$data/pipeline/"
cp -r pipeline/schemas "$data/pipeline/"
# What is keyed anew by its own key must lie where it lay.
again() { # STREAM TOPIC TYPE
    cat <<SQL
CREATE STREAM $1 (k $3 KEY, again $3) WITH (KAFKA_TOPIC='$1', VALUE_FORMAT='JSON', PARTITIONS=7);
CREATE STREAM $2 WITH (KAFKA_TOPIC='$2', PARTITIONS=7) AS SELECT again, AS_VALUE(again) AS v FROM $1 PARTITION BY again;
SQL
}
{
    echo "SET 'auto.offset.reset'='earliest';"
    again text_keys text_keys_again STRING
    again long_keys long_keys_again BIGINT
    again int_keys int_keys_again INT
    echo "CREATE STREAM said (k STRING KEY, word STRING) WITH (KAFKA_TOPIC='said', VALUE_FORMAT='JSON', PARTITIONS=3);"
    echo "CREATE STREAM loud WITH (KAFKA_TOPIC='loud') AS SELECT k, UCASE(word) AS word FROM said;"
} >"$data/pipeline/03-keys.sql"
arguments="--config $data/kafka.properties --data $data/data"
"$program" up $arguments --listen 127.0.0.1:0 --pipeline "$data/pipeline" --seed 3 --history 1m --rate 5 --no-live \
    >"$data/out" 2>"$data/log" &
child=$!
fail() { echo "$*"; tail -n 20 "$data/log"; exit 1; }
for _ in $(seq 600); do
    REGISTRY_URL=$(sed -n 's/^schema registry \(http:[^ ]*[^/]\).*/\1/p' "$data/log")
    [ -z "$REGISTRY_URL" ] || ! "$program" topic describe loud $arguments >/dev/null 2>&1 || break
    kill -0 $child 2>/dev/null || fail "it ended early"
    sleep 0.2
done
export REGISTRY_URL
[ -n "$REGISTRY_URL" ] || fail "no registry after two minutes"

timeout 200 "$python" tests/services/use_kafka.py || fail "confluent-kafka is not content"

java -cp "$KAFKA_JARS/*" tests/services/Keys.java produce "$BOOTSTRAP" "$seed"
for topic in text_keys long_keys int_keys; do
    java -cp "$KAFKA_JARS/*" tests/services/Keys.java compare "$BOOTSTRAP" $topic ${topic}_again 500 ||
        fail "keys lie elsewhere than Java's producer puts them"
done

# kcat, with each compression it has.
for codec in none gzip snappy lz4 zstd; do
    echo "$codec:{\"word\":\"by $codec\"}" | kcat -b "$BOOTSTRAP" -P -t said -K : -z $codec
done
for _ in $(seq 300); do
    kcat -b "$BOOTSTRAP" -C -t loud -e -q -X isolation.level=read_committed -f '%k %s\n' | sort >"$data/loud"
    [ "$(wc -l <"$data/loud")" -lt 5 ] || break
    kill -0 $child 2>/dev/null || fail "it ended early"
    sleep 0.2
done
for codec in none gzip snappy lz4 zstd; do
    echo "$codec {\"WORD\":\"BY ${codec^^}\"}"
done | sort | diff - "$data/loud" || fail "kcat does not find what it said"

kill $child
code=0
wait $child || code=$?
child=
[ "$code" = 0 ] || fail "up ended with $code"
! grep -qE 'Sanitizer|runtime error' "$data/log" || fail "a sanitizer has spoken"
