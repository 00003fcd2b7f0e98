#!/usr/bin/env bash
# registry_compare -- asks the registry inside and Apicurio the same: they differ where docs/registry.md says.
set -eu
cd "$(dirname "$0")/../../.."
: "${PROGRAM:=$PWD/build/debug/drivethru}"
export PROGRAM
[ -n "${REGISTRY_URL:-}" ] || exec tests/services/registry "$0"

home=$(mktemp -d)
mkdir "$home/pipeline"
server=
stop() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$home"
}
trap stop EXIT
"$PROGRAM" up --data "$home/data" --pipeline "$home/pipeline" --no-generate --listen 127.0.0.1:0 \
    --registry-listen 127.0.0.1:0 >"$home/out" 2>&1 &
server=$!
for _ in $(seq 600); do
    ours=$(sed -n 's/^schema registry \(http:[^ ]*[^/]\).*/\1/p' "$home/out")
    [ -z "$ours" ] || break
    kill -0 "$server" 2>/dev/null || { cat "$home/out"; exit 1; }
    sleep 0.1
done
timeout 300 python3 tests/services/compare_registries.py "$ours" "$REGISTRY_URL" >"$home/differences"
diff tests/services/registry_differences.txt "$home/differences"
