-- Every order with its payment. Neither topic is keyed by order_id: both sides are repartitioned.
SET 'auto.offset.reset'='earliest';

CREATE STREAM mcd_orders_payments_joined AS
SELECT o.order_id AS order_id,
       o.customer_id AS customer_id,
       o.order_total AS order_total,
       o.order_items AS order_items,
       o.order_time AS order_time,
       p.payment_id AS payment_id,
       p.payment_amount AS payment_amount,
       p.payment_method AS payment_method,
       p.payment_time AS payment_time
FROM mcd_orders_stream o
INNER JOIN mcd_payments_stream p WITHIN 24 HOURS ON o.order_id = p.order_id
EMIT CHANGES;
