-- What only the page asks for. The last minutes by the second: its "now" is the last 60 seconds of event time.
SET 'auto.offset.reset'='earliest';

CREATE TABLE orders_placed_per_second AS
SELECT 'all' AS scope,
       COUNT(*) AS orders,
       SUM(order_total) AS revenue
FROM mcd_orders_stream
WINDOW TUMBLING (SIZE 1 SECOND, RETENTION 1 HOUR, GRACE PERIOD 10 MINUTES)
GROUP BY 'all'
EMIT CHANGES;

CREATE TABLE orders_paid_per_second AS
SELECT 'all' AS scope,
       COUNT(*) AS orders,
       SUM(payment_amount) AS revenue
FROM mcd_orders_payments_joined
WINDOW TUMBLING (SIZE 1 SECOND, RETENTION 1 HOUR, GRACE PERIOD 10 MINUTES)
GROUP BY 'all'
EMIT CHANGES;

-- Orders nobody paid within half an hour, by the minute they were placed.
CREATE TABLE orders_unpaid_per_minute AS
SELECT 'all' AS scope,
       COUNT(*) AS orders,
       SUM(order_total) AS revenue
FROM unpaid_orders
WINDOW TUMBLING (SIZE 1 MINUTE, RETENTION 2 DAYS, GRACE PERIOD 1 HOUR)
GROUP BY 'all'
EMIT CHANGES;
