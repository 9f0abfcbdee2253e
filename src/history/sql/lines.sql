-- What the ledger reads of an order line. One row per line.
--
-- `record` is the month of the order day and the months until the company knew of the line, as `month << 14 | delay`:
-- one key of four bytes, since grouping by two months took a fifth longer. A purchase is a line of zero or more; a
-- reversal takes back the line it negates, so it counts -1 where that counted 1.
CREATE TEMP VIEW ledger_lines AS
WITH dated AS (
    SELECT
        *,
        year(ordered_on) * 12 + month(ordered_on) - 1 AS month_index,
        year(known_at) * 12 + month(known_at) - 1     AS known_index
    FROM order_lines
)
SELECT
    batch_id,
    source,
    customer_id,
    order_id,
    product_group,
    ordered_on,
    known_at,
    month_index::INTEGER                                                               AS month,
    (month_index << 14 | greatest(known_index - month_index, 0))::INTEGER              AS record,
    net_revenue_e4,
    cost_e4,
    quantity_e4,
    is_reversal,
    (CASE WHEN is_reversal THEN net_revenue_e4 <= 0 ELSE net_revenue_e4 >= 0 END)      AS is_purchase
FROM dated
