#!/usr/bin/env bash
# kill_late -- a LEFT JOIN with GRACE over rows later than its window, by two workers, is killed at random
# instants; its rows must be those of a run that nobody killed.
#
# Orders come up to two hours out of order, past window and grace: their rows without a payment go out at
# once, and some find one afterwards. Both topics are there from the beginning, keyed alike, so that each
# partition has one order of time and the undisturbed run is the judge.
set -u
. "$(dirname "$0")/kill_common"

cat >"$directory/rekey.sql" <<'SQL'
SET 'auto.offset.reset'='earliest';
CREATE STREAM payments (payment_id STRING, order_id STRING, payment_time TIMESTAMP)
    WITH (KAFKA_TOPIC='mcd_payments', KEY_FORMAT='KAFKA', VALUE_FORMAT='AVRO', TIMESTAMP='payment_time');
CREATE STREAM payments_by_order AS
    SELECT order_id, payment_id FROM payments PARTITION BY order_id EMIT CHANGES;
SQL
cat >"$directory/join.sql" <<'SQL'
SET 'auto.offset.reset'='earliest';
CREATE STREAM orders (k STRING KEY, order_total DOUBLE, order_time TIMESTAMP)
    WITH (KAFKA_TOPIC='mcd_orders', KEY_FORMAT='KAFKA', VALUE_FORMAT='AVRO', TIMESTAMP='order_time');
CREATE STREAM payments (order_id STRING KEY, payment_id STRING)
    WITH (KAFKA_TOPIC='PAYMENTS_BY_ORDER', KEY_FORMAT='KAFKA', VALUE_FORMAT='AVRO');
CREATE STREAM paid_or_not AS
    SELECT o.k AS order_id, o.order_total AS order_total, p.payment_id AS payment_id
    FROM orders o LEFT JOIN payments p WITHIN 30 MINUTES GRACE PERIOD 5 MINUTES ON o.k = p.order_id
    EMIT CHANGES;
SQL

data=$directory/killed
join() { # DATA FLAGS...
    exec "$program" run "$directory/join.sql" --threads 2 --batch-rows 1 --data "$@"
}
rows() { # DATA
    for partition in 0 1 2 3; do
        "$program" topic read PAID_OR_NOT --data "$1" --partition $partition | sed 's/"offset":[0-9]*,//'
    done
}
"$program" generate --data "$data" --seed "$((seed % 1000 + 1))" --quiet --start 2026-01-31T10:00:00 \
    --history 3h --rate 60 --no-live --disorder-share 0.2 --disorder-max 2h --late-share 0.1 || exit 1
"$program" run "$directory/rekey.sql" --data "$data" --threads 2 --until-idle >"$directory/out" 2>&1 ||
    { cat "$directory/out"; exit 1; }
cp -r "$data" "$directory/undisturbed"
(join "$directory/undisturbed" --until-idle) >"$directory/out" 2>&1 || { cat "$directory/out"; exit 1; }
rows "$directory/undisturbed" >"$directory/expected"

# The input must be what this is about: many orders went out alone and found a payment afterwards.
both=$(grep -o '"key":"[^"]*"' "$directory/expected" | sort | uniq -d | wc -l)
echo "$(wc -l <"$directory/expected") rows, $both orders more than once"
[ "$both" -gt 1000 ] || exit 1

kill_often 400 join "$data"
rows "$data" >"$directory/found"
echo "$(wc -l <"$directory/found") rows when it was killed last"
(join "$data" --until-idle) >"$directory/out" 2>&1 || { cat "$directory/out"; exit 1; }
rows "$data" >"$directory/found"
cmp "$directory/expected" "$directory/found" || { diff "$directory/expected" "$directory/found" | head; exit 1; }
