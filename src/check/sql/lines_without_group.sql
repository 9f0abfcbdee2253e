-- Years in which more than a hundredth of the revenue has no product group, although other revenue has.
SELECT year(ordered_on) || ': '
    || CAST(round(100.0 * sum(abs(net_revenue_e4)) FILTER (product_group = '(none)') / sum(abs(net_revenue_e4))) AS INTEGER)
    || ' % of the revenue has no product group' AS finding
FROM order_lines
WHERE EXISTS (SELECT 1 FROM order_lines WHERE product_group <> '(none)')
GROUP BY year(ordered_on)
HAVING sum(abs(net_revenue_e4)) FILTER (product_group = '(none)') * 100 > sum(abs(net_revenue_e4))
