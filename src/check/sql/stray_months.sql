-- Months after a gap of at least half a year at the end of the data that hold less than a hundredth of all lines:
-- typing errors in dates, which would move the end of the history.
WITH months AS (
    SELECT year(ordered_on) * 12 + month(ordered_on) - 1 AS month, count(*) AS lines
    FROM order_lines
    WHERE NOT is_reversal
    GROUP BY 1
),
gaps AS (
    SELECT
        month,
        lines,
        month - lag(month) OVER (ORDER BY month) > 6 AS is_after_gap,
        sum(lines) OVER (ORDER BY month DESC) AS lines_from_here,
        sum(lines) OVER () AS all_lines
    FROM months
),
strays AS (
    SELECT min(month) AS first_stray FROM gaps WHERE is_after_gap AND lines_from_here * 100 < all_lines
)
SELECT format('{:04d}-{:02d} has {} order lines after a gap', month // 12, month % 12 + 1, lines) AS finding
FROM gaps JOIN strays ON month >= first_stray
