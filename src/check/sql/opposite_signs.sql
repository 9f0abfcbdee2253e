-- Order lines with a negative quantity and positive revenue, or the reverse.
SELECT 'order ' || order_id || coalesce(', line ' || line_number, '') || ': quantity ' || quantity_e4 / 10000
    || ', revenue ' || net_revenue_e4 / 10000 AS finding
FROM order_lines
WHERE NOT is_reversal AND sign(quantity_e4) * sign(net_revenue_e4) < 0
