-- The newest group of each product. A mapping says nothing about the future, so it holds for all past dates, also
-- after the product has left the catalogue.
CREATE OR REPLACE TEMP VIEW group_of_product AS
SELECT product_id, product_group
FROM products
WHERE product_group IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY product_id ORDER BY known_at DESC, batch_id DESC) = 1
