-- Tax numbers of several customers that are not one account: duplicates, or one of them is wrong.
WITH numbers AS (
    SELECT
        regexp_replace(upper(vat_id), '[^A-Z0-9]', '', 'g') AS vat_id,
        customer_id,
        coalesce(account_id, customer_id) AS account_id
    FROM newest_customers LEFT JOIN accounts USING (source, customer_id)
    WHERE vat_id IS NOT NULL
)
SELECT vat_id || ' belongs to ' || string_agg(customer_id, ', ' ORDER BY customer_id) AS finding
FROM numbers
GROUP BY vat_id
HAVING count(DISTINCT account_id) > 1
