#!/usr/bin/env bash
# mongodb_doctor -- what `doctor` says of a MongoDB that is there, wants a login, and speaks TLS: each step by
# its name, and no secret.
set -eu
cd "$(dirname "$0")/../../.."
: "${PROGRAM:=$PWD/build/debug/drivethru}"
export PROGRAM DRIVETHRU_LISTEN=127.0.0.1:0 DRIVETHRU_REGISTRY_LISTEN=127.0.0.1:0
case ${1:-} in
'')
    tests/services/mongodb "$0" plain
    MONGODB_LOGIN=1 tests/services/mongodb "$0" login
    MONGODB_TLS=1 exec tests/services/mongodb "$0" tls
    ;;
esac
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT

expect() { # CODE PATTERN URI
    local code=0
    echo "connection.uri=$3" >"$home/settings"
    timeout 120 "$PROGRAM" doctor --quiet --data "$home/data" --config "$home/settings" >"$home/out" 2>&1 </dev/null || code=$?
    [ "$code" = "$1" ] || { echo "exit $code, not $1"; cat "$home/out"; exit 1; }
    grep -qE "$2" "$home/out" || { echo "no '$2' in"; cat "$home/out"; exit 1; }
    ! grep -qE 'CANARY|wrong' "$home/out" || { echo "a password is shown"; exit 1; }
}

case $1 in
plain)
    expect 0 '^ok +MongoDB +answer ' "$MONGODB_URI"
    for step in 'ok +MongoDB +permission +.mcd. can be read' 'ok +MongoDB +version +[0-9]' \
        'warning +MongoDB +kind +a standalone server' 'ok +MongoDB +clock +agrees'; do
        expect 0 "^$step" "$MONGODB_URI"
    done
    expect 4 '^FAILED +MongoDB +TLS ' "$MONGODB_URI?tls=true"
    ;;
login)
    expect 0 '^ok +MongoDB +login +taken' "$MONGODB_URI"
    expect 1 '^FAILED +MongoDB +login ' "${MONGODB_URI/CANARY-password/wrong}"
    grep -q -- '-> user and password are' "$home/out" || { cat "$home/out"; exit 1; }
    ;;
tls)
    expect 0 "^(ok|warning) +MongoDB +TLS .*issued by 'CN = localhost', for IP Address:127.0.0.1" "$MONGODB_URI"
    grep -qE '^ok +MongoDB +answer' "$home/out" || { cat "$home/out"; exit 1; }
    expect 1 '^FAILED +MongoDB +TLS .*issued by' "${MONGODB_URI%%&*}"
    grep -q -- "-> 'tlsCAFile' has to name" "$home/out" || { cat "$home/out"; exit 1; }
    expect 1 '^FAILED +MongoDB +TLS ' "${MONGODB_URI/127.0.0.1/localhost}"
    grep -q -- "-> it is another host's" "$home/out" || { cat "$home/out"; exit 1; }
    # It answers nobody who does not speak TLS.
    expect 4 '^FAILED +MongoDB +answer ' "${MONGODB_URI%%\?*}?connectTimeoutMS=3000"
    ;;
esac
