#!/usr/bin/env bash
# connectors -- sinks are defined by files, by SQL and by Kafka Connect's REST; they are kept without the files, paused
# over a restart, and their secrets are told to nobody.
set -eu
cd "$(dirname "$0")/../.."
: "${PROGRAM:=$PWD/build/debug/drivethru}"
directory=$(mktemp -d)
server=
stop_all() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$directory"
}
trap stop_all EXIT
fail() { echo "$*"; exit 1; }

up() { # FLAG...
    : >"$directory/err"
    "$PROGRAM" up --data "$directory/data" --pipeline "$directory/pipeline" --listen 127.0.0.1:0 \
        --connect-listen 127.0.0.1:0 --seed 5 --start 2026-01-31T10:00:00 --quiet "$@" >"$directory/out" 2>"$directory/err" &
    server=$!
    for _ in $(seq 600); do
        url=$(grep -om1 '^http://[0-9.:]*' "$directory/err" || true)
        connect=$(sed -n 's/^connect \(http:[^ ]*[^/]\).*/\1/p' "$directory/err")
        [ -z "$url" ] || [ -z "$connect" ] || return 0
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    fail "it does not serve: $(cat "$directory/err")"
}
down() {
    kill "$server"
    wait "$server" || fail "$(cat "$directory/err")"
    server=
    ! grep -qE 'Sanitizer|runtime error' "$directory/err" || fail "$(cat "$directory/err")"
}
sql() { "$PROGRAM" sql --server "$url" --execute "$1" 2>&1; }
sink() { "$PROGRAM" sink "$@" --server "$url" 2>&1; }
wait_for() { # PATTERN COMMAND...: until the command says it
    local pattern=$1 said=
    shift
    for _ in $(seq 600); do
        said=$("$@" || true)
        ! grep -q "$pattern" <<<"$said" || return 0
        sleep 0.1
    done
    fail "no '$pattern' in what '$*' says: $said"
}

cp -r pipeline "$directory/pipeline"
cat >"$directory/pipeline/paid.json" <<'JSON'
{"name":"paid","config":{"connector.class":"MongoSinkConnector","topics":"ORDERS_PAID_PER_MINUTE","database":"mcd",
    "collection":"per_minute","tasks.max":1}}
JSON
up --history 2m --no-live
wait_for 'mcd-documents *RUNNING' sink list
wait_for 'paid *RUNNING' sink list

# By SQL.
sql "CREATE SINK CONNECTOR \`sql-made\` WITH ('connector.class'='MongoSinkConnector', 'topics'='MCD_ORDERS_PAYMENTS_JOINED',
    'database'='mcd', 'collection'='sql_made');" | grep -q 'connector sql-made created' || fail "not created"
wait_for 'sql_made\|"_id"' curl -sf "$url/api/documents/sql_made?limit=1"
sql "CREATE SINK CONNECTOR \`sql-made\` WITH ('topics'='x');" | grep -q 'exists already' || fail "made twice"
sql "CREATE SINK CONNECTOR IF NOT EXISTS \`sql-made\` WITH ('topics'='x');" >/dev/null
sql "CREATE SINK CONNECTOR wrong WITH ('topic'='x');" | grep -q "did you mean 'topics'" || fail "a wrong property was taken"
sql 'SHOW CONNECTORS;' | grep -q 'sql-made.*sink.*MongoSinkConnector.*RUNNING' || fail "$(sql 'SHOW CONNECTORS;')"
sql 'DESCRIBE CONNECTOR `sql-made`;' | grep -q 'MCD_ORDERS_PAYMENTS_JOINED' || fail "$(sql 'DESCRIBE CONNECTOR `sql-made`;')"
curl -sf "$url/ksql" -H 'content-type: application/json' -d '{"ksql":"SHOW CONNECTORS;"}' |
    grep -q '"@type":"connector_list".*"className":"MongoSinkConnector","state":"RUNNING"' || fail "connector_list"
curl -sf "$url/ksql" -H 'content-type: application/json' -d '{"ksql":"DESCRIBE CONNECTOR `sql-made`;"}' |
    grep -q '"@type":"connector_description".*"topics":\["MCD_ORDERS_PAYMENTS_JOINED"\]' || fail "connector_description"

# By Connect's REST, on its own port; a password comes from a file, another stands in the configuration.
echo 'password=CANARY-file' >"$directory/secrets"
curl -sf "$connect/" | grep -q '"version"' || fail "no root"
curl -sf "$connect/connector-plugins" | grep -q MongoSinkConnector || fail "no plugins"
status=$(curl -s -o "$directory/made" -w '%{http_code}' "$connect/connectors" -H 'content-type: application/json' -d '{
    "name":"rest","config":{"connector.class":"com.mongodb.kafka.connect.MongoSinkConnector","tasks.max":"1",
    "topics":"ORDERS_PAID","database":"mcd","connection.uri":"mongodb://cook:${file:'"$directory"'/secrets:password}@127.0.0.1:1/"}}')
[ "$status" = 201 ] || fail "$status $(cat "$directory/made")"
curl -s "$connect/connectors" -H 'content-type: application/json' -d '{"name":"rest","config":{"topics":"x"}}' |
    grep -q '"error_code":409' || fail "not refused"
curl -s "$connect/connectors" -H 'content-type: application/json' -d '{"name":"bad","config":{"topics":"x","max.batch.sise":"1"}}' |
    grep -q "\"error_code\":400.*did you mean 'max.batch.size'" || fail "a wrong property was taken"
wait_for '"state":"RUNNING".*"trace":"MongoDB at 127.0.0.1:1: cannot' curl -sf "$connect/connectors/rest/status"
curl -s "$connect/connectors/nobody/status" | grep -q '"error_code":404' || fail "somebody"
curl -sf "$connect/connectors?expand=status&expand=info" | grep -q '"rest":{"status":{.*"info":{' || fail "expand"
curl -sf "$connect/connectors/sql-made/offsets" | grep -q '"kafka_topic":"MCD_ORDERS_PAYMENTS_JOINED","kafka_partition":0},"offset":{"kafka_offset":[1-9]' ||
    fail "offsets: $(curl -s "$connect/connectors/sql-made/offsets")"
[ "$(curl -s -o /dev/null -w '%{http_code}' -X PUT "$connect/connectors/paid/config" -H 'content-type: application/json' \
    -d '{"connector.class":"MongoSinkConnector","topics":"ORDERS_PAID_PER_MINUTE","database":"mcd","collection":"per_minute","tasks.max":1}')" = 200 ] ||
    fail "put config"
[ "$(curl -s -o /dev/null -w '%{http_code}' -X POST "$connect/connectors/sql-made/restart")" = 204 ] || fail "restart"
[ "$(curl -s -o /dev/null -w '%{http_code}' -X DELETE "$connect/connectors/rest")" = 204 ] || fail "delete"
! curl -sf "$connect/connectors/rest" >/dev/null || fail "it is still there"

# Paused, over a restart without the files.
sink pause sql-made | grep -q pause || fail "not paused"
wait_for 'sql-made *PAUSED' sink status sql-made
sink status nobody >/dev/null && fail "status of nobody"
down
grep -qa 'CANARY' "$directory/out" "$directory/err" "$directory/made" && fail "a secret was told"
! grep -rqa 'CANARY' "$directory/data" || fail "a secret is kept"
rm "$directory/pipeline/sink.properties" "$directory/pipeline/paid.json"
up --no-generate
wait_for 'mcd-documents *RUNNING' sink list
wait_for 'paid *RUNNING' sink list
wait_for 'sql-made *PAUSED' sink list
sink list | grep -q '^rest' && fail "what was deleted is back"
sink resume sql-made >/dev/null
wait_for 'sql-made *RUNNING' sink status sql-made
wait_for '0 *[1-9]' sink offsets sql-made
sql 'DROP CONNECTOR `sql-made`;' >/dev/null
sql 'DROP CONNECTOR IF EXISTS `sql-made`;' >/dev/null
sql 'DROP CONNECTOR `sql-made`;' | grep -q "no connector 'sql-made'" || fail "dropped twice"
down
"$PROGRAM" verify --data "$directory/data" >"$directory/verify" || fail "$(cat "$directory/verify")"
grep -q '^orders_payments ' "$directory/verify" || fail "no documents: $(cat "$directory/verify")"
