-- What is known of one order: the latest of both sides and where each record lies.
SET 'auto.offset.reset'='earliest';

CREATE STREAM order_events AS
SELECT order_id,
       customer_id,
       order_total,
       order_time,
       ROWPARTITION AS order_partition,
       ROWOFFSET AS order_offset,
       CAST(NULL AS STRING) AS payment_id,
       CAST(NULL AS DOUBLE) AS payment_amount,
       CAST(NULL AS STRING) AS payment_method,
       CAST(NULL AS TIMESTAMP) AS payment_time,
       CAST(NULL AS INT) AS payment_partition,
       CAST(NULL AS BIGINT) AS payment_offset
FROM mcd_orders_stream
PARTITION BY order_id
EMIT CHANGES;

INSERT INTO order_events
SELECT order_id,
       CAST(NULL AS STRING) AS customer_id,
       CAST(NULL AS DOUBLE) AS order_total,
       CAST(NULL AS TIMESTAMP) AS order_time,
       CAST(NULL AS INT) AS order_partition,
       CAST(NULL AS BIGINT) AS order_offset,
       payment_id,
       payment_amount,
       payment_method,
       payment_time,
       ROWPARTITION AS payment_partition,
       ROWOFFSET AS payment_offset
FROM mcd_payments_stream
PARTITION BY order_id
EMIT CHANGES;

CREATE TABLE order_story AS
SELECT order_id,
       LATEST_BY_OFFSET(customer_id) AS customer_id,
       LATEST_BY_OFFSET(order_total) AS order_total,
       LATEST_BY_OFFSET(order_time) AS order_time,
       LATEST_BY_OFFSET(order_partition) AS order_partition,
       LATEST_BY_OFFSET(order_offset) AS order_offset,
       LATEST_BY_OFFSET(payment_id) AS payment_id,
       LATEST_BY_OFFSET(payment_amount) AS payment_amount,
       LATEST_BY_OFFSET(payment_method) AS payment_method,
       LATEST_BY_OFFSET(payment_time) AS payment_time,
       LATEST_BY_OFFSET(payment_partition) AS payment_partition,
       LATEST_BY_OFFSET(payment_offset) AS payment_offset
FROM order_events
GROUP BY order_id
EMIT CHANGES;
