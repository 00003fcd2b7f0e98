#!/usr/bin/env bash
# slow -- a push query whose client takes nothing is ended and told so; one that catches up is not.
set -eu
cd "$(dirname "$0")/../.."
exec tests/clients/with_server python3 tests/clients/use_slowly.py
