#!/usr/bin/env bash
# confluentinc_schemaregistry -- npm's @confluentinc/schemaregistry, unmodified.
set -eu
cd "$(dirname "$0")/../.."
NODE_PATH=$(tests/clients/install node @confluentinc/schemaregistry@1.10.1)
export NODE_PATH
exec tests/clients/with_server node tests/clients/use_confluentinc_schemaregistry.js
