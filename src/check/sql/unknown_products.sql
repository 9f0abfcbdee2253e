-- Products that are ordered but are not among the products, where there are any.
SELECT 'product ' || product_id || ' has ' || count(*) || ' order lines' AS finding
FROM order_lines
WHERE product_id IS NOT NULL
    AND EXISTS (SELECT 1 FROM products)
    AND product_id NOT IN (SELECT product_id FROM products)
GROUP BY product_id
