-- Where the batches that are not in the ledger yet have lines. One row per account and month.
CREATE TEMP TABLE ledger_touched AS
SELECT DISTINCT account_id, month
FROM ledger_lines
JOIN ledger_identity USING (source, customer_id)
ANTI JOIN ledger_batches USING (batch_id)
