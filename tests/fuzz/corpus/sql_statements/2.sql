CREATE TABLE o WITH (kafka_topic='x', value_format='AVRO', partitions=3) AS SELECT k, LATEST_BY_OFFSET(i, 2) FROM s GROUP BY k;
