-- The newest state of every source record of a customer. Grain: one row per source and customer id.
-- A record that its source no longer holds still identifies the orders of its time.
WITH newest AS (
    SELECT *
    FROM customers
    QUALIFY row_number() OVER (PARTITION BY source, customer_id ORDER BY known_at DESC, batch_id DESC) = 1
),
buyers AS (
    SELECT DISTINCT source, customer_id FROM order_lines
)
SELECT
    source,
    customer_id,
    name,
    street,
    postal_code,
    city,
    country,
    phone,
    website,
    email,
    vat_id,
    parent_id,
    buyers.customer_id IS NOT NULL AS orders
FROM newest LEFT JOIN buyers USING (source, customer_id)
ORDER BY source, customer_id
