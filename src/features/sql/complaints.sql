-- Complaints with the account they belong to, in any order; several rows of one complaint are its states over time.
-- Grain: one row per complaint and state.
-- Parameter: the last day of the data, on which a batch without a date of receipt counts as received.
-- `state_known_at`: from when undated state (severity) is known; see invoices.sql.
WITH batch_knowledge AS (
    SELECT batch_id, bool_and(known_at = opened_on) AS by_default FROM complaints GROUP BY batch_id
)
SELECT
    account,
    complaints.source || '/' || complaint_id AS id,
    opened_on,
    closed_on,
    severity,
    known_at,
    batch_id,
    known_until,
    CASE WHEN by_default THEN coalesce(received_on, CAST(? AS DATE)) ELSE known_at END AS state_known_at
FROM complaints
JOIN batch_knowledge USING (batch_id)
LEFT JOIN batches USING (batch_id)
LEFT JOIN accounts ON accounts.source = complaints.source AND accounts.customer_id = complaints.customer_id
JOIN feature_accounts ON feature_accounts.account_id = coalesce(accounts.account_id, complaints.customer_id)
