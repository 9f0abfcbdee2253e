-- The first currency of some order lines that has months without a rate: the earliest one, and how many.
SELECT
    line.currency,
    min(strftime(line.ordered_on, '%Y-%m')) AS first_month,
    count(DISTINCT strftime(line.ordered_on, '%Y-%m')) AS months
FROM {lines} AS line
    LEFT JOIN rate_of_month AS rate
        ON rate.currency = line.currency
        AND rate.month = year(line.ordered_on) * 12 + month(line.ordered_on) - 1
WHERE line.currency <> {report_currency} AND rate.rate IS NULL
GROUP BY line.currency
ORDER BY line.currency
LIMIT 1
