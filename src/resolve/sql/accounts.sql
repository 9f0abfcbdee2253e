-- The identity of everything that names a customer. Grain: one row per source and customer id.
-- Records have theirs from linkage (`resolved`). An id that only other tables of a source know belongs to the account
-- of the records with that id, if they are one account; where they are several, it stays apart under its source's name.
-- A buyer whom no record knows is an account of its own, so that no revenue is lost.
INSERT INTO accounts BY NAME
WITH known AS (
    SELECT
        customer_id,
        min(account_id) AS account_id,
        count(DISTINCT account_id) AS accounts
    FROM resolved
    GROUP BY customer_id
),
buyers AS (
    SELECT DISTINCT source, customer_id, true AS orders FROM order_lines
),
others AS (
{others}
),
named AS (
    SELECT source, customer_id, bool_or(orders) AS orders
    FROM (SELECT * FROM buyers UNION ALL SELECT source, customer_id, false AS orders FROM others)
    GROUP BY source, customer_id
)
SELECT source, customer_id, account_id, match_probability, merged_on FROM resolved
UNION ALL
SELECT
    source,
    customer_id,
    CASE
        WHEN known.accounts = 1 THEN known.account_id
        WHEN known.accounts > 1 THEN source || '/' || customer_id
        ELSE customer_id
    END AS account_id,
    CAST(NULL AS DOUBLE) AS match_probability,
    CAST(NULL AS DATE) AS merged_on
FROM named
LEFT JOIN known USING (customer_id)
ANTI JOIN resolved USING (source, customer_id)
WHERE orders OR known.accounts IS NOT NULL
ORDER BY source, customer_id
