#!/usr/bin/env bash
# kafka_changes -- topics that others change: records deleted before a stopped service had read them are counted and
# the rest is read; a source that vanishes stops its query alone, in words, and without a busy loop; partitions that
# are added are read from the next start on.
set -eu
cd "$(dirname "$0")/../../.."
[ -n "${BOOTSTRAP:-}" ] || exec tests/services/kafka "$0"
export DRIVETHRU_REGISTRY_LISTEN=127.0.0.1:0
program=${PROGRAM:-build/debug/drivethru}
python=$(tests/clients/install python 'confluent-kafka[avro,schemaregistry]==2.16.0')
data=$(mktemp -d)
child=
trap '[ -z "$child" ] || kill -KILL "$child" 2>/dev/null || true; rm -rf "$data"' EXIT
echo "bootstrap.servers=$BOOTSTRAP" >"$data/kafka.properties"
mkdir "$data/pipeline"
cat >"$data/pipeline/one.sql" <<'SQL'
SET 'auto.offset.reset'='earliest';
CREATE STREAM given (k STRING KEY, note STRING) WITH (KAFKA_TOPIC='given', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM taken WITH (KAFKA_TOPIC='taken', PARTITIONS=1) AS SELECT k, note FROM given;
CREATE STREAM other (k STRING KEY, note STRING) WITH (KAFKA_TOPIC='other', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM other_taken WITH (KAFKA_TOPIC='other_taken', PARTITIONS=1) AS SELECT k, note FROM other;
SQL
arguments="--config $data/kafka.properties --data $data/data"
fail() { echo "$*"; tail -n 20 "$data/log"; exit 1; }

start() {
    rm -f "$data/log" # of the one before
    "$program" up $arguments --listen 127.0.0.1:0 --pipeline "$data/pipeline" --no-generate >"$data/out" 2>"$data/log" &
    child=$!
    until_true "it serves" grep -qs '^http://' "$data/log"
    url=$(grep -om1 '^http://[0-9.:]*' "$data/log")
}
stop() {
    local code=0
    kill $child
    wait $child || code=$?
    child=
    [ "$code" = 0 ] || fail "up ended with $code"
}
# until_true WHAT COMMAND...: within two minutes.
until_true() {
    local what=$1
    shift
    for _ in $(seq 600); do
        if "$@"; then return 0; fi
        [ -z "$child" ] || kill -0 $child 2>/dev/null || fail "it ended early, before: $what"
        sleep 0.2
    done
    fail "not within two minutes: $what"
}
give() { # TOPIC FROM TO
    seq "$2" "$3" | sed 's/.*/k&:{"NOTE":"n&"}/' | kcat -b "$BOOTSTRAP" -P -t "$1" -K :
}
took() { # TOPIC COUNT
    [ "$(kcat -b "$BOOTSTRAP" -C -t "$1" -o beginning -e -q -X isolation.level=read_committed -f '%k\n' 2>/dev/null | sort -u | wc -l)" = "$2" ]
}
describes() { "$program" sql --server "$url" -e "DESCRIBE taken EXTENDED;" 2>&1 | grep -q "$1"; }
state() { "$program" sql --server "$url" -e "SHOW QUERIES;" 2>&1 | grep "CSAS_$1" | grep -q "$2"; }
admin() { # PYTHON OVER admin
    "$python" - "$BOOTSTRAP" <<PYTHON
import sys
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions
admin = AdminClient({"bootstrap.servers": sys.argv[1]})
for future in $1.values():
    future.result(30)
PYTHON
}

start
give given 1 10
until_true "ten rows are taken" took taken 10
stop

give given 11 20
admin 'admin.delete_records([TopicPartition("given", 0, 15)])'
start
until_true "the rest is taken" took taken 15
describes "^records that retention took before they were read: 5$" || fail "five records that are gone are not told"


# A source that vanishes.
admin 'admin.delete_topics(["other"])'
until_true "the query of the topic that is gone is in state ERROR" state OTHER_TAKEN ERROR
give given 21 25
until_true "the other query goes on" took taken 20
ticks() { awk '{ print $14 + $15 }' "/proc/$child/stat"; } # a hundredth of a second each
before=$(ticks)
sleep 4
[ $(($(ticks) - before)) -lt 200 ] || fail "it is busy with nothing: $(($(ticks) - before)) hundredths of a second in four"
stop

# Partitions that are added.
admin 'admin.create_partitions([NewPartitions("given", 3)])'
seq 26 35 | sed 's/.*/k&:{"NOTE":"n&"}/' | kcat -b "$BOOTSTRAP" -P -t given -p 2 -K :
start
until_true "the new partitions are read" took taken 30
stop
