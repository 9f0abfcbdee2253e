-- One row per source record of a customer, and one per customer known only from order lines. Every record is its own
-- account until duplicates are searched for.
INSERT INTO accounts BY NAME
WITH records AS (
    SELECT customer_id, min(source) AS source FROM customers GROUP BY customer_id
),
buyers AS (
    SELECT customer_id, min(source) AS source FROM order_lines GROUP BY customer_id
)
SELECT
    coalesce(records.source, buyers.source) AS source,
    customer_id,
    customer_id AS account_id,
    CAST(NULL AS DOUBLE) AS match_probability,
    CAST(NULL AS DATE) AS merged_on
FROM records FULL JOIN buyers USING (customer_id)
ORDER BY customer_id
