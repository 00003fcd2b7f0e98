#!/usr/bin/env bash
# kafka_same -- the shipped pipeline with the same input comes to the same on the embedded log and on Kafka:
# rows of streams, tables, documents.
#
# SEED repeats a run; PROCESSES (default 1) says how many processes share the work on Kafka.
set -eu
cd "$(dirname "$0")/../../.."
[ -n "${BOOTSTRAP:-}" ] || exec tests/services/kafka "$0"
export DRIVETHRU_REGISTRY_LISTEN=127.0.0.1:0
program=${RELEASE_PROGRAM:-build/release/drivethru}
seed=${SEED:-$((RANDOM + 1))}
streams='MCD_ORDERS_PAYMENTS_JOINED UNPAID_ORDERS PAYMENT_DELAYS PAYMENT_DELAY_CLASSES ORDER_LINES'
tables='ORDERS_PLACED ORDERS_PLACED_PER_MINUTE ORDERS_PAID ORDERS_PAID_PER_MINUTE ORDERS_BY_PAYMENT_METHOD
    ORDERS_BY_CHANNEL PAYMENT_DELAY PAYMENT_DELAY_HISTOGRAM REVENUE_BY_ITEM ORDER_STORY ORDERS_UNPAID_PER_MINUTE'
data=$(mktemp -d)
children=
trap '[ -z "$children" ] || kill -KILL $children 2>/dev/null || true; rm -rf "$data"' EXIT
echo "SEED=$seed"
# Kafka takes no record dated far ahead: the hour ends now.
start=$(date -u -d '1 hour ago' +%Y-%m-%dT%H:%M:%S)

# up NAME ARGUMENTS...: one process, in the background, until there is nothing left to do.
up() {
    local name=$1
    shift
    "$program" up --listen 127.0.0.1:0 --pipeline pipeline --threads 2 --no-live --until-idle \
        --quiet "$@" >"$data/$name.log" 2>&1 &
    children="$children $!"
}

await() { # NAME
    local child code=0
    for child in $children; do wait "$child" || code=$?; done
    children=
    [ "$code" = 0 ] || { echo "$1 ended with $code"; tail -n 20 "$data/$1"*.log; exit 1; }
}

# What came of it, as lines.
take() { # NAME ARGUMENTS...
    local name=$1 topic
    shift
    mkdir "$data/$name"
    for topic in $streams; do "$program" topic read "$topic" --output json "$@" >"$data/$name/$topic.stream"; done
    for topic in $tables; do "$program" topic read "$topic" --output json "$@" >"$data/$name/$topic.table"; done
    sqlite3 "$data/$name.data/documents.sqlite" 'select document from orders_payments' >"$data/$name/documents.list"
}

generated="--seed $seed --start $start --history 60m --rate 10"
up embedded --data "$data/embedded.data" $generated
await embedded
take embedded --data "$data/embedded.data"

echo "bootstrap.servers=$BOOTSTRAP" >"$data/kafka.properties"
up kafka --config "$data/kafka.properties" --data "$data/kafka.data" $generated
for other in $(seq 2 "${PROCESSES:-1}"); do
    up "kafka-$other" --config "$data/kafka.properties" --data "$data/kafka-$other.data" --no-generate
done
await kafka
take kafka --config "$data/kafka.properties" --data "$data/kafka.data"
python3 tests/services/same.py "$data/embedded" "$data/kafka"
