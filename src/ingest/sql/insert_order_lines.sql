-- Lines into the table, in the report currency, each with the day from which it was known.
INSERT INTO order_lines BY NAME
SELECT
    line.order_id,
    line.customer_id,
    line.ordered_on,
    CASE
        WHEN line.currency = {report_currency} THEN line.net_revenue_e4
        ELSE CAST(CAST(line.net_revenue_e4 AS DECIMAL(38, 0)) * rate.rate AS BIGINT)
    END AS net_revenue_e4,
    line.line_number,
    line.product_id,
    coalesce(line.product_group, product.product_group, '(none)') AS product_group,
    line.quantity_e4,
    CASE
        WHEN line.currency = {report_currency} THEN line.cost_e4
        ELSE CAST(CAST(line.cost_e4 AS DECIMAL(38, 0)) * rate.rate AS BIGINT)
    END AS cost_e4,
    line.currency,
    line.shipped_on,
    coalesce(line.known_at, CASE WHEN {is_late} THEN CAST({received_on} AS DATE) ELSE line.ordered_on END) AS known_at,
    {source} AS source,
    line.batch_id,
    false AS is_reversal,
    CASE WHEN line.currency <> {report_currency} THEN line.net_revenue_e4 END AS source_net_revenue_e4,
    CASE WHEN line.currency <> {report_currency} THEN line.cost_e4 END AS source_cost_e4,
    line.product_group IS NULL AS group_from_products
FROM {lines} AS line
    LEFT JOIN group_of_product AS product ON product.product_id = line.product_id
    LEFT JOIN rate_of_month AS rate
        ON rate.currency = line.currency
        AND rate.month = year(line.ordered_on) * 12 + month(line.ordered_on) - 1
        AND rate.currency <> {report_currency}
