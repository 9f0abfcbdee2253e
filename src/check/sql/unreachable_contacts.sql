-- Contacts who have not left and of whom neither e-mail nor telephone is known.
SELECT 'contact ' || contact_id || ' of customer ' || customer_id || ' has neither e-mail nor telephone' AS finding
FROM newest_contacts
WHERE left_on IS NULL AND email IS NULL AND phone IS NULL
