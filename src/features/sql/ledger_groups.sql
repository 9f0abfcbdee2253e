-- Money of each account, month and product group, as it became known. `group_number`: position of the group among all in
-- ascending order; -1 for lines without a group. `margin_e4`: null where no cost is known.
-- Grain: one row per account, month, month of knowledge and product group.
WITH numbered AS (
    SELECT product_group, CAST(row_number() OVER (ORDER BY product_group) - 1 AS INTEGER) AS group_number
    FROM (SELECT DISTINCT product_group FROM ledger_groups WHERE product_group <> '(none)')
)
SELECT
    account,
    month,
    known_month,
    coalesce(group_number, -1) AS group_number,
    net_revenue_e4 AS revenue_e4,
    returns_e4,
    margin_e4,
    costed_revenue_e4
FROM ledger_groups
LEFT JOIN numbered USING (product_group)
JOIN feature_accounts USING (account_id)
ORDER BY account, month, known_month, group_number
