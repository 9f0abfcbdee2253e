-- Lines whose group came from `products` follow it.
UPDATE order_lines
SET product_group = now.product_group
FROM (
    SELECT product_id, coalesce(group_of_product.product_group, '(none)') AS product_group
    FROM (SELECT DISTINCT product_id FROM order_lines WHERE group_from_products)
        LEFT JOIN group_of_product USING (product_id)
) AS now
WHERE order_lines.group_from_products
    AND order_lines.product_id = now.product_id
    AND order_lines.product_group <> now.product_group
