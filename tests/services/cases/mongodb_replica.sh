#!/usr/bin/env bash
# mongodb_replica -- on a replica set documents and position are one transaction: through a primary that steps down, a
# commit of which nobody knows whether it took place, refused documents among good ones, and a second owner.
set -eu
cd "$(dirname "$0")/../../.."
: "${PROGRAM:=$PWD/build/debug/drivethru}"
. tests/services/mongo_common
python=$(python_with pymongo==4.8.0)
directory=$(mktemp -d)
server=
pipelines=
stop() {
    for pid in $server $pipelines; do kill "$pid" 2>/dev/null || true; done
    rm -rf "$directory"
}
trap stop EXIT
fail() { echo "$*"; exit 1; }

start_server() { # FAULT...
    [ -z "$server" ] || { kill "$server"; wait "$server" 2>/dev/null || true; }
    port=$(free_port)
    "$python" tests/services/mongo_replica.py "$port" "$@" >"$directory/log" 2>&1 &
    server=$!
    wait_for_port "$port" "$server" "$directory/log"
    echo "connection.uri=mongodb://127.0.0.1:$port/?replicaSet=rs0" >"$directory/drivethru.properties"
    rm -rf "$directory/data"
}
flags() { # DATA
    echo "--data $directory/$1 --pipeline $directory/pipeline --config $directory/drivethru.properties
        --listen 127.0.0.1:0 --seed 5 --start 2026-01-31T10:00:00 --history 1m --rate 5 --no-live"
}
run() {
    timeout 200 "$PROGRAM" up $(flags data) --until-idle >"$directory/out" 2>&1 || fail "$(cat "$directory/out")"
    ! grep -qE 'Sanitizer|runtime error' "$directory/out" || fail "$(cat "$directory/out")"
}
verify() {
    "$PROGRAM" verify --data "$directory/data" \
        --config "$directory/drivethru.properties" >"$directory/verify" 2>&1 || fail "$(cat "$directory/verify")"
    grep -q '^all zero' "$directory/verify" || fail "$(cat "$directory/verify")"
    grep -q '^orders_payments ' "$directory/verify" || fail "no documents: $(cat "$directory/verify")"
}
ask() { "$python" -c "
from pymongo import MongoClient
client = MongoClient('mongodb://127.0.0.1:$port/?replicaSet=rs0')
print($1)"; }

cp -r pipeline "$directory/pipeline"
echo max.batch.size=20 >>"$directory/pipeline/sink.properties"

start_server step_down=7 commit_unknown=3
run
grep -q 'waits: MongoDB' "$directory/out" || fail "nothing was waited for: $(cat "$directory/out")"
verify
[ "$(ask "client.admin.command('test_counts')['commit'] > 3")" = True ] || fail "no transactions"
# No document says where it comes from: the transaction does not need it.
[ "$(ask "sum('_drivethru' in one for one in client.mcd.orders_payments.find())")" = 0 ] || fail "marked documents"

# Documents that validation refuses become dead letters, all of them, and no others.
start_server refuse=PAYMENT_METHOD:mobile_payment
run
refused=$("$PROGRAM" topic read MCD_ORDERS_PAYMENTS_JOINED --data "$directory/data" | grep -c '"PAYMENT_METHOD":"mobile_payment"' || true)
letters=$("$PROGRAM" dlq show mcd-documents-dlq --data "$directory/data" | grep -c 'Document failed validation' || true)
[ "$refused" -gt 0 ] && [ "$refused" = "$letters" ] || fail "$refused refused, $letters dead letters"
total=$("$PROGRAM" topic read MCD_ORDERS_PAYMENTS_JOINED --data "$directory/data" | wc -l)
kept=$(ask "len(list(client.mcd.orders_payments.find()))")
[ $((kept + refused)) = "$total" ] || fail "$kept documents and $refused letters of $total records"

# Whoever comes second takes over; the first one stops, and says why.
start_server
: >"$directory/first"
"$PROGRAM" up $(flags data | sed 's/--no-live//') >"$directory/first" 2>&1 &
pipelines=$!
for _ in $(seq 600); do
    ! grep -q 'documents [1-9]' "$directory/first" || break
    sleep 0.1
done
timeout 200 "$PROGRAM" up $(flags other) --until-idle >"$directory/second" 2>&1 || fail "$(cat "$directory/second")"
for _ in $(seq 600); do
    ! grep -q "another process writes as 'mcd-documents'" "$directory/first" || break
    sleep 0.1
done
grep -q "another process writes as 'mcd-documents'" "$directory/first" || fail "$(tail -n 5 "$directory/first")"
echo "transactions are well"
