#!/usr/bin/env bash
# secrets -- a pipeline whose settings hold passwords shows them to nobody: not in its words, its pages, its
# answers, its tables or the list of processes.
set -eu
cd "$(dirname "$0")/../.."
: "${PROGRAM:=$PWD/build/debug/drivethru}"
export DRIVETHRU_LISTEN=127.0.0.1:0
home=$(mktemp -d)
processes=
stop() {
    for process in $processes; do kill "$process" 2>/dev/null || true; done
    rm -rf "$home"
}
trap stop EXIT
wait_for() { # FILE PATTERN
    for _ in $(seq 900); do
        ! grep -q "$2" "$1" 2>/dev/null || return 0
        sleep 0.1
    done
    echo "no '$2' in:"
    cat "$1"
    exit 1
}

# A registry that wants a login, and a pipeline that has it from a file.
mkdir "$home/pipeline"
"$PROGRAM" up --data "$home/registry" --pipeline "$home/pipeline" --no-generate --registry-listen 127.0.0.1:0 \
    >"$home/server" 2>&1 &
processes="$processes $!"
wait_for "$home/server" '^schema registry http'
echo ok >"$home/mode"
python3 tests/services/registry_proxy.py "$(sed -n 's/^schema registry \(http:[^ ]*[^/]\).*/\1/p' "$home/server")" \
    "$home/mode" clerk:geheim1 >"$home/port" &
processes="$processes $!"
wait_for "$home/port" .
printf 'registry=geheim1\n' >"$home/passwords"
cat >"$home/settings" <<SETTINGS
schema.registry.url=http://127.0.0.1:$(cat "$home/port")
basic.auth.user.info=clerk:\${file:$home/passwords:registry}
server.password=geheim2
sasl.password=geheim3
sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="geheim4";
seed=\${env:TEST_SEED}
SETTINGS
TEST_SEED=7 "$PROGRAM" up --config "$home/settings" --data "$home/data" --pipeline pipeline --orders 50 >"$home/up" 2>&1 &
up=$!
processes="$processes $up"
wait_for "$home/up" '^http://'
url=$(sed -n 's/^\(http:[0-9/.:]*[0-9]\).*/\1/p' "$home/up" | head -n 1)

tr '\0' ' ' <"/proc/$up/cmdline" >"$home/seen"
curl -sS -m 20 "$url/ksql" -d '{"ksql":"SHOW PROPERTIES;"}' >"$home/properties"
for path in / /info /healthcheck /clusterStatus /api/pipeline /api/snapshot; do curl -sS -m 20 "$url$path"; done >>"$home/seen"
TEST_SEED=7 "$PROGRAM" config show --origin --config "$home/settings" >"$home/config"
# The registry goes, and a login is refused: words about both.
echo 500 >"$home/mode"
TEST_SEED=7 "$PROGRAM" registry list --config "$home/settings" --data "$home/data" >>"$home/seen" 2>&1 || true
echo ok >"$home/mode"
printf 'registry=geheim5\n' >"$home/passwords"
TEST_SEED=7 "$PROGRAM" registry list --config "$home/settings" --data "$home/data" >>"$home/seen" 2>&1 || true
TEST_SEED=7 "$PROGRAM" doctor --config "$home/settings" --data "$home/data" >>"$home/seen" 2>&1 || true
kill "$up"
wait "$up" || { cat "$home/up"; exit 1; }

for name in basic.auth.user.info server.password sasl.password sasl.jaas.config; do
    grep -qE "^$name +\[hidden\]" "$home/config" || { echo "$name:"; cat "$home/config"; exit 1; }
    grep -q "\"$name\",*[^}]*\[hidden\]" "$home/properties" || { echo "$name:"; cat "$home/properties"; exit 1; }
done
grep -qE '^seed +\[hidden\]' "$home/config" || { cat "$home/config"; exit 1; }
! grep -n geheim "$home/seen" "$home/properties" "$home/config" "$home/up" || { echo "a secret is shown"; exit 1; }
! grep -aq 'geheim[2345]' "$home/data/log.mdb" || { echo "a secret is in the log"; exit 1; }
