-- The account-months whose state changed after it was first known: those of orders that are not plain, and those with
-- records of several known months. One row per customer and such month, with its account.
CREATE TEMP TABLE ledger_revised AS
WITH orders AS (
    SELECT account_id, first_record, last_record
    FROM ledger_orders JOIN ledger_identity USING (source, customer_id)
),
months AS (
    SELECT account_id, unnest(range(first_record >> 14, (last_record >> 14) + 1)) AS month
    FROM orders
    WHERE first_record <> last_record
    UNION
    SELECT account_id, first_record >> 14 AS month
    FROM orders
    WHERE first_record = last_record
    GROUP BY ALL
    HAVING min(first_record) <> max(first_record)
)
SELECT source, customer_id, account_id, CAST(month AS INTEGER) AS month
FROM months JOIN ledger_identity USING (account_id)
