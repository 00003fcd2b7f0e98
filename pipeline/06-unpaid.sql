-- Orders nobody paid within half an hour; known for sure five minutes later.
SET 'auto.offset.reset'='earliest';

CREATE STREAM unpaid_orders AS
SELECT o.order_id AS order_id,
       o.customer_id AS customer_id,
       o.order_total AS order_total,
       o.order_time AS order_time
FROM mcd_orders_stream o
LEFT JOIN mcd_payments_stream p WITHIN 30 MINUTES GRACE PERIOD 5 MINUTES ON o.order_id = p.order_id
WHERE p.payment_id IS NULL
EMIT CHANGES;
