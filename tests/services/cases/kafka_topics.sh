#!/usr/bin/env bash
# kafka_topics -- topics that SQL makes on three brokers have the partitions, replicas and retention that WITH says, or
# the left-most source has; internal ones keep everything, of any time.
set -eu
cd "$(dirname "$0")/../../.."
[ -n "${BOOTSTRAP:-}" ] || exec tests/services/kafka --brokers 3 "$0"
program=${PROGRAM:-build/debug/drivethru}
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT
cat >"$data/pipeline.sql" <<'SQL'
CREATE STREAM a (k STRING KEY, v INT) WITH (KAFKA_TOPIC='a', VALUE_FORMAT='JSON', PARTITIONS=2, REPLICAS=2, RETENTION_MS=7200000);
CREATE STREAM b WITH (KAFKA_TOPIC='b') AS SELECT * FROM a;
CREATE STREAM c WITH (KAFKA_TOPIC='c', PARTITIONS=3, REPLICAS=1, RETENTION_MS=3600000) AS SELECT * FROM a;
CREATE STREAM d (k STRING KEY, v INT) WITH (KAFKA_TOPIC='d', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE e WITH (KAFKA_TOPIC='e') AS SELECT v, COUNT(*) AS n FROM a GROUP BY v;
SQL
echo "bootstrap.servers=$BOOTSTRAP" >"$data/kafka.properties"

run() { # SERVICE SETTING...
    local service=$1
    shift
    { echo "bootstrap.servers=$BOOTSTRAP"; printf '%s\n' "$@"; } >"$data/$service.properties"
    timeout 120 "$program" run "$data/pipeline.sql" --config "$data/$service.properties" --data "$data/$service" \
        --service-id "$service" --until-idle >"$data/$service.log" 2>&1 || { tail -n 10 "$data/$service.log"; exit 1; }
}

# has TOPIC PARTITIONS REPLICAS
has() {
    local said
    said=$(kcat -b "$BOOTSTRAP" -L -t "$1" | awk '/^    partition/ { n++; gsub(/.*replicas: |, isrs.*/, ""); r = split($0, x, ",") } END { print n, r }')
    [ "$said" = "$2 $3" ] || { echo "'$1' has partitions and replicas $said, not $2 $3"; exit 1; }
}

# says TOPIC SETTING VALUE
says() {
    java -cp "$KAFKA_JARS/*" kafka.admin.ConfigCommand --bootstrap-server "$BOOTSTRAP" --describe --all \
        --entity-type topics --entity-name "$1" >"$data/config" 2>&1
    shift
    while [ $# -gt 0 ]; do
        grep -q "^  *$1=$2 " "$data/config" || { echo "not $1=$2 but:"; grep "$1=" "$data/config"; exit 1; }
        shift 2
    done
}

run one_
has a 2 2
has b 2 2
has c 3 1
has d 1 3
has e 2 2
says a retention.ms 7200000 cleanup.policy delete
says b retention.ms 7200000 cleanup.policy delete
says c retention.ms 3600000
says d retention.ms -1
says e cleanup.policy compact
internal=$(kcat -b "$BOOTSTRAP" -L | sed -n 's/^  topic "\(_confluent-ksql-one_.*\)" with.*/\1/p')
[ "$(echo "$internal" | grep -cE -- '-(repartition|changelog)$')" = 2 ] || { echo "no repartition and changelog topic: $internal"; exit 1; }
for topic in $internal; do
    case $topic in *-repartition | *-changelog) ;; *) continue ;; esac
    has "$topic" 2 3
    says "$topic" retention.ms -1 retention.bytes -1 message.timestamp.type CreateTime \
        message.timestamp.before.max.ms 9223372036854775807 message.timestamp.after.max.ms 9223372036854775807
done

run two_ ksql.internal.topic.replicas=2
internal=$(kcat -b "$BOOTSTRAP" -L | sed -n 's/^  topic "\(_confluent-ksql-two_.*-\(repartition\|changelog\)\)" with.*/\1/p')
[ "$(echo "$internal" | wc -w)" = 2 ] || { echo "no repartition and changelog topic: $internal"; exit 1; }
for topic in $internal; do has "$topic" 2 2; done

# What cannot be is said.
echo "CREATE STREAM f (k INT KEY) WITH (KAFKA_TOPIC='f', VALUE_FORMAT='JSON', PARTITIONS=1, REPLICAS=4);" >"$data/four.sql"
code=0
"$program" run "$data/four.sql" --config "$data/one_.properties" --data "$data/one_" --service-id four_ --until-idle >"$data/log" 2>&1 || code=$?
[ "$code" = 1 ] && grep -qi 'replica' "$data/log" || { echo "four replicas end with $code:"; tail -n 3 "$data/log"; exit 1; }
