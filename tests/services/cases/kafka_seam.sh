#!/usr/bin/env bash
# kafka_seam -- what log.h promises of every backend, of Kafka.
set -eu
cd "$(dirname "$0")/../../.."
[ -n "${BOOTSTRAP:-}" ] || exec tests/services/kafka "$0"
exec "$(dirname "${PROGRAM:-build/debug/drivethru}")/tests/unit-log-seam"
