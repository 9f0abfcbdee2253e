-- Customers whose bank account number cannot be one. Only its first and last characters are shown.
SELECT 'customer ' || customer_id || ': ' || left(iban, 4) || '...' || right(iban, 2) || ', ' || reason AS finding
FROM newest_customers AS customer
JOIN invalid_values AS invalid ON invalid.kind = 'iban' AND invalid.value = iban
