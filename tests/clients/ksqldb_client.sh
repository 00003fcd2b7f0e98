#!/usr/bin/env bash
# ksqldb_client -- npm's ksqldb-client, unmodified.
set -eu
cd "$(dirname "$0")/../.."
NODE_PATH=$(tests/clients/install node ksqldb-client@1.0.5)
export NODE_PATH
exec tests/clients/with_server node tests/clients/use_ksqldb_client.js
