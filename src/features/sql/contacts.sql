-- Contacts with the account they belong to; several rows of one person are its states over time.
-- Grain: one row per contact and state, the newest last.
-- Parameter: the last day of the data, on which a batch without a date of receipt counts as received.
-- `state_known_at`: from when the person is known to be a contact. A batch whose rows are all known from ever says
-- nothing of that, so it counts from the day of receipt.
WITH batch_knowledge AS (
    SELECT batch_id, bool_and(known_at = DATE '1900-01-01') AS by_default FROM contacts GROUP BY batch_id
)
SELECT
    account,
    CAST(dense_rank() OVER (ORDER BY account, contacts.source, contact_id) AS INTEGER) AS fact,
    role,
    last_confirmed_on,
    left_on,
    known_at,
    known_until,
    CASE WHEN by_default THEN coalesce(received_on, CAST(? AS DATE)) ELSE known_at END AS state_known_at
FROM contacts
JOIN batch_knowledge USING (batch_id)
LEFT JOIN batches USING (batch_id)
LEFT JOIN accounts ON accounts.source = contacts.source AND accounts.customer_id = contacts.customer_id
JOIN feature_accounts ON feature_accounts.account_id = coalesce(accounts.account_id, contacts.customer_id)
ORDER BY account, fact, known_at, batch_id
