#!/usr/bin/env bash
# dlq -- records nobody can read are set aside once a query and once a sink, with their bytes, place and
# reason; shown, sent back exactly, dropped.
set -eu
cd "$(dirname "$0")/../.."
export DRIVETHRU_LISTEN=127.0.0.1:0 DRIVETHRU_REGISTRY_LISTEN=127.0.0.1:0
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT
arguments="--data $data --seed 5 --start 2026-01-31T10:00:00 --history 20m --rate 5 --no-live
    --malformed-share 0.05 --until-idle --quiet"

fail() { echo "$*"; exit 1; }
run() { "$PROGRAM" "$@" --data "$data"; }
up() {
    "$PROGRAM" up $arguments --pipeline "$data/pipeline" >"$data/out" 2>&1 ||
        { cat "$data/out"; exit 1; }
}
count() { run dlq list | awk -v topic="$1" -v column="$2" '$1 == topic { print $column }'; }
# topic/partition/offset and value of a topic's records that do not decode.
broken() {
    run topic read "$1" | sort | sed -nE \
        "s|^.\"partition\":([0-9]+),\"offset\":([0-9]+),.*\"value\":(\".*)\}$|$1/\1/\2 \3|p" | sort
}
# The same of the letters of one query or sink.
letters() {
    local place='"topic":"([^"]*)","partition":([0-9]+),"offset":([0-9]+)'
    run dlq show "$1" | grep "\"by\":\"$2" |
        sed -nE "s|.*$place,.*\"value\":(.*)\}$|\1/\2/\3 \4|p" | sort
}

# The sink reads the raw orders as well, so that it has letters of its own.
cp -r pipeline "$data/pipeline"
sed -i 's/^topics=.*/&,mcd_orders/; s/^collection=/topic.override.mcd_orders.collection=raw\n&/' \
    "$data/pipeline/sink.properties"
up
broken mcd_orders >"$data/orders"
broken mcd_payments >"$data/payments"
[ -s "$data/orders" ] && [ -s "$data/payments" ] || fail "nothing was broken"

# Once a query, with place and bytes.
letters drivethru-dlq CSAS_MCD_ORDERS_PAYMENTS_JOINED >"$data/letters"
sort "$data/orders" "$data/payments" | diff - "$data/letters" >/dev/null ||
    fail "the join's letters are not the broken records"
[ -z "$(run dlq show drivethru-dlq | sed -E 's/"letter":"[^"]*"//' | sort | uniq -d)" ] ||
    fail "a letter came twice"
run dlq show drivethru-dlq | grep -q '"reason":null' && fail "a letter without a reason"
run topic read drivethru-dlq --limit 1 | grep -q '"__drivethru.errors.query":"' ||
    fail "headers are not shown"

# Once a sink, also when it writes them again after a kill between letter and position.
sinks=$(wc -l <"$data/orders")
letters mcd-documents-dlq mcd-documents | diff "$data/orders" - >/dev/null ||
    fail "the sink's letters are not the broken orders"
queries=$(count drivethru-dlq 2)
sqlite3 "$data/documents.sqlite" 'DELETE FROM drivethru_positions'
up
[ "$(run topic read mcd-documents-dlq | wc -l)" = $((2 * sinks)) ] ||
    fail "the sink did not write its letters again"
[ "$(count mcd-documents-dlq 2)" = "$sinks" ] || fail "a sink's letter counted twice"
[ "$(count drivethru-dlq 2)" = "$queries" ] || fail "a restart wrote letters of queries again"
run verify --quiet >"$data/out" || { cat "$data/out"; exit 1; }

# Sent back once, whoever kills it: bytes, key and partition as they were.
for i in 1 2 3 4 5 6; do
    (exec "$PROGRAM" dlq replay mcd-documents-dlq --data "$data") >/dev/null 2>&1 &
    sleep "0.0$((i * 3))"
    kill -KILL $! 2>/dev/null || true
    wait $! 2>/dev/null || true
done
run dlq replay mcd-documents-dlq 2>/dev/null
broken mcd_orders | awk '{ split($1, place, "/"); print place[2], $2 }' | sort >"$data/after"
awk '{ split($1, place, "/"); print place[2], $2; print place[2], $2 }' "$data/orders" | sort |
    diff - "$data/after" >/dev/null || fail "what was sent back is not what was set aside"
run dlq replay mcd-documents-dlq 2>&1 | grep -q '^0 records sent back' || fail "sent back twice"
[ "$(count mcd-documents-dlq 3)" = "$sinks" ] || fail "the list does not say what was sent back"
run dlq show mcd-documents-dlq | grep -q '"sent_back":false' && fail "a letter is not marked"

run dlq drop drivethru-dlq
[ "$(count drivethru-dlq 2)" = 0 ] || fail "letters are there after a drop"
code=0; run dlq drop mcd_orders >/dev/null 2>&1 || code=$?
[ $code = 2 ] || fail "a drop of orders: exit $code"
code=0; run dlq show nothing-dlq >/dev/null 2>&1 || code=$?
[ $code = 3 ] || fail "letters of no topic: exit $code"
