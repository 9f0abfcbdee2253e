WITH sums AS (
    SELECT
        account_id,
        sum(orders) FILTER (ago < 1) AS o1, sum(days) FILTER (ago < 1) AS d1,
        sum(orders) FILTER (ago < 3) AS o3, sum(days) FILTER (ago < 3) AS d3,
        sum(orders) FILTER (ago < 6) AS o6, sum(days) FILTER (ago < 6) AS d6,
        sum(orders) FILTER (ago < 12) AS o12, sum(days) FILTER (ago < 12) AS d12,
        sum(orders) FILTER (ago < 24) AS o24, sum(days) FILTER (ago < 24) AS d24
    FROM months GROUP BY account_id
),
whole AS (
    SELECT account_id, count(DISTINCT ordered_on) AS n, min(ordered_on) AS first, max(ordered_on) AS last
    FROM orders GROUP BY account_id
)
SELECT
    account_id,
    within(1, o1) AS orders_1, within(1, d1) AS order_days_1,
    within(3, o3) AS orders_3, within(3, d3) AS order_days_3,
    within(6, o6) AS orders_6, within(6, d6) AS order_days_6,
    within(12, o12) AS orders_12, within(12, d12) AS order_days_12,
    within(24, o24) AS orders_24, within(24, d24) AS order_days_24,
    n - 1 AS repeat_order_days,
    datediff('day', first, last) AS recency_days,
    datediff('day', first, (SELECT t FROM moment)) AS age_days
FROM population JOIN sums USING (account_id) JOIN whole USING (account_id)
