WITH sums AS (
    SELECT
        account_id,
        sum(net) FILTER (ago < 1) AS n1, sum(margin) FILTER (ago < 1) AS m1, sum(returned) FILTER (ago < 1) AS r1,
        sum(net) FILTER (ago < 3) AS n3, sum(margin) FILTER (ago < 3) AS m3, sum(returned) FILTER (ago < 3) AS r3,
        sum(net) FILTER (ago < 6) AS n6, sum(margin) FILTER (ago < 6) AS m6, sum(returned) FILTER (ago < 6) AS r6,
        sum(net) FILTER (ago < 12) AS n12, sum(margin) FILTER (ago < 12) AS m12, sum(returned) FILTER (ago < 12) AS r12,
        sum(net) FILTER (ago < 24) AS n24, sum(margin) FILTER (ago < 24) AS m24, sum(returned) FILTER (ago < 24) AS r24,
        sum(gross) FILTER (ago < 12) AS g12, sum(costed) FILTER (ago < 12) AS c12,
        sum(orders) FILTER (ago < 12) AS o12, sum(orders) FILTER (ago < 24) AS o24,
        max(largest) FILTER (ago < 12) AS l12, sum(net) AS n_all, sum(days) AS d_all
    FROM months GROUP BY account_id
),
usual AS (
    SELECT account_id, floor(median(net // orders)) AS usual
    FROM months WHERE ago < 24 AND orders > 0 AND net > 0
    GROUP BY account_id HAVING count(*) >= 3
),
one_off AS (
    SELECT account_id, sum(greatest(largest - 5 * usual, 0)) AS excess
    FROM months JOIN usual USING (account_id) WHERE ago < 24 GROUP BY account_id
)
SELECT
    account_id,
    within(1, n1) / 1e4 AS revenue_1, within(1, m1) / 1e4 AS margin_1, within(1, r1) / 1e4 AS returns_1,
    within(3, n3) / 1e4 AS revenue_3, within(3, m3) / 1e4 AS margin_3, within(3, r3) / 1e4 AS returns_3,
    within(6, n6) / 1e4 AS revenue_6, within(6, m6) / 1e4 AS margin_6, within(6, r6) / 1e4 AS returns_6,
    within(12, n12) / 1e4 AS revenue_12, within(12, m12) / 1e4 AS margin_12, within(12, r12) / 1e4 AS returns_12,
    within(24, n24) / 1e4 AS revenue_24, within(24, m24) / 1e4 AS margin_24, within(24, r24) / 1e4 AS returns_24,
    within(12, per(n12, o12)) / 1e4 AS mean_order_value_12,
    within(24, per(n24, o24)) / 1e4 AS mean_order_value_24,
    within(12, per(l12, g12)) AS largest_order_share_12,
    within(12, per(r12, g12)) AS returns_share_12,
    within(12, per(m12, n12)) AS margin_rate_12,
    within(12, per(c12, n12)) AS cost_coverage_12,
    n_all / 1e4 / d_all AS value_per_order_day,
    excess / 1e4 AS one_off_excess_24
FROM population JOIN sums USING (account_id) LEFT JOIN one_off USING (account_id)
