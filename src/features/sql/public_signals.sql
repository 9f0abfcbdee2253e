-- Observations in public with the account they speak of, by day. An observation has no id and never changes; of long
-- texts the beginning is read.
-- Grain: one row per observation.
SELECT
    account,
    CAST(row_number() OVER (
        ORDER BY account, observed_on, stated_source, topic, sentiment, text, url, known_at, known_until
    ) AS INTEGER) AS fact,
    observed_on,
    stated_source,
    topic,
    sentiment,
    left(text, 2000) AS text,
    known_at,
    known_until
FROM public_signals
LEFT JOIN accounts ON accounts.source = public_signals.source AND accounts.customer_id = public_signals.customer_id
JOIN feature_accounts ON feature_accounts.account_id = coalesce(accounts.account_id, public_signals.customer_id)
ORDER BY fact
