-- Customers whose tax number cannot be one.
SELECT 'customer ' || customer_id || ': ' || vat_id || ', ' || reason AS finding
FROM newest_customers AS customer
JOIN invalid_values AS invalid
    ON invalid.kind = 'vat_id' AND invalid.value = vat_id AND invalid.country IS NOT DISTINCT FROM customer.country
