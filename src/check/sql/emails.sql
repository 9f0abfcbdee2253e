-- E-mail addresses of customers and contacts that nothing could be sent to.
SELECT 'customer ' || customer_id || ': ' || email || ', ' || reason AS finding
FROM newest_customers JOIN invalid_values ON kind = 'email' AND value = email
UNION ALL
SELECT 'contact ' || contact_id || ': ' || email || ', ' || reason
FROM newest_contacts JOIN invalid_values ON kind = 'email' AND value = email
