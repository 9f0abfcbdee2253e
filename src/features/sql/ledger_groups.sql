-- Money of each account, month and product group, as it became known, in any order. `group_number`: position of the group
-- among all in ascending order; -1 for lines without a group. `margin_e4`: null where no cost is known.
-- Grain: one row per account, month, month of knowledge and product group.
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
LEFT JOIN feature_groups USING (product_group)
JOIN feature_accounts USING (account_id)
