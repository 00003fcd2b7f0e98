#!/usr/bin/env bash
# kafka_processes -- one, then three, then one process run a service's queries while orders come in:
# killed at random, one stopped (SIGSTOP) for twice its session and let go on, two ended properly. At
# the end everything must be there once.
#
# SEED repeats a run, KILLS (default 4) says how often.
set -eu
cd "$(dirname "$0")/../../.."
[ -n "${BOOTSTRAP:-}" ] || exec tests/services/kafka "$0"
export DRIVETHRU_REGISTRY_LISTEN=127.0.0.1:0
program=${RELEASE_PROGRAM:-build/release/drivethru}
kills=${KILLS:-4}
seed=${SEED:-$RANDOM$RANDOM}
data=$(mktemp -d)
declare -A children=()
finish() {
    for name in "${!children[@]}"; do
        kill -CONT "${children[$name]}" 2>/dev/null || true
        kill -KILL "${children[$name]}" 2>/dev/null || true
    done
    rm -rf "$data"
}
trap finish EXIT
echo "SEED=$seed KILLS=$kills"
RANDOM=$seed

fail() {
    echo "$*"
    tail -n 5 "$data"/*.log
    exit 1
}
# within SECONDS COMMAND...: until it succeeds.
within() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || fail "not in time: $*"
        sleep 0.2
    done
}

# Schemas are every process's: one serves them to all.
mkdir "$data/none"
"$program" up --data "$data/registry" --listen 127.0.0.1:0 --no-generate --pipeline "$data/none" >"$data/registry.out" 2>"$data/registry.log" &
children[registry]=$!
within 30 grep -q '^schema registry' "$data/registry.log"
cat >"$data/kafka.properties" <<PROPERTIES
bootstrap.servers=$BOOTSTRAP
schema.registry.url=$(grep -om1 'http://[0-9.:]*' <(grep '^schema registry' "$data/registry.log"))
session.timeout.ms=6000
transaction.timeout.ms=5000
PROPERTIES
# Who generates is not what is tested here: it may stand still for longer.
sed '/timeout/d' "$data/kafka.properties" >"$data/generator.properties"
echo transaction.timeout.ms=60000 >>"$data/generator.properties"
config="--config $data/kafka.properties"

"$program" generate --config "$data/generator.properties" --data "$data/generator" --seed "$((seed % 1000 + 1))" --rate 40 \
    --start "$(date -u -d '45 minutes ago' +%Y-%m-%dT%H:%M:%S)" --history 45m >"$data/generator.out" 2>"$data/generator.log" &
children[generator]=$!

start() { # NAME
    "$program" run pipeline/*.sql $config --data "$data/$1" --threads 2 >"$data/$1.out" 2>>"$data/$1.log" &
    children[$1]=$!
}
# end NAME: properly.
end() {
    local code=0
    kill "${children[$1]}"
    wait "${children[$1]}" || code=$?
    unset "children[$1]"
    [ $code = 130 ] || fail "$1 ended with $code"
}
alive() { kill -0 "${children[$1]}" 2>/dev/null; }
group=_confluent-ksql-drivethru_query_CSAS_MCD_ORDERS_PAYMENTS_JOINED_3
# members COUNT: so many processes share the join's partitions, within a minute.
members() {
    java -XX:+UseSerialGC -cp "$KAFKA_JARS/*" tests/services/Members.java "$BOOTSTRAP" "$group" "$1" 60 >"$data/members.log" 2>/dev/null ||
        fail "not $1 members"
}
# How many joined rows there are, and whether there are more than that.
records() { timeout 60 "$program" topic describe "$1" $config --data "$data/generator" 2>/dev/null | awk '$1 ~ /^[0-9]+$/ { sum += $3 } END { print sum + 0 }'; }
joined() { records MCD_ORDERS_PAYMENTS_JOINED; }
grows() { [ "$(joined)" -gt "$1" ]; }
generated() { [ "$(records mcd_payments)" -gt 0 ]; }
goes_on() { within 90 grows "$(joined)"; }

within 60 generated # its schemas come first
start one
within 60 grows 0
start two
start three
members 3
goes_on
for kill in $(seq "$kills"); do
    name=$(shuf -n 1 -e one two three --random-source=<(yes "$seed$kill"))
    alive "$name" || fail "$name had ended by itself"
    kill -KILL "${children[$name]}"
    wait "${children[$name]}" 2>/dev/null || true
    sleep "$((RANDOM % 8)).$(printf '%03d' $((RANDOM % 1000)))"
    start "$name"
done
goes_on
kill -STOP "${children[two]}"
sleep 12
kill -CONT "${children[two]}"
members 3
goes_on
alive two || fail 'two did not go on after it had stood still'
end one
members 2
goes_on
end three
members 1
goes_on
end generator
end two
timeout 300 "$program" run pipeline/*.sql $config --data "$data/two" --threads 2 --until-idle >"$data/last.out" 2>"$data/last.log" ||
    fail 'it does not come to its end'
"$program" verify $config --data "$data/generator" || fail 'something is wrong'
tests/services/count "$program" $config --data "$data/generator" || fail 'Java finds otherwise'
