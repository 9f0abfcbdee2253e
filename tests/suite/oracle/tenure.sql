WITH first_orders AS (SELECT account_id, max(ago) AS age FROM orders GROUP BY account_id)
SELECT
    account_id,
    age AS months_since_first_order,
    CASE WHEN (SELECT covered FROM moment) - age <= 12 THEN 1 ELSE 0 END AS first_order_censored,
    datediff('month', customer_since, (SELECT t FROM moment)) AS months_since_customer_since,
    CASE WHEN customer_since IS NULL THEN 0 ELSE 1 END AS tenure_known
FROM population JOIN first_orders USING (account_id) LEFT JOIN people USING (account_id)
