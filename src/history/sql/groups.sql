-- The records per account, month, known month and product group. Lines are summed under the leading customer of their
-- account and named afterwards.
INSERT INTO ledger_groups
WITH summed AS (
    SELECT
        leading_source                                                    AS source,
        leading_customer_id                                               AS customer_id,
        record,
        product_group,
        sum(net_revenue_e4)                                               AS net_revenue_e4,
        sum(CASE WHEN is_purchase THEN net_revenue_e4 ELSE 0 END)         AS gross_revenue_e4,
        sum(CASE WHEN cost_e4 IS NULL THEN 0 ELSE net_revenue_e4 END)     AS costed_revenue_e4,
        sum(cost_e4)                                                      AS cost_e4,
        sum(quantity_e4)                                                  AS quantity_e4,
        sum(CASE WHEN is_reversal THEN -1 ELSE 1 END)                     AS lines
    FROM ledger_scope
    GROUP BY ALL
)
SELECT
    account_id,
    record >> 14                                      AS month,
    (record >> 14) + (record & 16383)                 AS known_month,
    product_group,
    CAST(net_revenue_e4 AS BIGINT)                    AS net_revenue_e4,
    CAST(gross_revenue_e4 AS BIGINT)                  AS gross_revenue_e4,
    CAST(gross_revenue_e4 - net_revenue_e4 AS BIGINT) AS returns_e4,
    CAST(costed_revenue_e4 AS BIGINT)                 AS costed_revenue_e4,
    CAST(costed_revenue_e4 - cost_e4 AS BIGINT)       AS margin_e4,
    CAST(quantity_e4 AS BIGINT)                       AS quantity_e4,
    CAST(lines AS BIGINT)                             AS lines
FROM summed JOIN ledger_identity USING (source, customer_id)
WHERE
    lines <> 0
    OR net_revenue_e4 <> 0
    OR gross_revenue_e4 <> 0
    OR costed_revenue_e4 <> 0
    OR coalesce(cost_e4, 0) <> 0
    OR coalesce(quantity_e4, 0) <> 0
