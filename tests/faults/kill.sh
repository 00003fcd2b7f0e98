#!/usr/bin/env bash
# kill -- the whole pipeline is killed at random instants while it runs at load, and started again. At
# the end everything must be there once: joined rows, tables, documents.
#
# SEED repeats a run, KILLS (default 50) says how often.
set -u
cd "$(dirname "$0")/../.."
program=${RELEASE_PROGRAM:-build/release/drivethru}
kills=${KILLS:-50}
seed=${SEED:-$RANDOM$RANDOM}
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT
echo "SEED=$seed KILLS=$kills"
RANDOM=$seed

# Two hours of the past as fast as it goes: load from the first instant to the last.
run() {
    exec "$program" up --listen 127.0.0.1:0 --data "$data" --pipeline pipeline --seed "$((seed % 1000 + 1))" --threads 2 \
        --start 2026-01-31T10:00:00 --history 2h --rate 60 --no-live "$@"
}
for kill in $(seq "$kills"); do
    run >"$data.log" 2>&1 &
    child=$!
    sleep "$(printf '0.%03d' $((RANDOM % 700 + 20)))"
    if ! kill -KILL $child 2>/dev/null; then
        wait $child
        echo "kill $kill: it had ended by itself (exit $?)"
        tail -n 5 "$data.log"
        exit 1
    fi
    wait $child 2>/dev/null
done
(run --until-idle) >"$data.log" 2>&1 || { tail -n 20 "$data.log"; exit 1; }
tail -n 1 "$data.log"
rm -f "$data.log"
"$program" verify --data "$data" --quiet || exit 1

# The judge must be able to say no.
sqlite3 "$data/documents.sqlite" 'delete from orders_payments where _id = (select min(_id) from orders_payments)'
if "$program" verify --data "$data" --quiet >/dev/null 2>&1; then
    echo "verify misses nothing when a document is gone"
    exit 1
fi
