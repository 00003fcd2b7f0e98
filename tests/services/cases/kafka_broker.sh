#!/usr/bin/env bash
# kafka_broker -- the broker is killed and started again, and stopped for longer than a transaction
# may take, while the pipeline runs at load. It goes on by itself, and everything is there once.
set -eu
cd "$(dirname "$0")/../../.."
[ -n "${BOOTSTRAP:-}" ] || exec tests/services/kafka "$0"
export DRIVETHRU_REGISTRY_LISTEN=127.0.0.1:0
program=${RELEASE_PROGRAM:-build/release/drivethru}
data=$(mktemp -d)
child=
trap '[ -z "$child" ] || kill -KILL "$child" 2>/dev/null || true; rm -rf "$data"' EXIT
cat >"$data/kafka.properties" <<PROPERTIES
bootstrap.servers=$BOOTSTRAP
transaction.timeout.ms=5000
PROPERTIES
arguments="--config $data/kafka.properties --data $data/data"
"$program" up $arguments --listen 127.0.0.1:0 --pipeline pipeline --seed 7 --threads 2 \
    --start "$(date -u -d '20 minutes ago' +%Y-%m-%dT%H:%M:%S)" --history 20m --rate 60 --no-live --until-idle \
    >"$data/out" 2>"$data/log" &
child=$!
# Joined rows are there: everything runs.
joined() {
    timeout 60 "$program" topic read MCD_ORDERS_PAYMENTS_JOINED $arguments --limit 1 2>/dev/null | grep -c . || true
}
for _ in $(seq 300); do
    [ "$(joined)" = 0 ] || break
    kill -0 $child 2>/dev/null || { echo "it ended early"; tail -n 20 "$data/log"; exit 1; }
    sleep 0.2
done
"$KAFKA_BROKER" kill
"$KAFKA_BROKER" start
sleep 2
"$KAFKA_BROKER" stop
sleep 8
"$KAFKA_BROKER" start
for _ in $(seq 1500); do
    kill -0 $child 2>/dev/null || break
    sleep 0.2
done
! kill -0 $child 2>/dev/null || { echo "it does not come to its end"; tail -n 20 "$data/log"; tail -n 2 "$data/out"; exit 1; }
code=0
wait $child || code=$?
child=
[ "$code" = 0 ] || { echo "up ended with $code"; tail -n 20 "$data/log"; exit 1; }
"$program" verify $arguments || { tail -n 20 "$data/log"; exit 1; }
tests/services/count "$program" $arguments || { tail -n 20 "$data/log"; exit 1; }
