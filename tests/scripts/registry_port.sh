#!/usr/bin/env bash
# registry_port -- up serves the registry on 8081 unless told otherwise; a port in use there is a warning,
# a port that was named and is in use an end.
set -eu
cd "$(dirname "$0")/../.."
: "${PROGRAM:=$PWD/build/debug/drivethru}"
export DRIVETHRU_LISTEN=127.0.0.1:0
unset DRIVETHRU_REGISTRY_LISTEN
home=$(mktemp -d)
holder=
stop() {
    [ -z "$holder" ] || kill "$holder" 2>/dev/null || true
    rm -rf "$home"
}
trap stop EXIT

# Holds the port; if somebody has it already it is in use as well.
python3 -c '
import socket, sys, time
with socket.socket() as held:
    try:
        held.bind(("127.0.0.1", 8081))
        held.listen()
    except OSError:
        pass
    print("held", flush=True)
    time.sleep(300)' >"$home/held" &
holder=$!
for _ in $(seq 300); do
    grep -q held "$home/held" && break
    sleep 0.1
done

"$PROGRAM" up --data "$home/data" --pipeline pipeline --orders 20 --no-live --until-idle >"$home/out" 2>&1 ||
    { echo "up ended:"; cat "$home/out"; exit 1; }
grep -q 'the schema registry is not served: .*8081.*--registry-listen' "$home/out" || { cat "$home/out"; exit 1; }
code=0
"$PROGRAM" up --data "$home/data" --pipeline pipeline --registry-listen 127.0.0.1:8081 --until-idle >"$home/out" 2>&1 || code=$?
[ "$code" = 4 ] || { echo "exit $code, not 4"; cat "$home/out"; exit 1; }
grep -q '8081.*--registry-listen' "$home/out" || { cat "$home/out"; exit 1; }
"$PROGRAM" up --data "$home/data" --pipeline pipeline --registry-listen '' --until-idle --no-generate >"$home/out" 2>&1 ||
    { cat "$home/out"; exit 1; }
! grep -q 'registry http' "$home/out" || { echo "served nowhere is served:"; cat "$home/out"; exit 1; }
