#!/usr/bin/env bash
# ksqldb -- PyPI's ksqldb, unmodified.
set -eu
cd "$(dirname "$0")/../.."
python=$(tests/clients/install python ksqldb==1.0.1 'httpx[http2]==0.28.1')
exec tests/clients/with_server "$python" tests/clients/use_ksqldb.py
