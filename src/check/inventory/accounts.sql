-- Every account with its net revenue of the last 12 months of the data.
-- Grain: one row per account.
CREATE OR REPLACE TEMP TABLE inventory_accounts AS
WITH known AS (
    SELECT source, customer_id FROM customers
    UNION
    SELECT source, customer_id FROM order_lines
),
last_order AS (
    SELECT max(ordered_on) AS day FROM order_lines WHERE NOT is_reversal
),
revenue AS (
    SELECT source, customer_id, CAST(sum(net_revenue_e4) AS BIGINT) AS revenue_e4
    FROM order_lines, last_order
    WHERE ordered_on > last_order.day - INTERVAL 12 MONTH
    GROUP BY source, customer_id
)
SELECT
    coalesce(accounts.account_id, known.customer_id) AS account_id,
    CAST(coalesce(sum(revenue_e4), 0) AS BIGINT) AS revenue_e4
FROM known
LEFT JOIN accounts USING (source, customer_id)
LEFT JOIN revenue USING (source, customer_id)
GROUP BY 1
