-- Customers who order but are not among the customers, where there are any.
SELECT 'customer ' || customer_id || ' has ' || count(*) || ' order lines' AS finding
FROM order_lines
WHERE EXISTS (SELECT 1 FROM customers)
    AND customer_id NOT IN (SELECT customer_id FROM customers)
GROUP BY customer_id
