-- Keeps the identity the ledger was built with.
DELETE FROM ledger_customers;

INSERT INTO ledger_customers
SELECT source, customer_id, account_id FROM ledger_identity ORDER BY source, customer_id;
