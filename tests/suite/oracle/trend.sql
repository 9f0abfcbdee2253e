WITH small AS (
    SELECT greatest(0.01 * (
        SELECT sum(net) / 1e4 * 12.0 / least((SELECT covered FROM moment), 12) FROM months WHERE ago < 12
    ) / (SELECT count(*) FROM population), 0.01) AS c
),
sums AS (
    SELECT
        account_id,
        sum(net) FILTER (ago < 3) AS n3, sum(net) FILTER (ago < 6) AS n6,
        sum(net) FILTER (ago < 12) AS n12, sum(net) FILTER (ago < 24) AS n24,
        sum(net) FILTER (ago BETWEEN 3 AND 5) AS before3, sum(net) FILTER (ago BETWEEN 12 AND 23) AS before12,
        sum(net) FILTER (ago BETWEEN 12 AND 14) AS ly3,
        sum(orders) FILTER (ago < 12) AS o12, sum(orders) FILTER (ago BETWEEN 12 AND 23) AS before_o12
    FROM months GROUP BY account_id
),
slopes AS (
    SELECT account_id,
        regr_slope(ln(1 + greatest(net, 0) / 1e4 / (n24 / 1e4 / 24)), -ago) AS slope
    FROM months JOIN sums USING (account_id)
    WHERE ago < 24 AND n24 > 0
    GROUP BY account_id
),
years AS (
    SELECT account_id,
        greatest(n3, 0) / 1e4 * 4 AS y3, greatest(n6, 0) / 1e4 * 2 AS y6, greatest(n12, 0) / 1e4 AS y12,
        greatest(n24, 0) / 1e4 / 2 AS y24, greatest(ly3, 0) / 1e4 * 4 AS ly
    FROM sums
)
SELECT
    account_id,
    within(6, per(n3 - before3, abs(n3) + abs(before3))) AS revenue_change_3,
    within(24, per(n12 - before12, abs(n12) + abs(before12))) AS revenue_change_12,
    within(24, slope) AS revenue_slope_24,
    within(12, ln((y3 + c) / (y12 + c))) AS log_ratio_3_to_12,
    within(12, ln((y6 + c) / (y12 + c))) AS log_ratio_6_to_12,
    within(24, ln((y12 + c) / (y24 + c))) AS log_ratio_12_to_24,
    within(15, ln((y3 + c) / (ly + c))) AS log_ratio_3_to_last_year,
    within(24, per(o12 - before_o12, o12 + before_o12)) AS orders_change_12
FROM population JOIN sums USING (account_id) JOIN years USING (account_id) LEFT JOIN slopes USING (account_id)
    CROSS JOIN small
