#!/usr/bin/env bash
# kafkajs_registry -- npm's @kafkajs/confluent-schema-registry, unmodified.
set -eu
cd "$(dirname "$0")/../.."
NODE_PATH=$(tests/clients/install node @kafkajs/confluent-schema-registry@4.1.0)
export NODE_PATH
exec tests/clients/with_server node tests/clients/use_kafkajs_registry.js
