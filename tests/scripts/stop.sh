#!/usr/bin/env bash
# stop -- Ctrl-C leaves every place equal to the truth; a kill leaves what was not read yet pending, not
# lost, and so does a look while the pipeline runs.
set -eu
cd "$(dirname "$0")/../.."
export DRIVETHRU_LISTEN=127.0.0.1:0 DRIVETHRU_REGISTRY_LISTEN=127.0.0.1:0
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT
up() { exec "$PROGRAM" up --data "$data/data" --pipeline pipeline --seed 5 --rate 40 --history 5m "$@"; }
verify() { "$PROGRAM" verify --data "$data/data" >"$data/verify"; }
die() { echo "$1"; cat "$data/verify" "$data/err" 2>/dev/null; exit 1; }

started() { # PID: waits for the first line of status
    for _ in $(seq 300); do
        grep -q '^orders [1-9]' "$data/out" && return 0
        kill -0 "$1" 2>/dev/null || die "up ended by itself"
        sleep 0.1
    done
    die "no status line"
}

# Killed in its first moments: whatever is missing had not been read.
(up) >"$data/out" 2>"$data/err" &
child=$!
sleep 1
kill -KILL $child
wait $child 2>/dev/null || true
if [ -s "$data/data/log.mdb" ]; then
    code=0
    verify || code=$?
    [ $code = 0 ] || [ $code = 3 ] || die "what was not read yet is called wrong (exit $code)"
fi

# While it runs, and after Ctrl-C.
(up) >"$data/out" 2>"$data/err" &
child=$!
started $child
verify || die "a look while it runs finds something wrong"
kill -INT $child
wait $child || die "Ctrl-C: exit $?"
verify || die "not all zero after Ctrl-C"
grep -q '^all zero' "$data/verify" || die "something is pending after Ctrl-C"

# A second process is refused with clear words, exit 4.
(up) >"$data/out" 2>"$data/err" &
child=$!
started $child
# The first line after a start counts the documents of earlier ones.
grep -q '^orders .* documents [1-9]' "$data/out" || die "documents of earlier starts are not counted"
code=0
(up) >/dev/null 2>"$data/second" || code=$?
[ $code = 4 ] || { echo "a second process: exit $code"; cat "$data/second"; exit 1; }
grep -q 'another process runs queries .* --data' "$data/second" || { cat "$data/second"; exit 1; }
kill -TERM $child
wait $child || die "SIGTERM: exit $?"

# `run --until-idle` ends when it is asked to, also beside a MongoDB that nobody will start.
cat >"$data/run.sql" <<'SQL'
CREATE STREAM teas (id STRING KEY, size INT) WITH (KAFKA_TOPIC='teas', PARTITIONS=1, VALUE_FORMAT='AVRO');
CREATE STREAM big AS SELECT * FROM teas WHERE size > 1 EMIT CHANGES;
CREATE SINK CONNECTOR away WITH ('connector.class'='MongoSinkConnector', 'topics'='BIG', 'database'='d',
    'collection'='c', 'connection.uri'='mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=1000');
INSERT INTO teas (id, size) VALUES ('a', 2);
SQL
for signal in TERM INT; do
    rm -rf "$data/data"
    (exec "$PROGRAM" run "$data/run.sql" --data "$data/data" --until-idle) >"$data/out" 2>"$data/err" &
    child=$!
    for _ in $(seq 600); do
        ! "$PROGRAM" topic list --data "$data/data" 2>/dev/null | grep -q '^BIG  *[0-9]*  *1 ' || break
        kill -0 $child 2>/dev/null || die "run ended by itself"
        sleep 0.1
    done
    kill -$signal $child
    for _ in $(seq 600); do
        kill -0 $child 2>/dev/null || break
        sleep 0.1
    done
    ! kill -0 $child 2>/dev/null || { kill -KILL $child; die "run --until-idle: SIG$signal does not end it"; }
    code=0
    wait $child || code=$?
    [ $code = 130 ] || die "run --until-idle: exit $code after SIG$signal"
done
