-- What each account bought of a product group in a month; lines without a group are left out.
-- Grain: one row per account, month, month of knowledge and product group (numbered in ascending order).
WITH numbered AS (
    SELECT product_group, CAST(row_number() OVER (ORDER BY product_group) - 1 AS INTEGER) AS group_number
    FROM (SELECT DISTINCT product_group FROM ledger_groups WHERE product_group <> '(none)')
)
SELECT account, month, known_month, group_number, net_revenue_e4 AS revenue_e4
FROM ledger_groups
JOIN numbered USING (product_group)
JOIN feature_accounts USING (account_id)
ORDER BY account, month, known_month, group_number
