-- The oracle's tables stand at the end of the window here; `members` is the population at the origin.
WITH of_lines AS (
    SELECT account_id, ago, sum(net) AS net,
        CASE WHEN (SELECT rate FROM margin_rate) IS NULL THEN sum(net)
             ELSE coalesce(sum(net - cost), 0) + round(
                 CAST(sum(net) - coalesce(sum(net) FILTER (cost IS NOT NULL), 0) AS DOUBLE) * (SELECT rate FROM margin_rate))
        END AS margin
    FROM lines WHERE ago < (SELECT h FROM horizon) GROUP BY account_id, ago
),
sums AS (SELECT account_id, sum(net) AS net, sum(margin) AS margin FROM of_lines GROUP BY account_id),
active AS (SELECT DISTINCT account_id FROM orders WHERE ago < (SELECT h FROM horizon))
SELECT
    members.account_id,
    coalesce(net, 0) / 1e4 AS revenue,
    coalesce(margin, 0) / 1e4 AS margin,
    CASE WHEN active.account_id IS NULL THEN 1 ELSE 0 END AS inactive
FROM members LEFT JOIN sums USING (account_id) LEFT JOIN active ON active.account_id = members.account_id
