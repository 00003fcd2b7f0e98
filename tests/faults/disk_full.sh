#!/usr/bin/env bash
# disk_full -- the disk fills up under the running pipeline: it waits and says so; with more room it
# goes on, and nothing is lost. Needs root, for a file system of its own.
set -eu
cd "$(dirname "$0")/../.."
export DRIVETHRU_LISTEN=127.0.0.1:0
program=${RELEASE_PROGRAM:-build/release/drivethru}
[ "$(id -u)" = 0 ] || { echo "needs root for a small file system"; exit 77; }
disk=$(mktemp -d)
out=$(mktemp)
mount -t tmpfs -o size=24m tmpfs "$disk" 2>/dev/null || { rmdir "$disk"; echo "cannot mount a small file system"; exit 77; }
child=
trap '[ -z "$child" ] || kill -KILL "$child" 2>/dev/null || true; umount -l "$disk"; rm -rf "$disk" "$out"' EXIT
up() { exec "$program" up --data "$disk/data" --pipeline pipeline --seed 4 --start 2026-01-31T10:00:00 --history 1h --rate 10 "$@"; }
die() { echo "$1"; tail -n 20 "$out"; exit 1; }

(up) >"$out" 2>&1 &
child=$!
for _ in $(seq 600); do
    grep -q 'no room' "$out" && break
    kill -0 $child 2>/dev/null || die "it ended on a full disk"
    sleep 0.1
done
grep -q 'no room' "$out" || die "it does not say that the disk is full"
kill -INT $child
code=0
wait $child || code=$?
child=
[ $code = 0 ] || die "Ctrl-C on a full disk: exit $code"

mount -o remount,size=1g "$disk"
(up --until-idle) >"$out" 2>&1 || die "it does not go on: exit $?"
"$program" verify --data "$disk/data" --quiet
