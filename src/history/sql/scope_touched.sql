-- An update reads the lines of the touched account-months, all of them, and no others.
CREATE TEMP TABLE ledger_touched_lines AS
SELECT lines.*, leading_source, leading_customer_id
FROM ledger_lines AS lines
JOIN (
    SELECT source, customer_id, month, leading_source, leading_customer_id
    FROM ledger_touched JOIN ledger_identity USING (account_id)
) AS touched USING (source, customer_id, month);

CREATE TEMP VIEW ledger_scope AS SELECT * FROM ledger_touched_lines;
