-- Order lines held twice: same order, line number, day, product and revenue. Suspects are found by hash, since only
-- they are worth a comparison.
WITH held AS (
    SELECT
        order_id, line_number, ordered_on, product_id, net_revenue_e4 * sign AS net_revenue_e4, sign,
        hash(order_id, line_number, ordered_on, product_id, net_revenue_e4 * sign) AS content
    FROM (SELECT *, CASE WHEN is_reversal THEN -1 ELSE 1 END AS sign FROM order_lines WHERE line_number IS NOT NULL)
),
suspects AS (
    SELECT content FROM held GROUP BY content HAVING sum(sign) > 1
)
SELECT 'order ' || order_id || ', line ' || line_number || ' is held ' || CAST(sum(sign) AS BIGINT) || ' times' AS finding
FROM held SEMI JOIN suspects USING (content)
GROUP BY order_id, line_number, ordered_on, product_id, net_revenue_e4
HAVING sum(sign) > 1
