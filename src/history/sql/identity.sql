-- The customers of the order lines and their accounts. One row per source and customer id. A customer without identity
-- is its own account. The leading customer of an account is its first by source and id; for nearly all, itself.
CREATE TEMP TABLE ledger_identity AS
WITH customers AS (
    SELECT DISTINCT source, customer_id FROM order_lines
),
identified AS (
    SELECT source, customer_id, coalesce(accounts.account_id, customer_id) AS account_id
    FROM customers LEFT JOIN accounts USING (source, customer_id)
)
SELECT
    source,
    customer_id,
    account_id,
    first_value(source) OVER account      AS leading_source,
    first_value(customer_id) OVER account AS leading_customer_id
FROM identified
WINDOW account AS (PARTITION BY account_id ORDER BY source, customer_id)
