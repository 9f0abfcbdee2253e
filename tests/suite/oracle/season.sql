-- The portfolio's seasonal index of the 12 months that follow: `ahead` from 1 to 12.
CREATE OR REPLACE TEMP TABLE season AS
WITH totals AS (
    SELECT ago, ago // 12 AS block, ago % 12 AS position, greatest(sum(net), 0) / 1e4 AS revenue, sum(net) / 1e4 AS raw
    FROM months
    WHERE ago // 12 < least((SELECT covered FROM moment) // 12, 5)
    GROUP BY ago
),
blocks AS (SELECT block, sum(raw) AS total FROM totals GROUP BY block),
growth AS (
    SELECT count(*) AS k,
        CASE WHEN count(*) >= 2 AND min(total) > 0
            THEN least(greatest(pow(arg_min(total, block) / arg_max(total, block), 1.0 / (count(*) - 1)), 0.5), 2)
        END AS yearly
    FROM blocks
),
level AS (
    SELECT block, position, revenue * pow(yearly, position / 12.0) AS at_level
    FROM totals CROSS JOIN growth WHERE yearly IS NOT NULL
),
ratios AS (SELECT block, position, at_level / avg(at_level) OVER (PARTITION BY block) AS ratio FROM level),
means AS (SELECT position, avg(ratio) AS mean FROM ratios GROUP BY position),
noise AS (
    SELECT sum(pow(ratio - mean, 2)) / (11.0 * (any_value(k) - 1)) AS within_blocks
    FROM ratios JOIN means USING (position) CROSS JOIN growth
),
signal AS (SELECT sum(pow(mean - 1, 2)) / 11 AS between_months FROM means),
kept AS (
    SELECT CASE WHEN between_months > 0 THEN greatest(1 - within_blocks / k / between_months, 0) ELSE 0 END AS share
    FROM noise CROSS JOIN signal CROSS JOIN growth
)
SELECT ahead, coalesce(1 + share * (mean - 1), 1) AS index
FROM (SELECT unnest(range(1, 13)) AS ahead)
LEFT JOIN means ON means.position = 12 - ahead
LEFT JOIN kept ON true
