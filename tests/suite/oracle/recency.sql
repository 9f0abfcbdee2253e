WITH days AS (
    SELECT DISTINCT account_id, ordered_on FROM orders WHERE ago < 24
),
gaps AS (
    SELECT account_id, datediff('day', lag(ordered_on) OVER (PARTITION BY account_id ORDER BY ordered_on), ordered_on) AS gap
    FROM days
),
rhythm AS (
    SELECT account_id, avg(gap) AS mean, median(gap) AS median, stddev_samp(gap) AS sd FROM gaps GROUP BY account_id
),
newest AS (
    SELECT account_id, datediff('day', max(ordered_on), (SELECT t FROM moment)) AS since FROM orders GROUP BY account_id
),
active AS (
    SELECT account_id, count(*) FILTER (ago < 12 AND days > 0) AS a12, count(*) FILTER (ago < 24 AND days > 0) AS a24
    FROM months GROUP BY account_id
)
SELECT
    account_id,
    since AS days_since_last_order,
    mean AS order_gap_mean_24,
    median AS order_gap_median_24,
    sd AS order_gap_sd_24,
    since / mean AS hiatus_ratio,
    within(12, a12) AS active_months_12,
    within(24, a24) AS active_months_24
FROM population JOIN newest USING (account_id) JOIN rhythm USING (account_id) JOIN active USING (account_id)
