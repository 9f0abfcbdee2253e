-- What the files brought and what the ledger holds, side by side, in ten-thousandths.
-- Grain: one row per month of the order day and currency of the file; the ledger's sum stands at the first currency of
-- each month. Parameter: the report currency.
-- delivered: lines as loaded; corrected: what later files took back; standing: what is left of them in their own
-- currency; converted: the same in the report currency.
WITH lines AS (
    SELECT
        year(ordered_on) * 12 + month(ordered_on) - 1 AS month,
        coalesce(currency, ?) AS currency,
        count(*) FILTER (NOT is_reversal) AS lines,
        coalesce(sum(coalesce(source_net_revenue_e4, net_revenue_e4)) FILTER (NOT is_reversal), 0) AS delivered_e4,
        coalesce(sum(coalesce(source_net_revenue_e4, net_revenue_e4)) FILTER (is_reversal), 0) AS corrected_e4,
        sum(net_revenue_e4) AS converted_e4
    FROM order_lines
    GROUP BY ALL
),
ledger AS (
    SELECT month, sum(net_revenue_e4) AS ledger_e4 FROM ledger_groups GROUP BY month
),
totals AS (
    SELECT month, sum(converted_e4) AS month_e4 FROM lines GROUP BY month
)
SELECT
    format('{:04d}-{:02d}', month // 12, month % 12 + 1) AS month,
    currency,
    CAST(lines AS BIGINT) AS lines,
    CAST(delivered_e4 AS BIGINT) AS delivered_e4,
    CAST(corrected_e4 AS BIGINT) AS corrected_e4,
    CAST(delivered_e4 + corrected_e4 AS BIGINT) AS standing_e4,
    CAST(converted_e4 AS BIGINT) AS converted_e4,
    CASE WHEN is_first THEN CAST(coalesce(ledger_e4, 0) AS BIGINT) END AS ledger_e4,
    CASE WHEN is_first THEN CAST(month_e4 - coalesce(ledger_e4, 0) AS BIGINT) END AS unexplained_e4
FROM (SELECT *, currency = min(currency) OVER (PARTITION BY month) AS is_first FROM lines)
JOIN totals USING (month)
LEFT JOIN ledger USING (month)
ORDER BY month, currency
