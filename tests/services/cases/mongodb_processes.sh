#!/usr/bin/env bash
# mongodb_processes -- two processes of a service share a sink's partitions on Kafka; one is killed, and the other
# delivers all of them: every record is one document.
set -eu
cd "$(dirname "$0")/../../.."
: "${PROGRAM:=$PWD/build/debug/drivethru}"
export PROGRAM
. tests/services/mongo_common
[ -n "${BOOTSTRAP:-}" ] || exec tests/services/kafka "$0"
if [ -z "${MONGODB_URI:-}" ]; then
    # A client of today no longer speaks to that server.
    PYTHON=$(python_with pymongo==4.8.0) exec tests/services/mongo_java "$0"
fi
directory=$(mktemp -d)
servers=
stop() {
    for pid in $servers; do kill -9 "$pid" 2>/dev/null || true; done
    rm -rf "$directory"
}
trap stop EXIT
fail() { echo "$*"; tail -n 20 "$directory"/*.log; exit 1; }

mkdir "$directory/pipeline"
echo "CREATE STREAM CUPS (K STRING KEY, N INT) WITH (KAFKA_TOPIC='cups', VALUE_FORMAT='JSON', PARTITIONS=4);" \
    >"$directory/pipeline/cups.sql"
printf '%s\n' connector.class=com.mongodb.kafka.connect.MongoSinkConnector name=cups topics=cups database=mcd \
    >"$directory/pipeline/cups.properties"
cat >"$directory/drivethru.properties" <<PROPERTIES
bootstrap.servers=$BOOTSTRAP
connection.uri=$MONGODB_URI
session.timeout.ms=6000
PROPERTIES
start() { # NAME: the first one has the registry
    "$PROGRAM" up --data "$directory/$1" --pipeline "$directory/pipeline" --config "$directory/drivethru.properties" \
        --no-generate --quiet --listen 127.0.0.1:0 --registry-listen 127.0.0.1:0 >"$directory/$1.log" 2>&1 &
    servers="$servers $!"
    for _ in $(seq 900); do
        url=$(grep -om1 '^http://[0-9.:]*' "$directory/$1.log" || true)
        [ -z "$url" ] || break
        sleep 0.1
    done
    [ -n "$url" ] || fail "$1 does not start"
    grep -q '^schema.registry.url' "$directory/drivethru.properties" ||
        echo "schema.registry.url=$(grep '^schema registry' "$directory/$1.log" | grep -o 'http://[0-9.:]*')" \
            >>"$directory/drivethru.properties"
}
insert() { # FIRST LAST
    for n in $(seq "$1" "$2"); do echo "INSERT INTO CUPS (K, N) VALUES ('k$n', $n);"; done >"$directory/rows"
    python3 -c 'import json, sys; print(json.dumps({"ksql": open(sys.argv[1]).read()}))' "$directory/rows" |
        curl -sf -X POST -H 'Content-Type: application/json' -d @- "$url/ksql" >/dev/null || fail "cannot insert"
}
# Until rows 1 to LAST are one document each.
await_rows() { # LAST
    timeout 200 "$PYTHON" - "$1" <<'PYTHON' || fail "not all of $1 rows are there"
import os, sys, time
from pymongo import MongoClient
cups = MongoClient(os.environ["MONGODB_URI"]).mcd.cups
wanted = list(range(1, int(sys.argv[1]) + 1))
found = []
while found != wanted:
    found = sorted(one["N"] for one in cups.find())
    assert len(found) <= len(wanted), "more documents than rows"
    time.sleep(0.2)
PYTHON
}
# How many partitions' positions each owner has raised: a share that moved was taken over.
epochs() {
    "$PYTHON" -c 'import os
from pymongo import MongoClient
print(sum(one["epoch"] for one in MongoClient(os.environ["MONGODB_URI"]).mcd.drivethru_positions.find()))'
}
start one
insert 1 20
await_rows 20
before=$(epochs)
start two
for _ in $(seq 900); do
    [ "$(epochs)" = "$before" ] || break
    sleep 0.1
done
[ "$(epochs)" != "$before" ] || fail "the second process took no partition over"
insert 21 60
await_rows 60
kill -9 "${servers##* }"
url=$(grep -om1 '^http://[0-9.:]*' "$directory/one.log")
insert 61 100
await_rows 100
! grep -qE 'Sanitizer|runtime error' "$directory"/*.log || fail "$(grep -hE 'Sanitizer|runtime error' "$directory"/*.log)"
! grep -q "another process writes" "$directory"/*.log || fail "a sink stopped"
echo "two processes share a sink"
