-- A full build reads every line. Customers that share an account are led by its first.
CREATE TEMP VIEW ledger_scope AS
WITH followers AS (
    SELECT * FROM ledger_identity WHERE (source, customer_id) <> (leading_source, leading_customer_id)
)
SELECT
    lines.*,
    coalesce(leading_source, source)           AS leading_source,
    coalesce(leading_customer_id, customer_id) AS leading_customer_id
FROM ledger_lines AS lines LEFT JOIN followers USING (source, customer_id)
