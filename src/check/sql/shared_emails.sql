-- E-mail addresses of contacts at several customers that are not one account.
WITH addresses AS (
    SELECT lower(email) AS email, contact_id, coalesce(account_id, customer_id) AS account_id
    FROM newest_contacts LEFT JOIN accounts USING (source, customer_id)
    WHERE email IS NOT NULL AND left_on IS NULL
)
SELECT email || ' is shared by ' || string_agg(contact_id, ', ' ORDER BY contact_id) AS finding
FROM addresses
GROUP BY email
HAVING count(DISTINCT account_id) > 1
