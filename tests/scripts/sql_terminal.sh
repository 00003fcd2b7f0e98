#!/usr/bin/env bash
# sql_terminal -- somebody types into the SQL shell: lines, keys, completion, history, Ctrl-C.
set -eu
cd "$(dirname "$0")/../.."
exec python3 tests/scripts/sql_terminal.py "$PROGRAM"
