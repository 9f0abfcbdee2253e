-- Contacts with the account they belong to, in any order; several rows of one person are its states over time.
-- Grain: one row per contact and state.
-- Parameter: the last day of the data, on which a batch without a date of receipt counts as received.
-- `state_known_at`: from when the person is known to be a contact. A batch whose rows are all known from ever says
-- nothing of that, so it counts from the day of receipt.
-- `several_states`: a number of the contact where it has several, else null.
WITH batch_knowledge AS (
    SELECT batch_id, bool_and(known_at = DATE '1900-01-01') AS by_default FROM contacts GROUP BY batch_id
),
several AS (
    SELECT source, contact_id, row_number() OVER (ORDER BY source, contact_id) AS number
    FROM contacts
    GROUP BY source, contact_id
    HAVING count(*) > 1
)
SELECT
    account,
    several.number AS several_states,
    role,
    last_confirmed_on,
    left_on,
    known_at,
    batch_id,
    known_until,
    CASE WHEN by_default THEN coalesce(received_on, CAST(? AS DATE)) ELSE known_at END AS state_known_at
FROM contacts
JOIN batch_knowledge USING (batch_id)
LEFT JOIN batches USING (batch_id)
LEFT JOIN several ON several.source = contacts.source AND several.contact_id = contacts.contact_id
LEFT JOIN accounts ON accounts.source = contacts.source AND accounts.customer_id = contacts.customer_id
JOIN feature_accounts ON feature_accounts.account_id = coalesce(accounts.account_id, contacts.customer_id)
