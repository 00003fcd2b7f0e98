#!/usr/bin/env bash
# kafka_kill -- the whole pipeline on a real Kafka is killed at random instants at load, and started
# again. At the end everything must be there once: joined rows, tables, documents.
#
# SEED repeats a run, KILLS (default 6) says how often.
set -eu
cd "$(dirname "$0")/../../.."
[ -n "${BOOTSTRAP:-}" ] || exec tests/services/kafka "$0"
export DRIVETHRU_REGISTRY_LISTEN=127.0.0.1:0
program=${RELEASE_PROGRAM:-build/release/drivethru}
kills=${KILLS:-6}
seed=${SEED:-$RANDOM$RANDOM}
data=$(mktemp -d)
child=
trap '[ -z "$child" ] || kill -KILL "$child" 2>/dev/null || true; rm -rf "$data"' EXIT
echo "SEED=$seed KILLS=$kills"
RANDOM=$seed
cat >"$data/kafka.properties" <<PROPERTIES
bootstrap.servers=$BOOTSTRAP
transaction.timeout.ms=5000
PROPERTIES
arguments="--config $data/kafka.properties --data $data/data"

run() {
    exec "$program" up $arguments --listen 127.0.0.1:0 --pipeline pipeline --seed "$((seed % 1000 + 1))" \
        --threads 2 --start "$start" --history 30m --rate 60 --no-live "$@"
}
# Kafka takes no record dated far ahead: the half hour ends now.
start=$(date -u -d '30 minutes ago' +%Y-%m-%dT%H:%M:%S)
for kill in $(seq "$kills"); do
    run >"$data/log" 2>&1 &
    child=$!
    # The first starts make the topics, which takes seconds.
    sleep "$((RANDOM % 6)).$(printf '%03d' $((RANDOM % 1000)))"
    kill -KILL $child 2>/dev/null || { echo "kill $kill: it had ended by itself"; tail -n 5 "$data/log"; exit 1; }
    wait $child 2>/dev/null || true
    child=
done
(run --until-idle) >"$data/log" 2>&1 || { tail -n 20 "$data/log"; exit 1; }
tail -n 1 "$data/log"
"$program" verify $arguments || { tail -n 20 "$data/log"; exit 1; }
tests/services/count "$program" $arguments || { tail -n 20 "$data/log"; exit 1; }

# The judges must be able to say no.
sqlite3 "$data/data/documents.sqlite" 'delete from orders_payments where _id = (select min(_id) from orders_payments)'
if "$program" verify $arguments --quiet >/dev/null 2>&1; then
    echo "verify misses nothing when a document is gone"
    exit 1
fi
key=$(kcat -b "$BOOTSTRAP" -C -t MCD_ORDERS_PAYMENTS_JOINED -p 0 -o beginning -c 1 -e -q -f '%k')
kcat -b "$BOOTSTRAP" -C -t MCD_ORDERS_PAYMENTS_JOINED -p 0 -o beginning -c 1 -e -q -D '' >"$data/row"
kcat -b "$BOOTSTRAP" -P -t MCD_ORDERS_PAYMENTS_JOINED -p 0 -k "$key" "$data/row"
! tests/services/count "$program" $arguments >"$data/count" || { echo "a row that is there twice is not counted"; exit 1; }
grep -q '^joined: .* lost 0, twice 1, wrong 0$' "$data/count" || { cat "$data/count"; exit 1; }
