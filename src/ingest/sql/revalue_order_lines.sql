-- Lines in a foreign currency follow its rates.
UPDATE order_lines
SET
    net_revenue_e4 = CAST(CAST(order_lines.source_net_revenue_e4 AS DECIMAL(38, 0)) * rate.rate AS BIGINT),
    cost_e4 = CAST(CAST(order_lines.source_cost_e4 AS DECIMAL(38, 0)) * rate.rate AS BIGINT)
FROM rate_of_month AS rate
WHERE order_lines.source_net_revenue_e4 IS NOT NULL
    AND rate.currency = order_lines.currency
    AND rate.month = year(order_lines.ordered_on) * 12 + month(order_lines.ordered_on) - 1
    AND (
        order_lines.net_revenue_e4 <> CAST(CAST(order_lines.source_net_revenue_e4 AS DECIMAL(38, 0)) * rate.rate AS BIGINT)
        OR order_lines.cost_e4 <> CAST(CAST(order_lines.source_cost_e4 AS DECIMAL(38, 0)) * rate.rate AS BIGINT)
    )
