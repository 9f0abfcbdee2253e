-- Customers whose parent company is not among the customers, or is the customer itself.
SELECT 'customer ' || customer_id || ' has the parent ' || parent_id AS finding
FROM newest_customers
WHERE parent_id = customer_id OR parent_id NOT IN (SELECT customer_id FROM customers)
