-- The accounts that rows of `{table}` speak of, as of its newest state.
-- Grain: one row per source and account.
INSERT INTO inventory_covered
SELECT DISTINCT '{table}', rows.source, inventory_accounts.account_id, inventory_accounts.revenue_e4
FROM {table} AS rows
LEFT JOIN accounts ON accounts.source = rows.source AND accounts.customer_id = rows.customer_id
JOIN inventory_accounts ON inventory_accounts.account_id = coalesce(accounts.account_id, rows.customer_id)
WHERE {is_current}
