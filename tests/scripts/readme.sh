#!/usr/bin/env bash
# readme -- every command of README.md's "What to try next" works beside a running pipeline, and so does
# the statement it suggests.
set -eu
cd "$(dirname "$0")/../.."
home=$(mktemp -d)
child=
trap '[ -z "$child" ] || kill -KILL "$child" 2>/dev/null || true; rm -rf "$home"' EXIT
die() { echo "$1"; cat "$home/err"; exit 1; }
part() { sed -n '/^## What to try next$/,$p' README.md | sed -n 's/^    //p'; }

mkdir -p "$home/build/release"
ln -s "$PROGRAM" "$home/build/release/drivethru"
cp -r pipeline "$home/pipeline"
part | sed -n '/^SET /,$p' >"$home/pipeline/10-mine.sql"
[ -s "$home/pipeline/10-mine.sql" ] || die "no statement in README.md"
part | grep -E '^(build/release/drivethru|sqlite3) ' >"$home/commands"
[ "$(wc -l <"$home/commands")" -ge 5 ] || die "no commands in README.md"
cd "$home"
DRIVETHRU_LISTEN=127.0.0.1:0 DRIVETHRU_REGISTRY_LISTEN=127.0.0.1:0 build/release/drivethru up --history 2m --rate 20 >"$home/out" 2>"$home/err" &
child=$!
for _ in $(seq 600); do
    grep -q '^orders [1-9].* documents [1-9]' "$home/out" && break
    kill -0 $child 2>/dev/null || die "up ended by itself"
    sleep 0.1
done
DRIVETHRU_SERVER=$(sed -n 's,^\(http://[^ ]*[0-9]\)/.*,\1,p' "$home/err" | head -n 1)
export DRIVETHRU_SERVER
while read -r line; do
    bash -c "$line" >"$home/answer" 2>&1 </dev/null || { echo "$line"; cat "$home/answer"; die "does not work"; }
    [ -s "$home/answer" ] || { echo "$line"; die "says nothing"; }
done <"$home/commands"
build/release/drivethru sql -e "SELECT * FROM BIG_ORDERS;" >"$home/answer" 2>&1 || { cat "$home/answer"; die "BIG_ORDERS"; }
kill -INT $child
wait $child || die "Ctrl-C: exit $?"
child=
