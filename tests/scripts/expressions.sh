#!/usr/bin/env bash
# expressions -- random scalar expressions over random rows, against exact arithmetic in Python.
#
# usage: expressions.sh [SEED [ROUNDS]]
set -eu
cd "$(dirname "$0")/../.."
exec python3 tests/scripts/expressions.py "$PROGRAM" "$@"
