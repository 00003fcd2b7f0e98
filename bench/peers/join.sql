SET 'auto.offset.reset'='earliest';
CREATE STREAM joined WITH (KAFKA_TOPIC='JOINED') AS
SELECT o.order_id AS order_id, o.customer_id AS customer_id, o.order_total AS order_total, o.store_id AS store_id,
       p.payment_id AS payment_id, p.payment_amount AS payment_amount, p.payment_method AS payment_method
FROM orders_keyed o
INNER JOIN payments_keyed p WITHIN 24 HOURS ON o.order_id = p.order_id
EMIT CHANGES;
