#!/usr/bin/env bash
# confluent_kafka -- PyPI's confluent-kafka against the Schema Registry's API, unmodified.
set -eu
cd "$(dirname "$0")/../.."
python=$(tests/clients/install python 'confluent-kafka[avro,schemaregistry]==2.16.0')
exec tests/clients/with_server "$python" tests/clients/use_confluent_kafka.py
