-- Customers none of whose contacts was confirmed within two years of the newest order, although others were.
WITH orders AS (
    SELECT max(ordered_on) AS day FROM order_lines WHERE NOT is_reversal
)
SELECT 'customer ' || customer_id || ': newest contact confirmed on ' || max(last_confirmed_on) AS finding
FROM newest_contacts, orders
WHERE left_on IS NULL
GROUP BY customer_id, orders.day
HAVING max(last_confirmed_on) < orders.day - INTERVAL 2 YEAR
