#!/usr/bin/env bash
# up -- the pipeline runs, stops, starts again without its files, and everything it made is right.
set -eu
cd "$(dirname "$0")/../.."
export DRIVETHRU_LISTEN=127.0.0.1:0 DRIVETHRU_REGISTRY_LISTEN=127.0.0.1:0
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT
arguments="--data $data --listen 127.0.0.1:0 --seed 3 --start 2026-01-31T10:00:00 --history 20m --rate 5 --no-live"

"$PROGRAM" up $arguments --pipeline pipeline --until-idle >"$data/out" 2>"$data/err" ||
    { cat "$data/err"; exit 1; }
grep -q '^orders [1-9]' "$data/out" || { echo "no orders shown:"; cat "$data/out"; exit 1; }
"$PROGRAM" verify --data "$data" --quiet

# What runs is kept in the log: the files are not needed again.
"$PROGRAM" up $arguments --pipeline "$data/none" --until-idle >"$data/out" 2>"$data/err" ||
    { cat "$data/err"; exit 1; }
grep -q 'created query' "$data/err" && { echo "queries were created again"; exit 1; }
"$PROGRAM" verify --data "$data" --quiet

# A changed statement is refused, unless it says OR REPLACE.
cp -r pipeline "$data/changed"
sed -i 's/COUNT(\*) AS orders,/COUNT(*) AS orders, COUNT(*) AS again,/' "$data/changed/03-orders.sql"
if "$PROGRAM" up $arguments --pipeline "$data/changed" --until-idle >"$data/out" 2>"$data/err"; then
    echo "a changed statement was taken"
    exit 1
fi
grep -q 'CREATE OR REPLACE' "$data/err" || { cat "$data/err"; exit 1; }

# A user looks at the documents with sqlite3.
documents=$(sqlite3 "$data/documents.sqlite" \
    "select count(*) from orders_payments where document->>'PAYMENT_AMOUNT' > 0")
[ "$documents" -gt 100 ] || { echo "$documents documents"; exit 1; }
