#!/usr/bin/env bash
# kill -- the whole pipeline is killed at random instants while it runs at load, and started again. At
# the end everything must be there once: joined rows, tables, documents.
set -u
. "$(dirname "$0")/kill_common"
data=$directory/data

# Two hours of the past as fast as it goes: load from the first instant to the last.
run() {
    exec "$program" up --listen 127.0.0.1:0 --data "$data" --pipeline pipeline --seed "$((seed % 1000 + 1))" --threads 2 \
        --start 2026-01-31T10:00:00 --history 2h --rate 60 --no-live "$@"
}
kill_often 700 run
(run --until-idle) >"$directory/out" 2>&1 || { tail -n 20 "$directory/out"; exit 1; }
tail -n 1 "$directory/out"
"$program" verify --data "$data" --quiet || exit 1

# The judge must be able to say no.
sqlite3 "$data/documents.sqlite" 'delete from orders_payments where _id = (select min(_id) from orders_payments)'
if "$program" verify --data "$data" --quiet >/dev/null 2>&1; then
    echo "verify misses nothing when a document is gone"
    exit 1
fi
