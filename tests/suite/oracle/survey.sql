WITH answers AS (
    SELECT coalesce(a.account_id, s.customer_id) AS account_id, question, answered_on, avg(score) AS score, count(*) AS n
    FROM survey_answers s
    LEFT JOIN accounts a ON a.source = s.source AND a.customer_id = s.customer_id
    CROSS JOIN ends
    WHERE answered_on <= t AND known_at <= k AND (known_until IS NULL OR known_until > k)
    GROUP BY 1, 2, 3
),
with_before AS (
    SELECT *, score - lag(score) OVER (PARTITION BY account_id, question ORDER BY answered_on) AS change,
        row_number() OVER (PARTITION BY account_id, question ORDER BY answered_on DESC) AS newest,
        sum(n) OVER (PARTITION BY account_id, question) AS total
    FROM answers
),
nps AS (SELECT * FROM with_before WHERE newest = 1 AND question = 'recommend'),
sat AS (SELECT * FROM with_before WHERE newest = 1 AND question = 'satisfaction')
SELECT
    account_id,
    nps.score AS nps_score,
    CASE WHEN nps.score >= 9 THEN 'promoter' WHEN nps.score > 6 THEN 'passive' WHEN nps.score IS NOT NULL THEN 'detractor' END
        AS nps_class,
    (SELECT t FROM moment) - nps.answered_on AS nps_age,
    nps.total AS nps_answers,
    nps.change AS nps_change,
    sat.score AS satisfaction_score,
    (SELECT t FROM moment) - sat.answered_on AS satisfaction_age,
    sat.total AS satisfaction_answers,
    sat.change AS satisfaction_change,
    CASE WHEN account_id IN (SELECT account_id FROM answers) THEN 1 ELSE 0 END AS survey_known
FROM population LEFT JOIN nps USING (account_id) LEFT JOIN sat USING (account_id)
