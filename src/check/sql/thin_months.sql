-- Months within the history with less than a tenth of the median month's lines, empty ones among them.
WITH months AS (
    SELECT year(ordered_on) * 12 + month(ordered_on) - 1 AS month, count(*) AS lines
    FROM order_lines
    WHERE NOT is_reversal
    GROUP BY 1
),
bounds AS (
    SELECT min(month) AS first_month, max(month) AS last_month, median(lines) AS usual_lines FROM months
),
calendar AS (
    SELECT unnest(range(first_month + 1, last_month)) AS month, usual_lines FROM bounds
)
SELECT format('{:04d}-{:02d} has {} order lines', month // 12, month % 12 + 1, coalesce(lines, 0)) AS finding
FROM calendar LEFT JOIN months USING (month)
WHERE coalesce(lines, 0) * 10 < usual_lines
