-- The two topics that registers and payment terminals write.
SET 'auto.offset.reset'='earliest';

CREATE STREAM mcd_orders_stream (
    order_id STRING,
    customer_id STRING,
    order_total DOUBLE,
    order_items ARRAY<STRUCT<item_name STRING, quantity INT, price DOUBLE>>,
    order_time TIMESTAMP
) WITH (
    KAFKA_TOPIC='mcd_orders', KEY_FORMAT='KAFKA', VALUE_FORMAT='AVRO', TIMESTAMP='order_time'
);

CREATE STREAM mcd_payments_stream (
    payment_id STRING,
    order_id STRING,
    payment_amount DOUBLE,
    payment_method STRING,
    payment_time TIMESTAMP
) WITH (
    KAFKA_TOPIC='mcd_payments', KEY_FORMAT='KAFKA', VALUE_FORMAT='AVRO', TIMESTAMP='payment_time'
);

-- The same orders with what version 2 of their schema added.
CREATE STREAM mcd_order_channels (
    order_id STRING,
    order_total DOUBLE,
    order_time TIMESTAMP,
    channel STRING,
    store_id STRING
) WITH (
    KAFKA_TOPIC='mcd_orders', KEY_FORMAT='KAFKA', VALUE_FORMAT='AVRO', TIMESTAMP='order_time'
);
