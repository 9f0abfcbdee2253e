-- What the records of an account say of one field, in the order in which the features see them: the last one counts.
-- Grain: one row per record with a value. Parameter: the account.
SELECT
    CAST({column} AS VARCHAR) AS value,
    customers.source,
    customers.customer_id,
    known_at,
    customers.batch_id,
    coalesce(batches.file, ''),
    coalesce(trust, 2147483647)::INTEGER AS trust,
    coalesce(company_id = accounts.account_id, true) AS is_head
FROM customers
JOIN accounts USING (source, customer_id)
LEFT JOIN batches USING (batch_id)
LEFT JOIN source_trust ON source_trust.source = customers.source
LEFT JOIN group_members ON group_members.source = customers.source AND group_members.customer_id = customers.customer_id
WHERE accounts.account_id = ? AND {column} IS NOT NULL AND known_until IS NULL
ORDER BY is_head, known_at, customers.source || '/' || customers.customer_id, customers.batch_id
