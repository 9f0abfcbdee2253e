-- Years in which more than a hundredth of the revenue has no cost, although other revenue has.
SELECT year(ordered_on) || ': '
    || CAST(round(100.0 * sum(abs(net_revenue_e4)) FILTER (cost_e4 IS NULL) / sum(abs(net_revenue_e4))) AS INTEGER)
    || ' % of the revenue has no cost' AS finding
FROM order_lines
WHERE EXISTS (SELECT 1 FROM order_lines WHERE cost_e4 IS NOT NULL)
GROUP BY year(ordered_on)
HAVING sum(abs(net_revenue_e4)) FILTER (cost_e4 IS NULL) * 100 > sum(abs(net_revenue_e4))
