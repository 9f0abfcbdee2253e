-- Invoices with the account they belong to, in any order.
-- Grain: one row per invoice and state.
-- Parameter: the last day of the data, on which a batch without a date of receipt counts as received.
-- `several_states`: a number of the invoice where it has several, else null.
-- `state_known_at`: from when undated state (dunning level, disputed, part payments) is known. A batch whose rows are
-- all known from their own event date says nothing of that, so it counts from the day of receipt.
WITH batch_knowledge AS (
    SELECT batch_id, bool_and(known_at = issued_on) AS by_default FROM invoices GROUP BY batch_id
),
several AS (
    SELECT source, invoice_id, row_number() OVER (ORDER BY source, invoice_id) AS number
    FROM invoices
    GROUP BY source, invoice_id
    HAVING count(*) > 1
)
SELECT
    account,
    several.number AS several_states,
    issued_on,
    amount_e4,
    due_on,
    paid_on,
    paid_amount_e4,
    dunning_level,
    disputed,
    known_at,
    batch_id,
    known_until,
    CASE WHEN by_default THEN coalesce(received_on, CAST(? AS DATE)) ELSE known_at END AS state_known_at
FROM invoices
JOIN batch_knowledge USING (batch_id)
LEFT JOIN batches USING (batch_id)
LEFT JOIN several ON several.source = invoices.source AND several.invoice_id = invoices.invoice_id
LEFT JOIN accounts ON accounts.source = invoices.source AND accounts.customer_id = invoices.customer_id
JOIN feature_accounts ON feature_accounts.account_id = coalesce(accounts.account_id, invoices.customer_id)
