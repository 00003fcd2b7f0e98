#!/usr/bin/env bash
# mongodb_connector -- MongoDB's own connector and ours on the same topics of one Kafka, into the same server: their
# documents differ where tests/services/connector_differences.txt says, and docs/sink.md says why.
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
[ -n "${CONNECT_URL:-}" ] || exec tests/services/connect "$0"
directory=$(mktemp -d)
server=
stop() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$directory"
}
trap stop EXIT
fail() { echo "$*"; exit 1; }

mkdir "$directory/pipeline"
cat >"$directory/pipeline/topics.sql" <<'SQL'
CREATE STREAM AVRO_ROWS (K STRING KEY, B BOOLEAN, I INT, L BIGINT, D DOUBLE, M DECIMAL(38,2), S STRING, Y BYTES,
    AT TIMESTAMP, DAY DATE, HOUR TIME, A ARRAY<BIGINT>, AA ARRAY<ARRAY<INT>>, MAPPED MAP<STRING, DECIMAL(6,3)>,
    ST STRUCT<X INT, INNER_ STRUCT<TEXTS ARRAY<STRING>>>, N STRING)
    WITH (KAFKA_TOPIC='avro_rows', VALUE_FORMAT='AVRO', KEY_FORMAT='KAFKA', PARTITIONS=1);
CREATE STREAM JSON_ROWS (K STRUCT<ID INT> KEY, I INT, L BIGINT, D DOUBLE, S STRING, A ARRAY<INT>, N STRING)
    WITH (KAFKA_TOPIC='json_rows', VALUE_FORMAT='JSON', KEY_FORMAT='JSON', PARTITIONS=1);
SQL
registry_port=$(free_port)
cat >"$directory/drivethru.properties" <<PROPERTIES
bootstrap.servers=$BOOTSTRAP
connection.uri=$MONGODB_URI
PROPERTIES
# NAME TOPICS PROPERTY=VALUE...: one connector of ours and one of theirs with the same properties, but that ours leaves
# out the key's columns, which theirs never writes.
connectors() {
    local avro="value.converter=AvroConverter value.converter.schema.registry.url=http://127.0.0.1:$registry_port"
    local json="value.converter=org.apache.kafka.connect.json.JsonConverter value.converter.schemas.enable=false"
    while read -r name topics properties; do
        [ -n "$name" ] || continue
        case $topics in avro_rows) converter=$avro ;; *) converter=$json ;; esac
        {
            echo "name=our_$name" # else both would be one group
            printf '%s\n' "topics=$topics" database=ours "collection=$name" document.key.columns=false $properties
        } >"$directory/pipeline/$name.properties"
        sed -i '1i connector.class=com.mongodb.kafka.connect.MongoSinkConnector' "$directory/pipeline/$name.properties"
        python3 - "$name" "topics=$topics" "database=theirs" "collection=$name" "connection.uri=$MONGODB_URI" \
            connector.class=com.mongodb.kafka.connect.MongoSinkConnector errors.tolerance=all \
            key.converter=org.apache.kafka.connect.storage.StringConverter $converter $properties \
            >"$directory/$name.json" <<'PYTHON'
import json, sys
print(json.dumps({"name": sys.argv[1], "config": dict(one.split("=", 1) for one in sys.argv[2:])}))
PYTHON
        curl -sf -X POST -H 'Content-Type: application/json' -d "@$directory/$name.json" "$CONNECT_URL/connectors" \
            >/dev/null || fail "theirs does not take $name"
    done
}
"$PROGRAM" up --data "$directory/data" --pipeline "$directory/pipeline" --config "$directory/drivethru.properties" \
    --no-generate --quiet --listen 127.0.0.1:0 --registry-listen "127.0.0.1:$registry_port" >"$directory/first" 2>&1 &
server=$!
url_of() { # FILE
    local url=
    for _ in $(seq 900); do
        url=$(grep -om1 'http://[0-9.:]*' "$1" || true)
        [ -z "$url" ] || break
        kill -0 "$server" 2>/dev/null || fail "$(cat "$1")"
        sleep 0.1
    done
    [ -n "$url" ] || fail "$(cat "$1")"
    echo "$url"
}
url=$(url_of "$directory/first")
python3 - >"$directory/insert.json" <<'PYTHON'
import json
print(json.dumps({"ksql": """
INSERT INTO AVRO_ROWS (ROWTIME, K, B, I, L, D, M, S, Y, AT, DAY, HOUR, A, AA, MAPPED, ST) VALUES (1769853600123, 'one',
    true, -7, 5, 0.1, 12.30, 'ä "quoted"', TO_BYTES('00ff', 'hex'), '2026-01-31T10:00:00.536', '1969-07-20', '23:59:59',
    ARRAY[1, 5000000000], ARRAY[ARRAY[1], ARRAY[2, 3]], MAP('a':=1.500, 'b':=-0.001),
    STRUCT(X:=4, INNER_:=STRUCT(TEXTS:=ARRAY['p', 'q'])));
INSERT INTO AVRO_ROWS (ROWTIME, K, I, L, D, M, S, AT) VALUES (1769853601000, 'two', 2147483647, 9223372036854775807,
    1.0E300, -0.01, '', '1960-01-01T00:00:00');
INSERT INTO AVRO_ROWS (ROWTIME, K, S) VALUES (1769853602000, 'three', 'nulls');
INSERT INTO AVRO_ROWS (ROWTIME, K, S, M) VALUES (1769853603000, 'four', 'most', 12345678901234567890123456789012.34);
INSERT INTO AVRO_ROWS (ROWTIME, K, I, S) VALUES (1769853604000, 'five', 8, 'most');
INSERT INTO JSON_ROWS (ROWTIME, K, I, L, D, S, A) VALUES (1769853600123, STRUCT(ID:=1), -7, 5, 0.5, 'ä', ARRAY[1, 2]);
INSERT INTO JSON_ROWS (ROWTIME, K, I, L, D, S) VALUES (1769853601000, STRUCT(ID:=2), 2147483647, 9223372036854775807, 1.0,
    '');
INSERT INTO JSON_ROWS (ROWTIME, K, S) VALUES (1769853602000, STRUCT(ID:=3), 'gone');
INSERT INTO JSON_ROWS (ROWTIME, K, I, S) VALUES (1769853603000, STRUCT(ID:=1), 9, 'again');
"""}))
PYTHON
curl -sf -X POST -H 'Content-Type: application/json' -d "@$directory/insert.json" "$url/ksql" >"$directory/answer" ||
    fail "$(cat "$directory/answer" "$directory/first")"
printf '{"ID":3}|\n' | kcat -b "$BOOTSTRAP" -P -t json_rows -p 0 -K '|' -Z
connectors <<LIST
avro_oid avro_rows
avro_place avro_rows document.id.strategy=com.mongodb.kafka.connect.sink.processor.id.strategy.KafkaMetaDataStrategy
avro_part avro_rows document.id.strategy=com.mongodb.kafka.connect.sink.processor.id.strategy.PartialValueStrategy document.id.strategy.partial.value.projection.type=AllowList document.id.strategy.partial.value.projection.list=S
avro_business avro_rows document.id.strategy=com.mongodb.kafka.connect.sink.processor.id.strategy.PartialValueStrategy document.id.strategy.partial.value.projection.type=AllowList document.id.strategy.partial.value.projection.list=S writemodel.strategy=com.mongodb.kafka.connect.sink.writemodel.strategy.ReplaceOneBusinessKeyStrategy
avro_insert avro_rows document.id.strategy=com.mongodb.kafka.connect.sink.processor.id.strategy.KafkaMetaDataStrategy writemodel.strategy=com.mongodb.kafka.connect.sink.writemodel.strategy.InsertOneDefaultStrategy
avro_block avro_rows document.id.strategy=com.mongodb.kafka.connect.sink.processor.id.strategy.KafkaMetaDataStrategy post.processor.chain=com.mongodb.kafka.connect.sink.processor.DocumentIdAdder,com.mongodb.kafka.connect.sink.processor.BlockListValueProjector value.projection.type=BlockList value.projection.list=Y,N
json_key json_rows document.id.strategy=com.mongodb.kafka.connect.sink.processor.id.strategy.FullKeyStrategy delete.on.null.values=true
json_update json_rows document.id.strategy=com.mongodb.kafka.connect.sink.processor.id.strategy.FullKeyStrategy writemodel.strategy=com.mongodb.kafka.connect.sink.writemodel.strategy.UpdateOneDefaultStrategy
json_times json_rows document.id.strategy=com.mongodb.kafka.connect.sink.processor.id.strategy.FullKeyStrategy writemodel.strategy=com.mongodb.kafka.connect.sink.writemodel.strategy.UpdateOneTimestampsStrategy
json_uuid json_rows document.id.strategy=com.mongodb.kafka.connect.sink.processor.id.strategy.UuidStrategy
LIST
# What a chain of processors says follows from the properties here, and naming it is refused.
sed -i '/^post.processor.chain/d' "$directory/pipeline/avro_block.properties"
kill "$server"
wait "$server" || fail "$(cat "$directory/first")"
"$PROGRAM" up --data "$directory/data" --pipeline "$directory/pipeline" --config "$directory/drivethru.properties" \
    --no-generate --quiet --listen 127.0.0.1:0 --registry-listen "127.0.0.1:$registry_port" >"$directory/out" 2>&1 &
server=$!
url=$(url_of "$directory/out")
timeout 300 "$PYTHON" tests/services/compare_connectors.py >"$directory/differences" ||
    { cat "$directory/differences"; tail -n 20 "$directory/out"; curl -s "$CONNECT_URL/connectors?expand=status"; exit 1; }
diff tests/services/connector_differences.txt "$directory/differences"
# What controls a connector does it on Kafka, too.
sink() { timeout 60 "$PROGRAM" sink "$@" --server "$url" 2>&1; }
await_state() { # STATE
    for _ in $(seq 300); do
        ! sink status our_json_key | grep -q "$1" || return 0
        sleep 0.1
    done
    fail "no $1: $(sink status our_json_key)"
}
[ "$(sink list | grep -c 'our_')" = 10 ] || fail "$(sink list)"
offsets=$(sink offsets our_json_key)
echo "$offsets" | grep -q 'json_rows  *0  *[1-9]' || fail "$offsets"
sink pause our_json_key >/dev/null
await_state PAUSED
sink resume our_json_key >/dev/null
await_state RUNNING
sink restart our_json_key >/dev/null
await_state RUNNING
[ "$(sink offsets our_json_key)" = "$offsets" ] || fail "$(sink offsets our_json_key)"
! grep -qE 'Sanitizer|runtime error' "$directory/out" || fail "$(cat "$directory/out")"
echo "documents differ where they should"
