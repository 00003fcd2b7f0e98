#!/usr/bin/env bash
# docs -- what docs/walk.md names is there: files, and functions in the source.
set -eu
cd "$(dirname "$0")/../.."
missing=0
for name in $(grep -oE '`[a-z_]+\(\)`' docs/walk.md | tr -d '`()' | sort -u); do
    grep -rqE "^[a-z].*[ *]$name\(|^$name\(" src --include=*.c || { echo "docs/walk.md: no function $name()"; missing=1; }
done
for name in $(grep -oE '`[a-z_/]+\.[ch]`' docs/walk.md | tr -d '`' | sort -u); do
    [ -n "$(find src -path "*/${name#src/}" -print -quit)" ] || { echo "docs/walk.md: no file $name"; missing=1; }
done
exit $missing
