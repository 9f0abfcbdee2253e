-- Customers who order but are not among the customers, where there are any; nobody looks for those who were forgotten.
SELECT 'customer ' || customer_id || ' has ' || count(*) || ' order lines' AS finding
FROM order_lines
WHERE EXISTS (SELECT 1 FROM customers)
    AND customer_id NOT IN (SELECT customer_id FROM customers)
    AND NOT regexp_full_match(customer_id, 'forgotten-\d+')
GROUP BY customer_id
