-- A full build reads every line. No two customers are one account, so each is its account's leading customer.
CREATE TEMP VIEW ledger_scope AS
SELECT *, source AS leading_source, customer_id AS leading_customer_id
FROM ledger_lines
