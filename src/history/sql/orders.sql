-- Orders by way of their own grain, folded at once into customers and records. One row per source, customer, first and
-- last record of an order. An order whose lines share one record and hold no reversal is plain (`first_record =
-- last_record`): day mask and value are final. All others are worked out step by step in accounts_revised.sql.
CREATE TEMP TABLE ledger_orders AS
WITH orders AS (
    SELECT
        source,
        customer_id,
        order_id,
        min(record)                                                            AS first_record,
        max(record + CAST(is_reversal AS INTEGER))                             AS last_record,
        bit_or(CASE WHEN is_purchase THEN 1 << (day(ordered_on) - 1) ELSE 0 END)::INTEGER AS day_mask,
        sum(net_revenue_e4)                                                    AS value_e4
    FROM ledger_scope
    GROUP BY ALL
)
SELECT
    source,
    customer_id,
    first_record,
    last_record,
    count(*) FILTER (day_mask <> 0)                                  AS orders,
    bit_or(day_mask)                                                 AS day_mask,
    greatest(coalesce(max(value_e4) FILTER (day_mask <> 0), 0), 0)   AS largest_order_e4
FROM orders
GROUP BY ALL
