-- How many orders are placed and paid, and what they are worth: in all and by the minute.
SET 'auto.offset.reset'='earliest';

CREATE TABLE orders_placed AS
SELECT 'all' AS scope,
       COUNT(*) AS orders,
       SUM(order_total) AS revenue,
       AVG(order_total) AS average_order_value
FROM mcd_orders_stream
GROUP BY 'all'
EMIT CHANGES;

CREATE TABLE orders_placed_per_minute AS
SELECT 'all' AS scope,
       COUNT(*) AS orders,
       SUM(order_total) AS revenue,
       AVG(order_total) AS average_order_value
FROM mcd_orders_stream
WINDOW TUMBLING (SIZE 1 MINUTE, RETENTION 2 DAYS, GRACE PERIOD 1 HOUR)
GROUP BY 'all'
EMIT CHANGES;

CREATE TABLE orders_paid AS
SELECT 'all' AS scope,
       COUNT(*) AS orders,
       SUM(payment_amount) AS revenue,
       AVG(payment_amount) AS average_order_value
FROM mcd_orders_payments_joined
GROUP BY 'all'
EMIT CHANGES;

CREATE TABLE orders_paid_per_minute AS
SELECT 'all' AS scope,
       COUNT(*) AS orders,
       SUM(payment_amount) AS revenue,
       AVG(payment_amount) AS average_order_value
FROM mcd_orders_payments_joined
WINDOW TUMBLING (SIZE 1 MINUTE, RETENTION 2 DAYS, GRACE PERIOD 1 HOUR)
GROUP BY 'all'
EMIT CHANGES;

CREATE TABLE orders_by_payment_method AS
SELECT payment_method,
       COUNT(*) AS orders,
       SUM(payment_amount) AS revenue
FROM mcd_orders_payments_joined
GROUP BY payment_method
EMIT CHANGES;

CREATE TABLE orders_by_channel AS
SELECT channel,
       COUNT(*) AS orders,
       SUM(order_total) AS revenue
FROM mcd_order_channels
GROUP BY channel
EMIT CHANGES;
