#!/usr/bin/env bash
# docs -- what docs/walk.md names is there: files, functions, and functions in the files named behind them.
set -eu
cd "$(dirname "$0")/../.."
missing=0
has() { # FUNCTION GREP-ARGUMENTS...
    local name=$1
    shift
    grep -qE "^[a-z].*[ *]$name\(|^$name\(" "$@"
}
for name in $(grep -oE '`[a-z_]+\(\)`' docs/walk.md | tr -d '`()' | sort -u); do
    has "$name" -r src --include=*.c || { echo "docs/walk.md: no function $name()"; missing=1; }
done
for name in $(grep -oE '`[a-z_/]+\.[ch]`' docs/walk.md | tr -d '`' | sort -u); do
    [ -n "$(find src -path "*/${name#src/}" -print -quit)" ] || { echo "docs/walk.md: no file $name"; missing=1; }
done
# "`name()` in `file.c`", "`name()` (`file.c`", also over the end of a line
while read -r name file; do
    has "$name" $(find src -path "*/$file") /dev/null || { echo "docs/walk.md: no function $name() in $file"; missing=1; }
done < <(tr '\n' ' ' <docs/walk.md | grep -oE '`[a-z0-9_]+\(\)` (in |\()`[a-z0-9_/]+\.c`' |
    sed -E 's/`([a-z0-9_]+).*`([^`]+)`/\1 \2/')
exit $missing
