-- Customers of the ledger that belong to another account now. One row per customer.
SELECT source, customer_id
FROM ledger_customers AS before
LEFT JOIN ledger_identity AS now USING (source, customer_id)
WHERE now.account_id IS DISTINCT FROM before.account_id
ORDER BY source, customer_id
