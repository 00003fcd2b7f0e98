#!/usr/bin/env bash
# bench -- a tiny run of what users measure with: it works, its rows are right, it leaves nothing.
set -eu
cd "$(dirname "$0")/../.."
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
export TMPDIR=$directory

"$PROGRAM" bench --orders 300 --seed 5 --unsynced >"$directory/out"
for line in machine seed commit generate join verify restart; do
    grep -q "^$line " "$directory/out" || { echo "no line '$line':"; cat "$directory/out"; exit 1; }
done
grep -q '^verify .*[1-9][0-9]* rows, 0 of them' "$directory/out" || { cat "$directory/out"; exit 1; }
rm "$directory/out"

"$PROGRAM" bench commit --unsynced | grep -q '^join' && { echo "more than asked for"; exit 1; }
"$PROGRAM" bench --help | grep -q 'drivethru bench join' || { echo "no examples"; exit 1; }
code=0
"$PROGRAM" bench nothing 2>"$directory/err" || code=$?
[ "$code" = 2 ] && grep -q "no benchmark 'nothing'" "$directory/err" || { echo "exit $code"; exit 1; }
rm "$directory/err"
left=$(ls "$directory")
[ -z "$left" ] || { echo "left behind: $left"; exit 1; }
