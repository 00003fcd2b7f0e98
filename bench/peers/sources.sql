-- Both sides are keyed by the order; peer_joined is what Kafka Streams writes, copied the plain copy.
CREATE STREAM orders_keyed (order_id STRING KEY) WITH (KAFKA_TOPIC='orders_keyed', VALUE_FORMAT='AVRO', PARTITIONS=4);
CREATE STREAM payments_keyed (order_id STRING KEY) WITH (KAFKA_TOPIC='payments_keyed', VALUE_FORMAT='AVRO', PARTITIONS=4);
CREATE STREAM peer_joined (order_id STRING KEY, customer_id STRING)
    WITH (KAFKA_TOPIC='peer_joined', VALUE_FORMAT='JSON', PARTITIONS=4);
CREATE STREAM copied (order_id STRING KEY, customer_id STRING)
    WITH (KAFKA_TOPIC='copied', VALUE_FORMAT='JSON', PARTITIONS=4);
