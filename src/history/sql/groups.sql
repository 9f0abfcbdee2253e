-- The records per account, month, known month and product group. Lines are summed under the leading customer of their
-- account and named afterwards. What is rare (returns, lines without cost, reversals) is summed by filters: they touch
-- few lines, a CASE all of them.
INSERT INTO ledger_groups
WITH summed AS (
    SELECT
        leading_source                                                    AS source,
        leading_customer_id                                               AS customer_id,
        record,
        product_group,
        sum(net_revenue_e4)                                               AS net_revenue_e4,
        coalesce(-sum(net_revenue_e4) FILTER (NOT is_purchase), 0)        AS returns_e4,
        coalesce(sum(net_revenue_e4) FILTER (cost_e4 IS NULL), 0)         AS uncosted_revenue_e4,
        sum(cost_e4)                                                      AS cost_e4,
        sum(quantity_e4)                                                  AS quantity_e4,
        count(*) - 2 * count(*) FILTER (is_reversal)                      AS lines
    FROM ledger_scope
    GROUP BY ALL
)
SELECT
    account_id,
    record >> 14                                      AS month,
    (record >> 14) + (record & 16383)                 AS known_month,
    product_group,
    CAST(net_revenue_e4 AS BIGINT)                    AS net_revenue_e4,
    CAST(net_revenue_e4 + returns_e4 AS BIGINT)       AS gross_revenue_e4,
    CAST(returns_e4 AS BIGINT)                        AS returns_e4,
    CAST(net_revenue_e4 - uncosted_revenue_e4 AS BIGINT) AS costed_revenue_e4,
    CAST(net_revenue_e4 - uncosted_revenue_e4 - cost_e4 AS BIGINT) AS margin_e4,
    CAST(quantity_e4 AS BIGINT)                       AS quantity_e4,
    lines
FROM summed JOIN ledger_identity USING (source, customer_id)
WHERE
    lines <> 0
    OR net_revenue_e4 <> 0
    OR returns_e4 <> 0
    OR uncosted_revenue_e4 <> 0
    OR coalesce(cost_e4, 0) <> 0
    OR coalesce(quantity_e4, 0) <> 0
