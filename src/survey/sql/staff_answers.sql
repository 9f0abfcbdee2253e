-- All states of all answers of our own people, with the account they belong to. Grain: one row per state of an answer.
SELECT
    round,
    coalesce(account_id, customer_id) AS account,
    rater,
    year(known_at) * 12 + month(known_at) - 1 AS known,
    -- the last month at whose end this is the state
    year(known_until) * 12 + month(known_until) - 2 AS until,
    CAST(potential AS DOUBLE) AS potential,
    CAST(relationship AS DOUBLE) AS relationship,
    CAST(willingness AS DOUBLE) AS willingness
FROM staff_answers
LEFT JOIN accounts USING (source, customer_id)
ORDER BY ALL
