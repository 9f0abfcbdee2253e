-- Customers whose postal code cannot be one of their country.
SELECT 'customer ' || customer_id || ': ' || postal_code || ', ' || reason AS finding
FROM newest_customers AS customer
JOIN invalid_values AS invalid
    ON invalid.kind = 'postal_code' AND invalid.value = postal_code AND invalid.country IS NOT DISTINCT FROM customer.country
