#!/usr/bin/env bash
# damage -- verify finds rows that were added, changed or taken away, in topics, tables and documents.
set -eu
cd "$(dirname "$0")/../.."
export DRIVETHRU_LISTEN=127.0.0.1:0 DRIVETHRU_REGISTRY_LISTEN=127.0.0.1:0
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT
verify() { "$PROGRAM" verify --data "$data/work" --quiet >"$data/verify" 2>&1; }

"$PROGRAM" up --data "$data/good" --pipeline pipeline --seed 9 --start 2026-01-31T10:00:00 --history 5m \
    --rate 5 --until-idle >"$data/out" 2>&1 || { cat "$data/out"; exit 1; }

# damaged PLACE COLUMN: verify says no, and the number in the column of the place is above zero.
damaged() {
    if verify; then
        echo "not found: $1 $2"
        exit 1
    fi
    awk -v place="$1" -v column="$2" '
        $1 == "place" { for (i = 1; i <= NF; i++) at[$i] = i }
        $1 == place { found = $at[column] > 0 }
        END { exit !found }' "$data/verify" || { echo "$1: no $2"; cat "$data/verify"; exit 1; }
}
fresh() { rm -rf "$data/work"; cp -r "$data/good" "$data/work"; }
sql() { echo "$1" >"$data/sql"; "$PROGRAM" run "$data/sql" --data "$data/work" >"$data/out" 2>&1 || { cat "$data/out"; exit 1; }; }
documents() { sqlite3 "$data/work/documents.sqlite" "$1"; }

fresh
verify || { cat "$data/verify"; exit 1; }

joined="CREATE STREAM j (order_id STRING KEY, payment_id STRING, payment_amount DOUBLE) WITH (
    KAFKA_TOPIC='MCD_ORDERS_PAYMENTS_JOINED', KEY_FORMAT='KAFKA', VALUE_FORMAT='AVRO');"
order=$("$PROGRAM" topic read MCD_ORDERS_PAYMENTS_JOINED --data "$data/work" --limit 1 |
    sed 's/.*"key":"\([^"]*\)".*"PAYMENT_ID":"\([^"]*\)".*/\1 \2/')
sql "$joined INSERT INTO j (order_id, payment_id, payment_amount) VALUES ('O-none', 'P-none', 1.0);"
damaged MCD_ORDERS_PAYMENTS_JOINED unexpected
fresh
sql "$joined INSERT INTO j (order_id, payment_id, payment_amount) VALUES ('${order% *}', '${order#* }', 1.0);"
damaged MCD_ORDERS_PAYMENTS_JOINED duplicated
damaged MCD_ORDERS_PAYMENTS_JOINED wrong

fresh
sql "CREATE TABLE t (scope STRING PRIMARY KEY, orders BIGINT, revenue DOUBLE, average_order_value DOUBLE) WITH (
    KAFKA_TOPIC='ORDERS_PLACED', KEY_FORMAT='KAFKA', VALUE_FORMAT='AVRO');
    INSERT INTO t (scope, orders, revenue, average_order_value) VALUES ('all', 7, 7.0, 1.0);"
damaged ORDERS_PLACED wrong

fresh
documents "delete from orders_payments where _id in (select _id from orders_payments limit 3)"
damaged orders_payments lost
fresh
documents "insert into orders_payments select _id || 'x', time_ms, document from orders_payments limit 1"
damaged orders_payments duplicated
fresh
documents "update orders_payments set document = json_set(document, '\$.PAYMENT_AMOUNT', 0.5)
    where _id in (select _id from orders_payments limit 1)"
damaged orders_payments wrong
fresh
documents "insert into orders_payments values ('y', 1, '{\"_id\":\"y\",\"ORDER_ID\":\"O-none\"}')"
damaged orders_payments unexpected
