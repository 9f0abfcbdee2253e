-- The newest answer of each person to each question, of the 12 months that end with a month, as known at its end.
-- Grain: one row per answer; where no person is named, all answers of the account's newest day.
-- Parameter: the last day.
WITH days AS (
    SELECT CAST(? AS DATE) AS end_day
)
SELECT coalesce(account_id, customer_id) AS account, question, CAST(score AS DOUBLE) AS score
FROM survey_answers
LEFT JOIN accounts USING (source, customer_id)
CROSS JOIN days
WHERE question IN ('recommend', 'satisfaction')
    AND answered_on <= end_day
    AND answered_on > end_day - INTERVAL 12 MONTH
    AND known_at <= end_day
    AND (known_until IS NULL OR known_until > end_day)
QUALIFY rank() OVER (PARTITION BY account, contact_id, question ORDER BY answered_on DESC) = 1
ORDER BY account, question, score
