-- How long it takes from order to payment. The histogram has 40 classes, each a constant factor wider
-- than the one before, from 0.5 s to 24 h; class 0 holds all that is faster, class 39 all slower.
-- Class c begins at 500 ms × 172800^(c / 40); percentiles are read from it.
SET 'auto.offset.reset'='earliest';

CREATE STREAM payment_delays AS
SELECT order_id,
       payment_method,
       UNIX_TIMESTAMP(payment_time) - UNIX_TIMESTAMP(order_time) AS delay_ms
FROM mcd_orders_payments_joined
EMIT CHANGES;

CREATE TABLE payment_delay AS
SELECT 'all' AS scope,
       COUNT(*) AS orders,
       SUM(delay_ms) AS delay_ms_sum,
       MAX(delay_ms) AS delay_ms_max
FROM payment_delays
GROUP BY 'all'
EMIT CHANGES;

CREATE STREAM payment_delay_classes AS
SELECT order_id,
       CASE
           WHEN delay_ms <= 500 THEN 0
           WHEN delay_ms >= 86400000 THEN 39
           ELSE CAST(FLOOR(LN(CAST(delay_ms AS DOUBLE) / 500.0) / LN(172800.0) * 40.0) AS INT)
       END AS delay_class
FROM payment_delays
EMIT CHANGES;

CREATE TABLE payment_delay_histogram AS
SELECT delay_class,
       COUNT(*) AS orders
FROM payment_delay_classes
GROUP BY delay_class
EMIT CHANGES;
