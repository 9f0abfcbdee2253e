-- One reversal per order line that changed or vanished: the same line with negated amounts, known from the delivery.
INSERT INTO order_lines BY NAME
SELECT
    line.* REPLACE (
        -line.quantity_e4 AS quantity_e4,
        -line.net_revenue_e4 AS net_revenue_e4,
        -line.cost_e4 AS cost_e4,
        -line.source_net_revenue_e4 AS source_net_revenue_e4,
        -line.source_cost_e4 AS source_cost_e4,
        CAST({received_on} AS DATE) AS known_at,
        CAST({batch_id} AS INTEGER) AS batch_id,
        true AS is_reversal
    )
FROM order_lines AS line
    JOIN delta ON delta.identity = line.order_id AND delta.content = hash({line_content})
WHERE NOT line.is_reversal AND delta.surplus < 0 AND ({scope})
QUALIFY row_number() OVER (PARTITION BY delta.identity, delta.content ORDER BY line.known_at DESC, line.batch_id DESC)
    <= -delta.surplus
