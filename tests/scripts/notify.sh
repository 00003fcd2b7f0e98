#!/usr/bin/env bash
# notify -- what a service manager hears from `up` and `run`: ready when it is, alive while it is, stopping.
set -eu
cd "$(dirname "$0")/../.."
export DRIVETHRU_LISTEN=127.0.0.1:0 DRIVETHRU_REGISTRY_LISTEN=127.0.0.1:0
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
echo "CREATE STREAM t (a INT) WITH (KAFKA_TOPIC='t', PARTITIONS=1, VALUE_FORMAT='JSON');
CREATE STREAM u AS SELECT * FROM t EMIT CHANGES;" >"$home/run.sql"

hears() { # SOCKET COMMAND...: it is asked to end after its second sign of life
    python3 - "$@" <<'PYTHON'
import os, signal, socket, subprocess, sys
name, command = sys.argv[1], sys.argv[2:]
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(name.replace('@', '\0', 1))
manager.settimeout(120)
child = subprocess.Popen(command, env=dict(os.environ, NOTIFY_SOCKET=name), stderr=subprocess.DEVNULL)
heard = [manager.recv(4096)]
while heard[-1] != b'STOPPING=1':
    if heard.count(b'WATCHDOG=1') == 2:
        child.send_signal(signal.SIGTERM)
    heard.append(manager.recv(4096))
child.wait(120)
alive = [one for one in heard if one == b'WATCHDOG=1']
assert heard == [b'READY=1', *alive, b'STOPPING=1'] and len(alive) >= 2, heard
PYTHON
}
hears "$home/socket" "$PROGRAM" up --data "$home/data" --pipeline "$home" --no-generate --quiet
hears "@drivethru-$$" "$PROGRAM" run "$home/run.sql" --data "$home/other"

# Nobody there, and no name of a socket: it runs all the same.
for name in "$home/nobody" relative ''; do
    NOTIFY_SOCKET=$name timeout 120 "$PROGRAM" up --data "$home/data" --pipeline "$home" --no-generate --until-idle \
        --quiet 2>"$home/err" || { cat "$home/err"; exit 1; }
done
