#!/usr/bin/env bash
# kafka_brokers -- of three brokers one after another is killed, and comes back, while the pipeline runs at load: leaders,
# group and transaction coordinators move. It goes on by itself, and everything is there once.
#
# SEED repeats a run. ROUNDS (default 1) says how many are killed.
set -eu
cd "$(dirname "$0")/../../.."
[ -n "${BOOTSTRAP:-}" ] || exec tests/services/kafka --brokers 3 "$0"
export DRIVETHRU_REGISTRY_LISTEN=127.0.0.1:0
program=${RELEASE_PROGRAM:-build/release/drivethru}
seed=${SEED:-$RANDOM}
echo "SEED=$seed"
data=$(mktemp -d)
child=
trap '[ -z "$child" ] || kill -KILL "$child" 2>/dev/null || true; rm -rf "$data"' EXIT
cat >"$data/kafka.properties" <<PROPERTIES
bootstrap.servers=$BOOTSTRAP
transaction.timeout.ms=5000
PROPERTIES
arguments="--config $data/kafka.properties --data $data/data"
fail() {
    echo "$*"
    tail -n 20 "$data/log"
    exit 1
}

# until_true WHAT COMMAND...: within three minutes.
until_true() {
    local what=$1
    shift
    for _ in $(seq 900); do
        if "$@"; then return 0; fi
        [ -z "$child" ] || kill -0 $child 2>/dev/null || fail "it ended early, before: $what"
        sleep 0.2
    done
    fail "not within three minutes: $what"
}

joined() {
    kcat -b "$BOOTSTRAP" -C -t MCD_ORDERS_PAYMENTS_JOINED -o beginning -e -q -X isolation.level=read_committed -f '.' 2>/dev/null | wc -c
}
more_than() { [ "$(joined)" -gt "$1" ]; }
# Every partition has its three replicas, in step.
whole() { ! kcat -b "$BOOTSTRAP" -L -m 5 2>/dev/null | grep 'isrs:' | grep -qv 'isrs: [1-3],[1-3],[1-3]'; }

"$program" up $arguments --listen 127.0.0.1:0 --pipeline pipeline --seed "$seed" --threads 2 --history 5m --rate 60 \
    --quiet >"$data/out" 2>"$data/log" &
child=$!
until_true "joined rows are there" more_than 0
for round in $(seq "${ROUNDS:-1}"); do
    until_true "all brokers have what they should" whole
    broker=$(((seed + round) % 3 + 1))
    before=$(joined)
    "$KAFKA_BROKER" kill $broker
    until_true "rows are joined without broker $broker" more_than "$before"
    "$KAFKA_BROKER" start $broker
done
kill $child
wait $child || fail "up ended with $?"
child=
timeout 200 "$program" up $arguments --listen 127.0.0.1:0 --pipeline pipeline --no-generate --until-idle --quiet >"$data/log" 2>&1 ||
    fail "what was left is not worked off"
"$program" verify $arguments || fail "verify is not content"
tests/services/count "$program" $arguments || fail "Java's consumer is not content"
