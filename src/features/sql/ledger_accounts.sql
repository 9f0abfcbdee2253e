-- The ledger without product groups: what became known of an account's month in a month of knowledge.
-- Grain: one row per account, month and month of knowledge. All figures are changes; see the tables themselves.
WITH group_sums AS (
    SELECT
        account_id,
        month,
        known_month,
        CAST(sum(net_revenue_e4) AS BIGINT) AS revenue_e4,
        CAST(sum(returns_e4) AS BIGINT) AS returns_e4,
        CAST(coalesce(sum(margin_e4), 0) AS BIGINT) AS margin_e4,
        CAST(sum(costed_revenue_e4) AS BIGINT) AS costed_revenue_e4,
        CAST(count(margin_e4) AS INTEGER) AS costed_groups
    FROM ledger_groups
    GROUP BY account_id, month, known_month
)
SELECT
    account,
    month,
    known_month,
    CAST(coalesce(orders, 0) AS INTEGER) AS orders,
    coalesce(day_mask, 0) AS day_mask,
    coalesce(largest_order_e4, 0) AS largest_order_e4,
    coalesce(revenue_e4, 0) AS revenue_e4,
    coalesce(returns_e4, 0) AS returns_e4,
    coalesce(margin_e4, 0) AS margin_e4,
    coalesce(costed_revenue_e4, 0) AS costed_revenue_e4,
    coalesce(costed_groups, 0) AS costed_groups
FROM ledger_accounts
FULL JOIN group_sums USING (account_id, month, known_month)
JOIN feature_accounts USING (account_id)
ORDER BY account, month, known_month
