#!/usr/bin/env bash
# docs -- what docs/ and ARCHITECTURE.md name is there: files, functions, and functions in the files named
# behind them. `x.c` stands for a file that somebody adds, `*` for several.
set -eu
cd "$(dirname "$0")/../.."
missing=0
miss() { echo "$1"; missing=1; }
has() { # FUNCTION GREP-ARGUMENTS...
    local name=$1
    shift
    grep -qE "^[a-z].*[ *]$name\(|^$name\(" "$@"
}
all=$(git ls-files 2>/dev/null || find . -type f -not -path './build*' | sed 's,^\./,,')
is_there() { # PATH, or its end
    [ -e "$1" ] || grep -qE "(^|/)${1//./\\.}\$" <<<"$all"
}
for page in ARCHITECTURE.md docs/*.md; do
    for name in $(grep -oE '`[a-z_]+\(\)`' "$page" | tr -d '`()' | sort -u); do
        has "$name" -r src --include=*.[ch] || miss "$page: no function $name()"
    done
    # `window.c`, `flow/window.c`; what begins in a directory of ours, also without quotes
    for name in $({
        grep -oE '`[a-z][A-Za-z0-9_/.-]*\.(c|h|def|sh|py|ts|css|sql|json|yaml|service|build)`' "$page" | tr -d '`'
        grep -oE '(^|[ `(])(src|tests|tools|web|pipeline|bench|deploy|docs)/[A-Za-z0-9_./-]*[A-Za-z0-9_]' "$page" | tr -d ' `('
    } | sort -u); do
        case /$name in
        */x.*|*_x.*|/room/*) ;;
        *) is_there "$name" || miss "$page: no file $name" ;;
        esac
    done
    # "`name()` in `file.c`", "`name()` (`file.c`", also over the end of a line
    while read -r name file; do
        has "$name" $(find src -path "*/$file") /dev/null || miss "$page: no function $name() in $file"
    done < <(tr '\n' ' ' <"$page" | grep -oE '`[a-z0-9_]+\(\)` (in |\()`[a-z0-9_/]+\.c`' |
        sed -E 's/`([a-z0-9_]+).*`([^`]+)`/\1 \2/')
done
exit $missing
