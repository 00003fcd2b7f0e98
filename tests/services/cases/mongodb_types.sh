#!/usr/bin/env bash
# mongodb_types -- the documents in MongoDB are those in SQLite, and their types are those MongoDB's own
# connector makes from Avro, as MongoDB's own Python client sees them.
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
server=
stop() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$directory"
}
trap stop EXIT
fail() { echo "$*"; exit 1; }

mkdir "$directory/pipeline"
cat >"$directory/pipeline/types.sql" <<'SQL'
CREATE STREAM EVERY_TYPE (K STRING KEY, B BOOLEAN, I INT, L BIGINT, D DOUBLE, M DECIMAL(38,2), S STRING,
    Y BYTES, AT TIMESTAMP, DAY DATE, HOUR TIME, A ARRAY<BIGINT>, AA ARRAY<ARRAY<INT>>, MAPPED MAP<STRING, DECIMAL(6,3)>,
    ST STRUCT<X INT, INNER_ STRUCT<TEXTS ARRAY<STRING>>>, N STRING)
    WITH (KAFKA_TOPIC='every_type', VALUE_FORMAT='AVRO', KEY_FORMAT='AVRO', PARTITIONS=2);
CREATE TABLE BY_KEY (K STRING PRIMARY KEY, L BIGINT, M DECIMAL(10,2))
    WITH (KAFKA_TOPIC='by_key', VALUE_FORMAT='JSON', KEY_FORMAT='KAFKA', PARTITIONS=1);
SQL
{
    cat "$directory/pipeline/types.sql"
    cat <<'SQL'
INSERT INTO EVERY_TYPE (ROWTIME, K, B, I, L, D, M, S, Y, AT, DAY, HOUR, A, AA, MAPPED, ST) VALUES (1769853600123, 'one', true,
    -7, 5, 0.1, 12.30, 'ä "quoted"', TO_BYTES('00ff', 'hex'), '2026-01-31T10:00:00.536', '1969-07-20', '23:59:59',
    ARRAY[1, 5000000000], ARRAY[ARRAY[1], ARRAY[2, 3]], MAP('a':=1.500, 'b':=-0.001),
    STRUCT(X:=4, INNER_:=STRUCT(TEXTS:=ARRAY['p', 'q'])));
INSERT INTO EVERY_TYPE (ROWTIME, K, I, L, D, M, S, AT) VALUES (1769853601000, 'two', 2147483647, 9223372036854775807, 1.0E300,
    -0.01, '', '1960-01-01T00:00:00');
INSERT INTO EVERY_TYPE (ROWTIME, K) VALUES (1769853602000, 'nulls');
INSERT INTO EVERY_TYPE (ROWTIME, K, M) VALUES (1769853603000, 'most', 12345678901234567890123456789012.34);
INSERT INTO BY_KEY (ROWTIME, K, L, M) VALUES (1769853600000, 'k', 1, 1.00);
INSERT INTO BY_KEY (ROWTIME, K, L, M) VALUES (1769853600000, 'l', 2, 2.00);
INSERT INTO BY_KEY (ROWTIME, K, L, M) VALUES (1769853601000, 'k', 3, 3.50);
SQL
} >"$directory/fill.sql"
cat >"$directory/pipeline/sink.properties" <<'PROPERTIES'
name=typed
topics=every_type,by_key
database=mcd
topic.override.every_type.collection=every_type
topic.override.by_key.collection=by_key
PROPERTIES

# documents COLLECTION COUNT: as the API tells them, when there are so many.
documents() {
    local got=
    for _ in $(seq 300); do
        got=$(curl -sf "$url/api/documents/$1?limit=100" |
            python3 -c 'import json, sys
for document in json.load(sys.stdin)["documents"]: print(json.dumps(document))' || true)
        [ "$(printf '%s' "$got" | grep -c .)" != "$2" ] || break
        sleep 0.2
    done
    printf '%s\n' "$got" | sort
}

run() { # NAME: with that target's configuration
    "$PROGRAM" run "$directory/fill.sql" --data "$directory/$1" >"$directory/fill.log" 2>&1 ||
        { cat "$directory/fill.log"; exit 1; }
    "$PROGRAM" up --data "$directory/$1" --pipeline "$directory/pipeline" --config "$directory/$1.properties" \
        --no-generate --listen 127.0.0.1:0 --quiet 2>"$directory/$1.err" &
    server=$!
    url=
    for _ in $(seq 300); do
        url=$(grep -om1 '^http://[0-9.:]*' "$directory/$1.err" || true)
        [ -z "$url" ] || break
        sleep 0.1
    done
    [ -n "$url" ] || fail "$(cat "$directory/$1.err")"
    { documents every_type 4; documents by_key 2; } >"$directory/$1.documents"
    kill "$server"
    wait "$server" || fail "$(cat "$directory/$1.err")"
    server=
    ! grep -qE 'Sanitizer|runtime error' "$directory/$1.err" || fail "$(cat "$directory/$1.err")"
}

: >"$directory/sqlite.properties"
echo "connection.uri=$MONGODB_URI" >"$directory/mongodb.properties"
run sqlite
run mongodb
[ "$(wc -l <"$directory/sqlite.documents")" = 6 ] || fail "$(cat "$directory/sqlite.documents")"
diff "$directory/sqlite.documents" "$directory/mongodb.documents" || fail "the documents differ"

"$PYTHON" - <<'PYTHON'
import datetime, os
from bson import Decimal128, Int64, ObjectId
from pymongo import MongoClient

database = MongoClient(os.environ["MONGODB_URI"]).mcd
# Python's int hides which of the two a number is: Int64 is kept for one, int for the other.
found = {document["K"]: document for document in database.every_type.find()}
assert len(found) == 4, found
one = found["one"]
assert type(one["_id"]) is ObjectId
assert type(one["I"]) is int and one["I"] == -7
assert type(one["L"]) is Int64 and one["L"] == 5
assert type(one["D"]) is float and one["D"] == 0.1
assert one["M"] == Decimal128("12.30") and str(one["M"]) == "12.30"
assert one["Y"] == b"\x00\xff"
assert one["AT"] == datetime.datetime(2026, 1, 31, 10, 0, 0, 536000)
assert one["DAY"] == datetime.datetime(1969, 7, 20)
assert one["HOUR"] == datetime.datetime(1970, 1, 1, 23, 59, 59)
assert one["A"] == [1, 5000000000] and type(one["A"][0]) is Int64
assert one["AA"] == [[1], [2, 3]] and type(one["AA"][1][0]) is int
assert one["MAPPED"] == {"a": Decimal128("1.500"), "b": Decimal128("-0.001")}
assert one["ST"] == {"X": 4, "INNER_": {"TEXTS": ["p", "q"]}}
assert one["S"] == 'ä "quoted"' and one["B"] is True and one["N"] is None
assert list(one)[:3] == ["_id", "K", "B"], list(one)
assert found["two"]["L"] == 9223372036854775807 and found["two"]["M"] == Decimal128("-0.01")
assert all(value is None for name, value in found["nulls"].items() if name not in ("_id", "K"))
assert found["most"]["M"] == Decimal128("12345678901234567890123456789012.34")
# A table's document is found by its key, and is the last one.
assert database.by_key.count_documents({}) == 2
k = database.by_key.find_one({"_id": "k"})
assert k["L"] == 3 and k["M"] == Decimal128("3.50"), k
print("types as they should be")
PYTHON
