-- What order_lines holds, to see what changed and to reconcile. One row per batch and month of the order day. Lines are
-- only ever added, and their product group filled in later; `content` changes with either.
SELECT
    batch_id,
    (year(ordered_on) * 12 + month(ordered_on) - 1)::INTEGER AS month,
    max(year(known_at))::INTEGER                             AS last_known_year,
    count(*)                                                 AS lines,
    sum(net_revenue_e4)                                      AS net_revenue_e4,
    concat_ws(
        ' ',
        count(*),
        sum(net_revenue_e4),
        sum(cost_e4),
        sum(quantity_e4),
        sum(ordered_on - DATE '1970-01-01'),
        sum(known_at - DATE '1970-01-01'),
        sum(hash(product_group))
    )                                                        AS content
FROM order_lines
GROUP BY ALL
ORDER BY batch_id, month
