#!/usr/bin/env bash
# kafka_service -- a service of several processes on a real Kafka: what is said to one, all run, under
# the same ids, whoever is asked at the same time; who comes later learns it.
set -eu
cd "$(dirname "$0")/../../.."
[ -n "${BOOTSTRAP:-}" ] || exec tests/services/kafka "$0"
program=${RELEASE_PROGRAM:-build/release/drivethru}
each=${EACH:-6}
data=$(mktemp -d)
pids=
trap 'for pid in $pids; do kill -KILL "$pid" 2>/dev/null || true; done; rm -rf "$data"' EXIT
mkdir "$data/pipeline"

fail() {
    echo "$1" >&2
    for log in "$data"/*.log; do
        echo "-- $log" >&2
        tail -n 20 "$log" >&2
    done
    exit 1
}
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
# name, its registry's port: 0 for any: one process has the registry, the others ask it.
start() {
    local port
    port=$(free_port)
    {
        echo "bootstrap.servers=$BOOTSTRAP"
        echo "transaction.timeout.ms=5000"
        [ "$2" != 0 ] || echo "schema.registry.url=http://127.0.0.1:$registry"
    } >"$data/$1.properties"
    DRIVETHRU_REGISTRY_LISTEN=127.0.0.1:$2 "$program" up --config "$data/$1.properties" --data "$data/$1" \
        --listen "127.0.0.1:$port" --pipeline "$data/pipeline" --no-generate --no-live --threads 1 \
        >"$data/$1.log" 2>&1 &
    printf -v "$1" 'http://127.0.0.1:%s' "$port"
    printf -v "pid_$1" '%s' $!
    pids="$pids $!"
    for _ in $(seq 300); do
        ! curl -sf "http://127.0.0.1:$port/info" >/dev/null || return 0
        sleep 0.1
    done
    fail "$1 does not start"
}
ksql() {
    curl -s --max-time 60 -X POST "$1/ksql" \
        -d "{\"ksql\":\"$2\",\"streamsProperties\":{\"auto.offset.reset\":\"earliest\"}}"
}
# url, statement, what its answer has
expect() {
    local answer
    answer=$(ksql "$1" "$2")
    [[ $answer == *"$3"* ]] || fail "'$2': not '$3', but $answer"
}
# The same of what another has been told, when it has come there.
await() {
    local answer
    for _ in $(seq 300); do
        answer=$(ksql "$1" "$2")
        [[ $answer != *"$3"* ]] || return 0
        sleep 0.1
    done
    fail "'$2': never '$3', but $answer"
}
catalog() {
    ksql "$1" 'SHOW STREAMS; SHOW TABLES; SHOW QUERIES; SHOW TYPES;' | grep -o '"\(name\|id\)":"[^"]*"' | sort
}

registry=$(free_port)
start a "$registry"
start b 0

expect "$a" "CREATE STREAM s (k STRING KEY, v INT) WITH (kafka_topic='s', value_format='JSON', partitions=2);" SUCCESS
await "$b" 'SHOW STREAMS;' '"name":"S"'
expect "$b" "CREATE STREAM s (k STRING KEY, v INT) WITH (kafka_topic='s', value_format='JSON', partitions=2);" 'exists already'
expect "$b" 'CREATE STREAM t AS SELECT * FROM s;' '"queryId":"CSAS_T_'
await "$a" 'SHOW QUERIES;' "$(ksql "$b" 'SHOW QUERIES;' | grep -o '"id":"CSAS_T_[0-9]*"')"

await "$a" 'SHOW QUERIES;' '"statusCount":{"RUNNING":2}'

# All at the same time: names of each, and names that all want.
many() {
    for i in $(seq "$each"); do
        ksql "$1" "CREATE STREAM $2_$i (k STRING KEY) WITH (kafka_topic='s', value_format='JSON');" >>"$data/own.$2"
        ksql "$1" "CREATE STREAM common_$i (k STRING KEY) WITH (kafka_topic='s', value_format='JSON');" >>"$data/common.$2"
        ksql "$1" "CREATE STREAM ${2}_q_$i AS SELECT * FROM s;" >>"$data/own.$2"
    done
}
many "$a" x &
first=$!
many "$b" y &
wait "$first" $!
for name in x y; do
    [ "$(grep -o '"status":"SUCCESS"' "$data/own.$name" | wc -l)" = $((2 * each)) ] || fail "lost: $(cat "$data/own.$name")"
done
[ "$(cat "$data"/common.* | grep -o '"status":"SUCCESS"' | wc -l)" = "$each" ] || fail "not once: $(cat "$data"/common.*)"
[ "$(cat "$data"/common.* | grep -o 'exists already' | wc -l)" = "$each" ] || fail "not refused: $(cat "$data"/common.*)"

# A table's rows are the same wherever they are asked, whoever keeps their partition.
query() {
    curl -s --max-time 30 -w '\n%{http_code}\n' -X POST "$1/query-stream" -d "{\"sql\":\"$2\"}"
}
# url, keys: all answers of the table, by key and whole, without headers; or why there are none.
table() {
    local key answer
    for key in $(seq 20); do
        answer=$(query "$1" "SELECT id, n FROM c WHERE id = 'id$key';")
        [ "$(tail -n 1 <<<"$answer")" = 200 ] || { echo "refused: $answer"; return; }
        sed '1d;$d;/^$/d' <<<"$answer"
    done
    answer=$(query "$1" 'SELECT id, n FROM c;')
    [ "$(tail -n 1 <<<"$answer")" = 200 ] || { echo "refused: $answer"; return; }
    sed '1d;$d;/^$/d' <<<"$answer" | sort
}
expect "$a" "CREATE STREAM p (k STRING KEY, id STRING) WITH (kafka_topic='p', value_format='JSON', partitions=4);" SUCCESS
expect "$b" 'CREATE TABLE c AS SELECT id, COUNT(*) AS n FROM p GROUP BY id;' SUCCESS
await "$a" 'SHOW QUERIES;' '"statusCount":{"RUNNING":2},"queryType":"PERSISTENT","state":"RUNNING"}'
for key in $(seq 20); do
    ksql "$a" "INSERT INTO p (k, id) VALUES ('$key', 'id$key');" >/dev/null
done
for key in $(seq 20); do
    echo "[\"id$key\",1]"
done >"$data/wanted"
sort "$data/wanted" >"$data/sorted"
cat "$data/sorted" >>"$data/wanted"
await_table() {
    local found
    for _ in $(seq 300); do
        found=$(table "$1")
        [ "$found" != "$(cat "$data/wanted")" ] || return 0
        # What cannot be answered is refused in words, and never in part.
        [[ $found != *refused* ]] || [[ $found == *partition*503* ]] || fail "refused otherwise: $found"
        sleep 0.2
    done
    fail "never all rows: $found"
}
await_table "$a"
await_table "$b"

start c 0
expected=$((4 + 5 * each))
[ "$(catalog "$c" | grep -c '"name"')" = "$expected" ] || fail "the third knows $(catalog "$c")"
[ "$(catalog "$c" | grep -c '"id"')" = $((2 + 2 * each)) ] || fail "the third runs $(catalog "$c")"
same() {
    for _ in $(seq 300); do
        [ "$(catalog "$a")" != "$(catalog "$c")" ] || [ "$(catalog "$b")" != "$(catalog "$c")" ] || return 0
        sleep 0.1
    done
    fail "not the same: $(catalog "$a"), $(catalog "$b"), $(catalog "$c")"
}
same
# One is killed: the others refuse what was his until they have it, and then answer for all of it.
kill -KILL "$pid_b"
await_table "$a"
await_table "$c"
start b 0
expect "$c" 'TERMINATE ALL;' SUCCESS
await "$a" 'SHOW QUERIES;' '"queries":[]'
await "$b" 'SHOW QUERIES;' '"queries":[]'
same

# Headless: all run the same files, and nobody mixes the two.
headless() {
    DRIVETHRU_KSQL_SERVICE_ID=$1 timeout 60 "$program" run "$3" --config "$data/b.properties" --data "$data/$2" --threads 1 \
        >"$data/$2.log" 2>&1
}
echo "CREATE STREAM s (k STRING KEY, v INT) WITH (kafka_topic='s', value_format='JSON'); CREATE STREAM one AS SELECT * FROM s;" >"$data/one.sql"
echo "CREATE STREAM s (k STRING KEY, v INT) WITH (kafka_topic='s', value_format='JSON'); CREATE STREAM two AS SELECT * FROM s;" >"$data/two.sql"
! headless drivethru_ h0 "$data/one.sql" || fail "files beside statements"
grep -q "is interactive" "$data/h0.log" || fail "not refused in words"
: >"$data/h1.log"
DRIVETHRU_KSQL_SERVICE_ID=files_ "$program" run "$data/one.sql" --config "$data/b.properties" --data "$data/h1" --threads 1 \
    >"$data/h1.log" 2>&1 &
pids="$pids $!"
for _ in $(seq 300); do
    ! grep -q "running; Ctrl-C" "$data/h1.log" || break
    sleep 0.1
done
! headless files_ h2 "$data/two.sql" || fail "other files"
grep -q "runs other files" "$data/h2.log" || fail "other files are not refused in words"
code=0
DRIVETHRU_KSQL_SERVICE_ID=files_ timeout 60 "$program" up --config "$data/b.properties" --data "$data/h3" --listen 127.0.0.1:0 \
    --pipeline "$data/pipeline" --no-generate --no-live --until-idle >"$data/h3.log" 2>&1 || code=$?
[ "$code" != 0 ] && grep -q "runs files" "$data/h3.log" || fail "statements beside files: $code"
