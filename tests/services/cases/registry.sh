#!/usr/bin/env bash
# registry -- the whole pipeline on a schema registry that we did not write, with a login; then the registry is
# away, slow, answers 429 and 500 while orders with a schema that nobody has seen yet come in: their
# partitions wait, payments flow on, nothing is lost or set aside.
set -eu
cd "$(dirname "$0")/../../.."
: "${PROGRAM:=$PWD/build/debug/drivethru}"
export PROGRAM
unset DRIVETHRU_REGISTRY_LISTEN DRIVETHRU_CONFIG
[ -n "${REGISTRY_URL:-}" ] || exec tests/services/registry "$0"

home=$(mktemp -d)
server= proxy=
stop() {
    for process in $server $proxy; do kill "$process" 2>/dev/null || true; done
    rm -rf "$home"
}
trap stop EXIT
fail() { echo "$1"; shift; for file in "$@"; do tail -n 30 "$file"; done; exit 1; }
# until SECONDS COMMAND...: as soon as it is true
until_true() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $deadline ] || return 1
        [ -z "$server" ] || kill -0 "$server" 2>/dev/null || fail "the server ended" "$home/up"
        sleep 0.2
    done
}
# count TOPIC: its records
count() {
    "$PROGRAM" topic list --data "$home/data" | awk -v topic="$1" '$1 == topic { print $3 }'
}
has() { [ "$(count "$1")" = "$2" ]; }

echo ok >"$home/mode"
python3 tests/services/registry_proxy.py "$REGISTRY_URL" "$home/mode" clerk:ge:heim >"$home/port" &
proxy=$!
until_true 60 test -s "$home/port"
printf 'ge:heim\n' >"$home/password"
cat >"$home/settings" <<SETTINGS
ksql.schema.registry.url=http://127.0.0.1:$(cat "$home/port")
basic.auth.credentials.source=USER_INFO
basic.auth.user.info=clerk:\${directory:$home:password}
SETTINGS

# The pipeline as it is shipped.
"$PROGRAM" up --config "$home/settings" --data "$home/data" --pipeline pipeline --seed 8 --orders 500 --no-live --until-idle \
    --listen 127.0.0.1:0 >"$home/up" 2>&1 || fail "up failed" "$home/up"
! grep -q heim "$home/up" || fail "a password is shown" "$home/up"
! grep -q '^schema registry http' "$home/up" || fail "a registry elsewhere is served here"
"$PROGRAM" verify --config "$home/settings" --data "$home/data" >"$home/verify" || fail "verify" "$home/verify"
curl -s "$REGISTRY_URL/subjects" | grep -q MCD_ORDERS_PAYMENTS_JOINED-value || fail "the schemas are not there"
"$PROGRAM" registry show mcd_orders-value --config "$home/settings" --data "$home/data" | grep -q order_id
# Another login: one clear word, and no waiting.
code=0
"$PROGRAM" registry list --data "$home/data" --schema-registry-url \
    "http://clerk:falsch@127.0.0.1:$(cat "$home/port")" >"$home/out" 2>&1 || code=$?
[ "$code" = 1 ] && grep -q 'does not take the login (401)' "$home/out" || fail "wrong login: exit $code" "$home/out"
! grep -q falsch "$home/out" || fail "a password is shown" "$home/out"

# Two queries that only copy. Each round is a new process, which has registered the payments' schema and has
# never seen the orders'.
mkdir -p "$home/pipeline/schemas"
cp pipeline/schemas/mcd_payments-value.avsc "$home/pipeline/schemas"
cat >"$home/pipeline/1.sql" <<'SQL'
SET 'auto.offset.reset'='earliest';
CREATE STREAM o (order_id STRING) WITH (KAFKA_TOPIC='mcd_orders', VALUE_FORMAT='AVRO', PARTITIONS=4);
CREATE STREAM p WITH (KAFKA_TOPIC='mcd_payments', VALUE_FORMAT='AVRO');
CREATE STREAM oc WITH (VALUE_FORMAT='JSON') AS SELECT order_id FROM o EMIT CHANGES;
CREATE STREAM pc WITH (VALUE_FORMAT='JSON') AS SELECT order_id FROM p EMIT CHANGES;
SQL
for mode in away 500 429 slow; do
    rm -rf "$home/data"
    echo ok >"$home/mode"
    "$PROGRAM" up --config "$home/settings" --data "$home/data" --pipeline "$home/pipeline" --no-generate \
        --listen 127.0.0.1:0 >"$home/up" 2>&1 &
    server=$!
    until_true 120 grep -q '^up in' "$home/up"
    echo "$mode" >"$home/mode"
    "$PROGRAM" generate --schema-registry-url "$REGISTRY_URL" --data "$home/data" --seed 8 --orders 300 --no-live \
        --malformed-share 0 >"$home/generate" 2>&1 || fail "generate" "$home/generate"
    payments=$(count mcd_payments)
    orders=$(count mcd_orders)
    [ "$payments" -gt 200 ] && [ "$orders" -ge 300 ] || fail "$orders orders, $payments payments"
    until_true 180 has PC "$payments" || fail "$mode: payments do not flow: $(count PC) of $payments" "$home/up"
    has OC 0 || fail "$mode: orders of an unknown schema went on: $(count OC)"
    echo ok >"$home/mode"
    until_true 180 has OC "$orders" || fail "$mode: orders stay away: $(count OC) of $orders" "$home/up"
    kill "$server"
    code=0
    wait "$server" || code=$?
    server=
    [ "$code" = 0 ] || fail "$mode: the server ended with $code" "$home/up"
    echo "$mode: $payments payments flowed on, $orders orders waited"
done
