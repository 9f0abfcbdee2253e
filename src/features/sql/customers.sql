-- Customer rows with the account they belong to, in any order; several rows of one record are its states over time.
-- Grain: one row per source record and state.
-- Parameter: the last day of the data, on which a batch without a date of receipt counts as received.
-- `state_known_at`: from when undated state (status) is known. A batch whose rows are all known from ever says nothing
-- of that, so it counts from the day of receipt.
WITH batch_knowledge AS (
    SELECT batch_id, bool_and(known_at = DATE '1900-01-01') AS by_default
    FROM customers
    GROUP BY batch_id
)
SELECT
    account,
    customers.source || '/' || customers.customer_id AS id,
    customers.customer_id,
    name,
    industry,
    region,
    country,
    parent_id,
    rep_id,
    CAST(employees AS DOUBLE) AS employees,
    annual_revenue_e4 / 10000.0 AS annual_revenue,
    CAST(stated_share_of_wallet AS DOUBLE) AS stated_share,
    customer_since,
    status,
    status_since,
    known_at,
    batch_id,
    known_until,
    coalesce(trust, 2147483647)::INTEGER AS trust,
    coalesce(company_id = accounts.account_id, true) AS is_head,
    CASE WHEN by_default THEN coalesce(received_on, CAST(? AS DATE)) ELSE known_at END AS state_known_at
FROM customers
JOIN batch_knowledge USING (batch_id)
LEFT JOIN batches USING (batch_id)
LEFT JOIN source_trust ON source_trust.source = customers.source
LEFT JOIN group_members ON group_members.source = customers.source AND group_members.customer_id = customers.customer_id
LEFT JOIN accounts ON accounts.source = customers.source AND accounts.customer_id = customers.customer_id
JOIN feature_accounts ON feature_accounts.account_id = coalesce(accounts.account_id, customers.customer_id)
