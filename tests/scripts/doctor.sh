#!/usr/bin/env bash
# doctor -- what drivethru doctor finds: nothing wrong, and each thing that can be, by its step and in words.
set -eu
cd "$(dirname "$0")/../.."
: "${PROGRAM:=$PWD/build/debug/drivethru}"
export DRIVETHRU_LISTEN=127.0.0.1:0 DRIVETHRU_REGISTRY_LISTEN=127.0.0.1:0
home=$(mktemp -d)
processes=
stop() {
    for process in $processes; do kill "$process" 2>/dev/null || true; done
    rm -rf "$home"
}
trap stop EXIT

# expect CODE PATTERN ARGUMENTS...: the exit code, and a line that matches.
expect() {
    local code=$1 pattern=$2 got=0
    shift 2
    timeout 120 "$PROGRAM" doctor --data "$home/data" "$@" >"$home/out" 2>"$home/err" </dev/null || got=$?
    [ "$got" = "$code" ] || { echo "doctor $*: exit $got, not $code"; cat "$home/out" "$home/err"; exit 1; }
    grep -qE -- "$pattern" "$home/out" || { echo "doctor $*: no '$pattern' in"; cat "$home/out"; exit 1; }
    ! grep -q heim "$home/out" "$home/err" || { echo "doctor $*: a password is shown"; exit 1; }
}
wait_for() { # FILE PATTERN
    for _ in $(seq 600); do
        ! grep -q "$2" "$1" 2>/dev/null || return 0
        sleep 0.1
    done
    cat "$1"
    exit 1
}

# This machine.
expect 0 '^ok +disk +sync +a durable write takes [0-9.]+ ms' --quiet
[ ! -s "$home/err" ] || { echo "not quiet:"; cat "$home/err"; exit 1; }
grep -qE '^ok +disk +directory' "$home/out" && grep -qE '^(ok|warning) +limits +open files' "$home/out" &&
    grep -qE '^(ok|warning) +clock +date' "$home/out" && grep -qE '^ok +log +topics +0 topics' "$home/out" ||
    { cat "$home/out"; exit 1; }
expect 1 '^FAILED +disk +directory .*/proc/nowhere' --data /proc/nowhere
expect 1 '^FAILED +ports +listen .*--insecure' --listen 10.0.0.1:8088
ulimit -S -n 500
expect 0 '^warning +limits +open files +500 may be open' --quiet
grep -q -- '-> .*ulimit -n' "$home/out" || { cat "$home/out"; exit 1; }

# A registry, and a port that is taken; then all that can be wrong on the way to it.
"$PROGRAM" up --data "$home/up" --pipeline "$home" --no-generate >"$home/server" 2>&1 &
processes="$processes $!"
wait_for "$home/server" '^schema registry http'
registry=$(sed -n 's/^schema registry \(http:[^ ]*[^/]\).*/\1/p' "$home/server")
taken=$(sed -n 's/^http:..\([0-9.:]*\).*/\1/p' "$home/server")
expect 0 "^warning +ports +listen .*${taken##*:}" --listen "$taken"
expect 0 '^ok +schema registry +version +8' --schema-registry-url "$registry"
grep -q 'schema registry: port of 127.0.0.1' "$home/err" || { echo "no progress:"; cat "$home/err"; exit 1; }
expect 4 '^FAILED +schema registry +name .*no-such-host' --schema-registry-url http://no-such-host.invalid:8081
expect 4 '^FAILED +schema registry +port .*refused' --schema-registry-url http://127.0.0.1:1
expect 4 '^FAILED +schema registry +TLS ' --schema-registry-url "https${registry#http}"
expect 1 '^FAILED +schema registry +settings .*keytool' --config <(echo "schema.registry.url=$registry
schema.registry.ssl.truststore.location=/x.jks")
expect 4 '^FAILED +Kafka +port .*refused' --bootstrap-servers 127.0.0.1:1
expect 4 '^FAILED +Kafka +name .*no-such-host' --bootstrap-servers no-such-host.invalid:9092
expect 4 '^FAILED +Kafka +answer .*127.0.0.1' --bootstrap-servers "$taken"
expect 1 '^FAILED +Kafka +settings .*acks' --config <(printf 'bootstrap.servers=127.0.0.1:1\nacks=0\n')
expect 4 '^FAILED +MongoDB +port .*refused' --config <(echo 'connection.uri=mongodb://u:geheim@127.0.0.1:1/')
expect 4 '^FAILED +MongoDB +answer ' --config <(echo "connection.uri=mongodb://u:geheim@$taken/?connectTimeoutMS=2000")
expect 4 '^FAILED +MongoDB +TLS ' --config <(echo "connection.uri=mongodb://u:geheim@$taken/?tls=true")
expect 4 '^FAILED +MongoDB +SRV record ' --config <(echo 'connection.uri=mongodb+srv://u:geheim@cluster0.no-such-host.invalid/')
expect 1 '^FAILED +MongoDB +settings .*mongodb://' --config <(echo 'connection.uri=geheim')

echo ok >"$home/mode"
openssl req -x509 -newkey rsa:2048 -nodes -days 90 -subj /CN=registry -addext subjectAltName=IP:127.0.0.1 \
    -keyout "$home/key" -out "$home/ca.pem" 2>/dev/null
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other -addext subjectAltName=DNS:other.example \
    -keyout "$home/otherkey" -out "$home/other.pem" 2>/dev/null
mkdir "$home/localhost"
tests/services/certificates "$home/localhost"
cat "$home/key" "$home/ca.pem" >"$home/both"
cat "$home/otherkey" "$home/other.pem" >"$home/otherboth"
python3 tests/services/registry_proxy.py "$registry" "$home/mode" clerk:geheim "$home/both" >"$home/port" &
processes="$processes $!"
python3 tests/services/registry_proxy.py "$registry" "$home/mode" clerk:geheim "$home/otherboth" >"$home/otherport" &
processes="$processes $!"
python3 tests/services/registry_proxy.py "$registry" "$home/mode" clerk:geheim "$home/localhost/expired.pem" >"$home/expiredport" &
processes="$processes $!"
wait_for "$home/port" .
wait_for "$home/otherport" .
wait_for "$home/expiredport" .
advises() { grep -qE -- "-> .*$1" "$home/out" || { echo "no advice '$1':"; cat "$home/out"; exit 1; }; }
settings() { # PORT PASSWORD CA
    printf 'schema.registry.url=https://127.0.0.1:%s\nbasic.auth.user.info=clerk:%s\nschema.registry.ssl.ca.location=%s\n' "$@" \
        >"$home/settings"
}
settings "$(cat "$home/port")" geheim "$home/ca.pem"
expect 0 '^ok +schema registry +TLS ' --config "$home/settings"
grep -qE "TLS +the certificate is trusted.*'CN = registry', issued by 'CN = registry', for IP Address:127.0.0.1" "$home/out" &&
    grep -qE '^ok +schema registry +permission' "$home/out" && grep -qE '^ok +schema registry +clock' "$home/out" ||
    { cat "$home/out"; exit 1; }
echo early >"$home/mode"
expect 0 '^warning +schema registry +clock .*behind ours' --config "$home/settings"
echo ok >"$home/mode"
settings "$(cat "$home/port")" daheim "$home/ca.pem"
expect 1 '^FAILED +schema registry +login .*401' --config "$home/settings"
settings "$(cat "$home/port")" geheim "$home/other.pem"
expect 1 "^FAILED +schema registry +TLS .*certificate.*issued by 'CN = registry'" --config "$home/settings"
advises "'schema.registry.ssl.ca.location' has to name"
settings "$(cat "$home/port")" geheim "$home/no.pem"
expect 1 '^FAILED +schema registry +TLS ' --config "$home/settings"
advises 'names no file of PEM certificates'
settings "$(cat "$home/otherport")" geheim "$home/other.pem"
expect 1 "^FAILED +schema registry +TLS .*(name|127.0.0.1).*for DNS:other.example" --config "$home/settings"
advises "another host's"
settings "$(cat "$home/expiredport")" geheim "$home/localhost/ca.pem"
sed -i 's,https://127.0.0.1:,https://localhost:,' "$home/settings"
expect 1 "^FAILED +schema registry +TLS .*expired" --config "$home/settings"
advises 'out of date'
settings "$(cat "$home/port")" geheim "$home/ca.pem"
expect 4 '^FAILED +schema registry +answer .*is the URL.s path right' --config "$home/settings" \
    --schema-registry-url "https://127.0.0.1:$(cat "$home/port")/nowhere"
echo 403 >"$home/mode"
expect 1 '^FAILED +schema registry +permission .*403' --config "$home/settings"
echo 500 >"$home/mode"
expect 4 '^FAILED +schema registry +answer .*answers 500' --config "$home/settings"
