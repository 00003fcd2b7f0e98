#!/usr/bin/env bash
# ksql_python_ng -- PyPI's ksql-python-ng, unmodified.
set -eu
cd "$(dirname "$0")/../.."
# It hands httpx an argument that 0.28 no longer has.
python=$(tests/clients/install python ksql-python-ng==0.29.0.1 'httpx[http2]==0.27.2')
exec tests/clients/with_server "$python" tests/clients/use_ksql_python_ng.py
