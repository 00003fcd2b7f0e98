#!/usr/bin/env bash
# curl -- ksqlDB's documented curl commands, by HTTP/1.1, by HTTP/2's prior knowledge and by Upgrade.
set -eu
cd "$(dirname "$0")/../.."
[ -n "${URL:-}" ] || exec tests/clients/with_server "$0"

fail() { echo "$1"; exit 1; }
# expect PATTERN TEXT
expect() { grep -q -- "$1" <<<"$2" || fail "expected '$1' in: $2"; }
ask() { curl -sS -m 20 "$@"; }

for version in "" --http2-prior-knowledge --http2; do
    expect '"serverStatus":"RUNNING"' "$(ask $version "$URL/info")"
    expect '"isHealthy":true' "$(ask $version "$URL/healthcheck")"
    # https://docs.ksqldb.io: curl -X "POST" "http://localhost:8088/ksql" with its Accept and data
    expect '"@type":"streams"' "$(ask $version -X POST "$URL/ksql" \
        -H "Accept: application/vnd.ksql.v1+json" -d '{"ksql": "LIST STREAMS;", "streamsProperties": {}}')"
    answer=$(ask $version -X POST "$URL/query" -H "Accept: application/vnd.ksql.v1+json" \
        -d '{"ksql": "SELECT order_id FROM mcd_orders_stream EMIT CHANGES LIMIT 3;",
             "streamsProperties": {"ksql.streams.auto.offset.reset": "earliest"}}')
    [ "$(python3 -c 'import json, sys; print(len(json.load(sys.stdin)))' <<<"$answer")" = 5 ] ||
        fail "not a header, three rows and a last message: $answer"
    answer=$(ask $version -X POST "$URL/query-stream" \
        -d '{"sql": "SELECT order_id, order_total FROM mcd_orders_stream EMIT CHANGES LIMIT 3;",
             "properties": {"auto.offset.reset": "earliest"}}')
    [ "$(wc -l <<<"$answer")" = 4 ] || fail "not a header and three rows: $answer"
    expect '"columnTypes":\["STRING","DOUBLE"\]' "$answer"
    answer=$(ask $version -X POST "$URL/query-stream" -H 'Accept: application/json' \
        -d '{"sql": "SELECT orders FROM orders_placed WHERE scope = '"'all'"';"}')
    [ "$(python3 -c 'import json, sys; print(json.load(sys.stdin)[1][0] > 100)' <<<"$answer")" = True ] ||
        fail "no pull query's answer: $answer"
    [ "$(ask $version -o /dev/null -w '%{http_code} %{redirect_url}' "$URL/")" = "307 $URL/info" ] ||
        fail "/ does not lead to /info"
done

# The place and the word it may have been.
expect 'line 1:15: .*did you mean' "$(ask "$URL/query" -d '{"ksql":"SELECT * FROM mcd_orders_strem EMIT CHANGES;"}')"
expect '"error_code":40001' "$(ask "$URL/ksql" -d '{"ksql":"NONSENSE;"}')"
expect '"error_code":40002' "$(ask "$URL/ksql" -d '{"ksql":"SELECT * FROM orders_placed;"}')"
expect '"error_code":40004' "$(ask "$URL/inserts-stream" -d '{"target":"x"}')"
expect '"error_code":40000' "$(ask "$URL/ksql" -d 'not json')"
expect '"error_code":40400' "$(ask "$URL/nowhere")"
expect '"error_code":40600' "$(ask "$URL/query-stream" -H 'Accept: application/json' -d '{"sql":"PRINT mcd_orders LIMIT 1;"}')"
expect '^true$' "$(ask "$URL/is_valid_property/ksql.streams.auto.offset.reset")"
expect "did you mean 'auto.offset.reset'" "$(ask "$URL/is_valid_property/auto.offset.rest")"
expect 'rowtime: .*, value: ' "$(ask "$URL/query-stream" -d '{"sql":"PRINT mcd_orders FROM BEGINNING LIMIT 1;"}')"

# Statements, their status, variables; rows in by HTTP/2, out again.
expect '"commandId":"stream/NOTES/create"' "$(ask "$URL/ksql" -d '{"ksql":"CREATE STREAM ${name} (id INT KEY, note STRING) WITH (KAFKA_TOPIC='"'notes'"', VALUE_FORMAT='"'JSON'"', PARTITIONS=1);", "sessionVariables":{"name":"notes"}}')"
expect '"status":"SUCCESS"' "$(ask "$URL/status/stream/NOTES/create")"
answer=$(printf '%s\n' '{"target":"notes"}' '{"ID":1,"NOTE":"one"}' '{"id":2,"note":null}' |
    ask --http2-prior-knowledge "$URL/inserts-stream" --data-binary @-)
expect '{"status":"ok","seq":1}' "$answer"
answer=$(ask "$URL/query-stream" -d '{"sql":"SELECT * FROM notes EMIT CHANGES LIMIT 2;","properties":{"auto.offset.reset":"earliest"}}')
expect '\[1,"one"\]' "$answer"
expect '\[2,null\]' "$answer"
expect '"state":"running","restored":1,' "$(ask "$URL/api/pipeline")"
# Keys of KAFKA's format are shown as the catalog says, and the truth is readable.
expect 'key: 1, value: ' "$(ask "$URL/query-stream" -d '{"sql":"PRINT notes FROM BEGINNING LIMIT 1;"}')"
expect '"key":1,' "$(ask "$URL/api/topics/notes/messages")"
expect '"value":{"first":{"order_id":"O-' "$(ask "$URL/api/topics/mcd_truth/messages?partition=0&offset=0&limit=1")"

# A push query is ended by its id, and by its client's leaving.
curl -sSN -m 20 "$URL/query-stream" -d '{"sql":"SELECT * FROM notes EMIT CHANGES;"}' >"${TMPDIR:-/tmp}/push.$$" &
push=$!
for _ in $(seq 100); do
    id=$(grep -o 'transient_[0-9]*' "${TMPDIR:-/tmp}/push.$$" || true)
    [ -z "$id" ] || break
    sleep 0.1
done
rm -f "${TMPDIR:-/tmp}/push.$$"
expect "\"id\":\"$id\"" "$(ask "$URL/ksql" -d '{"ksql":"SHOW QUERIES;"}')"
[ "$(ask -o /dev/null -w '%{http_code}' "$URL/close-query" -d "{\"queryId\":\"$id\"}")" = 200 ] || fail "not closed"
wait "$push"
[ "$(ask -o /dev/null -w '%{http_code}' "$URL/close-query" -d "{\"queryId\":\"$id\"}")" = 400 ] || fail "closed twice"
curl -sS -m 1 "$URL/query-stream" -d '{"sql":"SELECT * FROM notes EMIT CHANGES;"}' >/dev/null 2>&1 || true
for _ in $(seq 100); do
    answer=$(ask "$URL/ksql" -d '{"ksql":"SHOW QUERIES;"}')
    grep -q transient <<<"$answer" || break
    sleep 0.1
done
! grep -q transient <<<"$answer" || fail "a push query outlives its client"
