#!/usr/bin/env bash
# mongodb_refused -- documents that MongoDB refuses, for an index of the user's that wants other values, become dead
# letters, in bulks that are ordered and that are not; none of their neighbours does.
set -eu
cd "$(dirname "$0")/../../.."
: "${PROGRAM:=$PWD/build/debug/drivethru}"
export PROGRAM
. tests/services/mongo_common
if [ -z "${MONGODB_URI:-}" ]; then
    # A client of today no longer speaks to that server.
    PYTHON=$(python_with pymongo==4.8.0) exec tests/services/mongo_java "$0"
fi
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
fail() { echo "$*"; exit 1; }

mkdir "$directory/pipeline"
echo "CREATE STREAM CUPS (K STRING KEY, N INT) WITH (KAFKA_TOPIC='cups', VALUE_FORMAT='JSON', PARTITIONS=1);" \
    >"$directory/pipeline/cups.sql"
for kind in true false; do
    printf '%s\n' connector.class=com.mongodb.kafka.connect.MongoSinkConnector "name=ordered-$kind" topics=cups \
        database=mcd "collection=ordered_$kind" "bulk.write.ordered=$kind" >"$directory/pipeline/$kind.properties"
done
# Every seventh is the second of its number.
{
    cat "$directory/pipeline/cups.sql"
    for n in $(seq 70); do
        echo "INSERT INTO CUPS (ROWTIME, K, N) VALUES (176985360$((1000 + n)), 'k$n', $((n % 7 ? n : n - 1)));"
    done
} >"$directory/fill.sql"
"$PROGRAM" run "$directory/fill.sql" --data "$directory/data" >"$directory/out" 2>&1 || fail "$(cat "$directory/out")"
"$PYTHON" - <<'PYTHON'
import os
from pymongo import MongoClient
for kind in ("true", "false"):
    MongoClient(os.environ["MONGODB_URI"]).mcd["ordered_" + kind].create_index("N", unique=True)
PYTHON
echo "connection.uri=$MONGODB_URI" >"$directory/drivethru.properties"
timeout 200 "$PROGRAM" up --data "$directory/data" --pipeline "$directory/pipeline" --listen 127.0.0.1:0 --no-generate \
    --config "$directory/drivethru.properties" --until-idle >"$directory/out" 2>&1 || fail "$(cat "$directory/out")"
! grep -qE 'Sanitizer|runtime error' "$directory/out" || fail "$(cat "$directory/out")"
"$PYTHON" - <<'PYTHON'
import os
from pymongo import MongoClient
wanted = sorted("k%d" % n for n in range(1, 71) if n % 7)
for kind in ("true", "false"):
    found = sorted(one["K"] for one in MongoClient(os.environ["MONGODB_URI"]).mcd["ordered_" + kind].find())
    assert found == wanted, (kind, found)
PYTHON
for kind in true false; do
    "$PROGRAM" dlq show "ordered-$kind-dlq" --data "$directory/data" >"$directory/letters"
    [ "$(grep -c 'duplicate key' "$directory/letters")" = 10 ] || fail "ordered $kind: $(cat "$directory/letters")"
    [ "$(wc -l <"$directory/letters")" = 10 ] || fail "ordered $kind: $(cat "$directory/letters")"
done
echo "only what was refused is missing"
