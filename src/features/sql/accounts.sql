-- Every account, numbered in ascending order of its id: the key of all other queries of this stage.
-- Grain: one row per account. A customer whom nobody merged is its own account.
-- The ledger has many rows an account, so only those of accounts that are not listed anyway are made distinct.
CREATE OR REPLACE TEMP TABLE feature_accounts AS
WITH listed AS MATERIALIZED (
    SELECT account_id FROM accounts
    UNION
    SELECT coalesce(accounts.account_id, customers.customer_id)
    FROM customers
    LEFT JOIN accounts USING (source, customer_id)
)
SELECT
    account_id,
    CAST(row_number() OVER (ORDER BY account_id) - 1 AS INTEGER) AS account
FROM (
    SELECT account_id FROM listed
    UNION ALL
    (
        SELECT account_id FROM ledger_accounts ANTI JOIN listed USING (account_id)
        UNION
        SELECT account_id FROM ledger_groups ANTI JOIN listed USING (account_id)
    )
)
