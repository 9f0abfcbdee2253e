-- Months within the history with less than a tenth of the median month's revenue, although not of its lines: amounts
-- are missing rather than files.
WITH months AS (
    SELECT year(ordered_on) * 12 + month(ordered_on) - 1 AS month, sum(net_revenue_e4) AS revenue_e4, count(*) AS lines
    FROM order_lines
    WHERE NOT is_reversal
    GROUP BY 1
),
usual AS (
    SELECT min(month) AS first_month, max(month) AS last_month, median(revenue_e4) AS revenue_e4, median(lines) AS lines
    FROM months
)
SELECT format('{:04d}-{:02d} has a revenue of {:.2f}, usually {:.2f}',
    month // 12, month % 12 + 1, months.revenue_e4 / 10000.0, usual.revenue_e4 / 10000.0) AS finding
FROM months, usual
WHERE month > first_month AND month < last_month
    AND months.revenue_e4 * 10 < usual.revenue_e4
    AND months.lines * 10 >= usual.lines
