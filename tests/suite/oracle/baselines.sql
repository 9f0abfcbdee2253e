WITH base AS (SELECT covered, h, (SELECT avg(index) FROM season, (SELECT unnest(range(h)) AS n FROM horizon) WHERE ahead = n % 12 + 1) AS s
    FROM moment CROSS JOIN horizon),
targets AS (SELECT 11 - n % 12 AS ago FROM (SELECT unnest(range(h)) AS n FROM horizon)),
usual AS (
    SELECT account_id, floor(median(net // orders)) AS usual
    FROM months WHERE ago < 24 AND orders > 0 AND net > 0
    GROUP BY account_id HAVING count(*) >= 3
),
series AS (
    SELECT account_id, ago, unnest(['revenue', 'margin', 'ordinary']) AS what,
        unnest([net, margin, net - CASE WHEN ago < 24 THEN greatest(coalesce(largest - 5 * usual, 0), 0) ELSE 0 END]) / 1e4 AS value
    FROM months LEFT JOIN usual USING (account_id)
),
five AS (
    SELECT account_id, what,
        sum(value) FILTER (ago < h) * h / least(any_value(covered), any_value(h)) AS last_horizon,
        sum(value) FILTER (ago < 12) * any_value(h) / least(any_value(covered), 12) AS last_12,
        sum(value) FILTER (ago < 24) * any_value(h) / least(any_value(covered), 24) AS mean_24,
        sum(value * (SELECT count(*) FROM targets WHERE targets.ago = series.ago))
            + (SELECT count(*) FROM targets WHERE targets.ago >= (SELECT covered FROM moment))
              * sum(value) FILTER (ago < 12) / least(any_value(covered), 12) AS same_months
    FROM series CROSS JOIN base GROUP BY account_id, what, h
),
continuing AS (
    SELECT sum(recent) / sum(earlier) AS trend, sum(recent) AS r, sum(earlier) AS e
    FROM (
        SELECT account_id, sum(net) FILTER (ago < 12) AS recent, sum(net) FILTER (ago BETWEEN 12 AND 23) AS earlier
        FROM months GROUP BY account_id
        HAVING sum(orders) FILTER (ago < 12) > 0 AND sum(orders) FILTER (ago BETWEEN 12 AND 23) > 0
    )
),
trend AS (SELECT CASE WHEN covered >= 24 AND r > 0 AND e > 0 THEN least(greatest(trend, 0.5), 2) ELSE 1 END AS trend FROM continuing, moment),
ages AS (SELECT account_id, max(ago) AS age FROM orders GROUP BY account_id),
own AS (
    SELECT account_id, abc_class, age < 12 AS is_new,
        greatest(trend * (0.5 * same_months + 0.5 * mean_24 * s), 0) AS b
    FROM five JOIN ages USING (account_id) JOIN (CLASS) USING (account_id) CROSS JOIN base CROSS JOIN trend
    WHERE what = 'ordinary'
),
counting AS (SELECT * FROM own WHERE NOT is_new OR (SELECT bool_and(is_new) FROM own)),
overall AS (SELECT avg(b) AS mean FROM counting),
by_class AS (
    SELECT abc_class, (coalesce(sum(counting.b), 0) + 10 * any_value(mean)) / (count(counting.b) + 10) AS shrunk
    FROM (SELECT DISTINCT abc_class FROM own) LEFT JOIN counting USING (abc_class) CROSS JOIN overall GROUP BY abc_class
),
revenue AS (SELECT account_id, greatest(last_horizon, 0) AS a, greatest(last_12, 0) AS b, greatest(last_12 * s, 0) AS c, greatest(same_months, 0) AS d, greatest(mean_24, 0) AS e FROM five CROSS JOIN base WHERE what = 'revenue'),
margin AS (SELECT account_id, last_horizon AS a, last_12 AS b, last_12 * s AS c, same_months AS d, mean_24 AS e FROM five CROSS JOIN base WHERE what = 'margin')
SELECT
    account_id,
    (SELECT avg(c) FROM revenue) AS portfolio_mean_revenue,
    r.a AS last_horizon_revenue, r.b AS last_12_scaled_revenue, r.c AS last_12_seasonal_revenue,
    r.d AS same_months_last_year_revenue, r.e AS mean_24_scaled_revenue,
    (SELECT avg(c) FROM margin) AS portfolio_mean_margin,
    m.a AS last_horizon_margin, m.b AS last_12_scaled_margin, m.c AS last_12_seasonal_margin,
    m.d AS same_months_last_year_margin, m.e AS mean_24_scaled_margin,
    CASE WHEN is_new THEN shrunk ELSE own.b END AS base_revenue,
    is_new
FROM own JOIN by_class USING (abc_class) JOIN revenue r USING (account_id) JOIN margin m USING (account_id)
