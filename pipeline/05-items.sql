-- Which menu items earn the most.
SET 'auto.offset.reset'='earliest';

CREATE STREAM order_lines AS
SELECT order_id,
       EXPLODE(order_items) AS item
FROM mcd_orders_stream
EMIT CHANGES;

CREATE TABLE revenue_by_item AS
SELECT item->item_name AS item_name,
       SUM(item->quantity) AS quantity,
       SUM(item->quantity * item->price) AS revenue
FROM order_lines
GROUP BY item->item_name
EMIT CHANGES;
