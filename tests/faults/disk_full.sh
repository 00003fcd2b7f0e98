#!/usr/bin/env bash
# disk_full -- the disk fills up under the running pipeline: it says so, waits, and goes on by itself
# when there is room; nothing is lost, nothing twice. The same for a limit on the log's size.
#
# A small file system in memory where we may mount one, and a limit on the size of files everywhere.
set -u
cd "$(dirname "$0")/../.."
export DRIVETHRU_LISTEN=127.0.0.1:0 DRIVETHRU_REGISTRY_LISTEN=127.0.0.1:0
program=${RELEASE_PROGRAM:-build/release/drivethru}
directory=$(mktemp -d)
data=$directory/data
child=
mounted=
trap '[ -z "$child" ] || kill -KILL $child 2>/dev/null; [ -z "$mounted" ] || umount -l "$data"; rm -rf "$directory"' EXIT
arguments="--data $data --seed 11 --start 2026-01-31T10:00:00 --history 20m --rate 40 --no-live --threads 2"

start() { # FLAGS...
    >"$directory/out"
    "$program" up $arguments --until-idle "$@" >"$directory/out" 2>"$directory/err" &
    child=$!
}

# Until a new line says that there is no room; then a little longer, so that it is no passing moment.
wait_until_full() { # CASE
    local seen
    seen=$(wc -l <"$directory/out")
    is_full() { tail -n "+$((seen + 1))" "$directory/out" | grep -q 'has no room'; }
    for _ in $(seq 600); do
        is_full && { sleep 1; break; }
        kill -0 $child 2>/dev/null || break
        sleep 0.1
    done
    if ! kill -0 $child 2>/dev/null || ! is_full; then
        echo "$1: it did not wait for room"
        tail -n 5 "$directory/out" "$directory/err"
        exit 1
    fi
}

interrupt() { # CASE
    kill -INT $child
    for _ in $(seq 600); do kill -0 $child 2>/dev/null || break; sleep 0.1; done
    kill -KILL $child 2>/dev/null && { echo "$1: an interrupt does not end it"; exit 1; }
    wait $child || { echo "$1: exit $?"; tail -n 5 "$directory/err"; exit 1; }
    child=
}

wait_and_verify() { # CASE
    wait $child
    local code=$?
    child=
    if [ $code != 0 ] || ! "$program" verify --data "$data" --quiet >"$directory/verified"; then
        echo "$1: exit $code"
        tail -n 5 "$directory/out" "$directory/err" "$directory/verified"
        exit 1
    fi
    echo "$1: $(tail -n 1 "$directory/out")"
}

# A limit on the size of files, as a quota would set it.
mkdir "$data"
>"$directory/out"
(ulimit -S -f 12000 && exec "$program" up $arguments --until-idle >"$directory/out" 2>"$directory/err") &
child=$!
wait_until_full "file size"
prlimit --pid $child --fsize=unlimited
wait_and_verify "file size"

# The same, killed while it waits: it starts on the full disk's leavings.
rm -rf "$data"
mkdir "$data"
>"$directory/out"
(ulimit -S -f 12000 && exec "$program" up $arguments --until-idle >"$directory/out" 2>"$directory/err") &
child=$!
wait_until_full "killed when full"
kill -KILL $child
wait $child 2>/dev/null
start
wait_and_verify "killed when full"

# log.bytes.max: an interrupt ends it while it waits, a larger limit lets it go on.
rm -rf "$data"
start --log-bytes-max 16000000
wait_until_full "log.bytes.max"
interrupt "log.bytes.max"
start --log-bytes-max 1000000000
wait_and_verify "log.bytes.max"

# A disk that is full for all files.
rm -rf "$data"
mkdir "$data"
mount -t tmpfs -o size=24m none "$data" 2>/dev/null || { echo "no small disk: not mounted"; exit 0; }
mounted=yes
start
wait_until_full "small disk"
mount -o remount,size=40m "$data"
sleep 2
wait_until_full "larger disk"
interrupt "larger disk"
mount -o remount,size=1g "$data"
start
wait_and_verify "small disk"
