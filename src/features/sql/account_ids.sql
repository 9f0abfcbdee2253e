-- Grain: one row per account, in order of its number.
SELECT account_id FROM feature_accounts ORDER BY account
