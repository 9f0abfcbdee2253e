-- Order lines whose cost and revenue are of opposite signs.
SELECT 'order ' || order_id || coalesce(', line ' || line_number, '') || ': revenue ' || net_revenue_e4 / 10000
    || ', cost ' || cost_e4 / 10000 AS finding
FROM order_lines
WHERE NOT is_reversal AND sign(cost_e4) * sign(net_revenue_e4) < 0
