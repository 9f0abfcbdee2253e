-- Adds the account-months into which an order of a touched one reaches, since such an order may count there instead.
-- Repeated until nothing is added; nearly always at once.
INSERT INTO ledger_touched
WITH touched AS (
    SELECT source, customer_id, month FROM ledger_touched JOIN ledger_identity USING (account_id)
),
orders AS (
    SELECT DISTINCT source, customer_id, order_id
    FROM ledger_lines SEMI JOIN touched USING (source, customer_id, month)
),
reached AS (
    SELECT DISTINCT source, customer_id, month
    FROM ledger_lines SEMI JOIN orders USING (source, customer_id, order_id)
)
SELECT DISTINCT account_id, month
FROM reached
JOIN ledger_identity USING (source, customer_id)
ANTI JOIN ledger_touched USING (account_id, month)
