-- Customers' answers with the account they belong to, in any order. An answer has no id: it is what was said, when, by whom.
-- Grain: one row per answer.
SELECT account, answered_on, question, CAST(round(score * 10000) AS BIGINT) AS score_e4, known_at, known_until
FROM survey_answers
LEFT JOIN accounts USING (source, customer_id)
JOIN feature_accounts ON feature_accounts.account_id = coalesce(accounts.account_id, survey_answers.customer_id)
