WITH positive AS (SELECT account_id, ago, greatest(net, 0) AS net FROM months WHERE ago < 24),
sums AS (
    SELECT account_id,
        sum(net) FILTER (ago < 12) AS n12,
        sum(net) FILTER (ago BETWEEN 9 AND 11) AS next3,
        sum(net) FILTER (ago BETWEEN 6 AND 11) AS next6,
        sum(net) AS n24
    FROM positive GROUP BY account_id
),
calendar AS (SELECT account_id, sum(net) AS net FROM positive GROUP BY account_id, ago % 12),
herfindahl AS (
    SELECT account_id, sum(pow(c.net / n24, 2)) AS concentration
    FROM calendar c JOIN sums USING (account_id) WHERE n24 > 0 GROUP BY account_id
)
SELECT
    account_id,
    within(12, per(next3, n12)) AS season_share_next_3,
    within(12, per(next6, n12)) AS season_share_next_6,
    within(24, concentration) AS seasonal_concentration_24,
    (SELECT avg(index) FROM season WHERE ahead <= 3) AS portfolio_season_next_3,
    (SELECT avg(index) FROM season WHERE ahead <= 6) AS portfolio_season_next_6
FROM population JOIN sums USING (account_id) LEFT JOIN herfindahl USING (account_id)
