#!/usr/bin/env bash
# mongodb_away -- MongoDB killed in the middle of it and away for a while: the log is the queue, and nothing is
# lost or twice afterwards. A wrong password is one clear error, TLS works, and no secret is told anywhere.
set -eu
cd "$(dirname "$0")/../../.."
: "${PROGRAM:=$PWD/build/debug/drivethru}"
export PROGRAM
directory=${directory:-}
fail() { echo "$*"; exit 1; }

# What runs beside a server, by the name of the part.
make_pipeline() { # URI
    cp -r pipeline "$directory/pipeline"
    # FerretDB keeps a connection open for each document that one command finds, and hangs when there are no more.
    echo max.batch.size=50 >>"$directory/pipeline/sink.properties"
    echo "connection.uri=$1" >"$directory/drivethru.properties"
}
arguments() {
    echo "--data $directory/data --pipeline $directory/pipeline --config $directory/drivethru.properties
        --listen 127.0.0.1:0 --seed 5 --start 2026-01-31T10:00:00 --no-live"
}
up() { timeout 300 "$PROGRAM" up $(arguments) "$@"; }
verify() {
    "$PROGRAM" verify --data "$directory/data" \
        --config "$directory/drivethru.properties" >"$directory/verify" 2>&1 || fail "$(cat "$directory/verify")"
    grep -q '^all zero' "$directory/verify" || fail "$(cat "$directory/verify")"
    grep -q '^orders_payments ' "$directory/verify" || fail "no documents were compared: $(cat "$directory/verify")"
}
wait_for() { # PATTERN FILE
    for _ in $(seq 600); do
        ! grep -q "$1" "$2" || return 0
        sleep 0.1
    done
    fail "no '$1' in: $(tail -n 20 "$2")"
}

part_away() {
    make_pipeline "$MONGODB_URI"
    up --history 3m --rate 5 --until-idle >"$directory/out" 2>&1 &
    local pipeline=$!
    wait_for 'documents [1-9]' "$directory/out"
    kill -KILL "$(cat "$MONGODB_PID_FILE")"
    wait_for 'waits: MongoDB at 127.0.0.1' "$directory/out"
    "$MONGODB_START"
    wait_for 'goes on' "$directory/out"
    wait "$pipeline" || fail "$(cat "$directory/out")"
    verify
}

part_login() {
    make_pipeline "$MONGODB_URI"
    up --history 1m --rate 2 --until-idle >"$directory/out" 2>&1 || fail "$(cat "$directory/out")"
    verify
    rm -rf "$directory/data" "$directory/pipeline"
    make_pipeline "$(echo "$MONGODB_URI" | sed 's/CANARY-password/CANARY-mistaken/')"
    up --history 1m --rate 2 --until-idle >"$directory/out" 2>&1 && fail "a wrong password did not matter"
    grep -q "'mcd-documents' stopped: MongoDB at 127.0.0.1:[0-9]*: cannot .*[Aa]uthentication failed" "$directory/out" ||
        fail "$(cat "$directory/out")"
    [ "$(grep -c "^20.*[Aa]uthentication failed" "$directory/out")" = 1 ] || fail "$(cat "$directory/out")"
    ! grep -q CANARY "$directory/out" || fail "a password is told: $(cat "$directory/out")"
    "$PROGRAM" config --config "$directory/drivethru.properties" >"$directory/config" 2>&1 || true
    ! grep -q CANARY "$directory/config" || fail "a password is shown: $(cat "$directory/config")"
    ! grep -rqa CANARY "$directory/data" || fail "a password is in the data"
}

part_tls() {
    make_pipeline "$MONGODB_URI"
    up --history 1m --rate 2 --until-idle >"$directory/out" 2>&1 || fail "$(cat "$directory/out")"
    verify
    rm -rf "$directory/data" "$directory/pipeline"
    # The machine's authorities do not know that certificate.
    make_pipeline "${MONGODB_URI%&tlsCAFile=*}"
    "$PROGRAM" up $(arguments) --history 1m --rate 2 >"$directory/out" 2>&1 &
    local pipeline=$!
    wait_for "waits: MongoDB at 127.0.0.1.*TLS handshake failed" "$directory/out"
    kill "$pipeline"
    wait "$pipeline" || fail "$(cat "$directory/out")"
}

if [ $# = 1 ]; then
    directory=$(mktemp -d)
    trap 'rm -rf "$directory"' EXIT
    "part_$1"
    ! grep -qE 'Sanitizer|runtime error' "$directory/out" || fail "$(cat "$directory/out")"
    echo "$1 is well"
    exit
fi
tests/services/mongodb "$0" away
MONGODB_LOGIN=1 tests/services/mongodb "$0" login
MONGODB_TLS=1 tests/services/mongodb "$0" tls
