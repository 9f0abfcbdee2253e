-- Order lines whose price per unit is more than 100 times the median of the product (of at least ten lines).
WITH prices AS (
    SELECT
        order_id, line_number, product_id,
        CAST(net_revenue_e4 AS DOUBLE) / quantity_e4 AS price
    FROM order_lines
    WHERE NOT is_reversal AND product_id IS NOT NULL AND quantity_e4 <> 0 AND sign(quantity_e4) * sign(net_revenue_e4) > 0
),
medians AS (
    SELECT product_id, median(price) AS usual_price FROM prices GROUP BY product_id HAVING count(*) >= 10
)
SELECT format('order {}{}: product {} at {:.2f} per unit, usually {:.2f}',
    order_id, coalesce(', line ' || line_number, ''), product_id, price, usual_price) AS finding
FROM prices JOIN medians USING (product_id)
WHERE price > 100 * usual_price
