WITH margins AS (
    SELECT account_id, sum(margin) AS m FROM months WHERE ago < 12 GROUP BY account_id
),
cumulative AS (
    SELECT account_id, m,
        coalesce(sum(m) OVER (ORDER BY m DESC, account_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before,
        sum(m) OVER () AS total
    FROM margins WHERE m > 0
)
SELECT account_id,
    CASE WHEN before < 0.8 * total THEN 'A' WHEN before < 0.95 * total THEN 'B' ELSE 'C' END AS abc_class
FROM population LEFT JOIN cumulative USING (account_id)
