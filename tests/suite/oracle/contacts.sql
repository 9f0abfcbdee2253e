WITH people_known AS (
    SELECT
        coalesce(a.account_id, c.customer_id) AS account_id,
        role, t,
        CASE WHEN last_confirmed_on <= t THEN last_confirmed_on END AS confirmed,
        CASE WHEN left_on <= t THEN left_on END AS gone
    FROM contacts c
    JOIN batches b USING (batch_id)
    LEFT JOIN accounts a ON a.source = c.source AND a.customer_id = c.customer_id
    CROSS JOIN ends
    -- no row of a file of contacts says when the person became one
    WHERE received_on <= t AND known_at <= k AND (known_until IS NULL OR known_until > k)
),
figures AS (
    SELECT
        account_id,
        count(*) FILTER (gone IS NULL) AS present,
        count(DISTINCT role) FILTER (gone IS NULL) / 6.0 AS coverage,
        max(CASE WHEN gone IS NULL AND role = 'initiator' THEN 1 ELSE 0 END) AS initiator,
        max(CASE WHEN gone IS NULL AND role = 'user' THEN 1 ELSE 0 END) AS user_role,
        max(CASE WHEN gone IS NULL AND role = 'influencer' THEN 1 ELSE 0 END) AS influencer,
        max(CASE WHEN gone IS NULL AND role = 'buyer' THEN 1 ELSE 0 END) AS buyer,
        max(CASE WHEN gone IS NULL AND role = 'decider' THEN 1 ELSE 0 END) AS decider,
        max(CASE WHEN gone IS NULL AND role = 'gatekeeper' THEN 1 ELSE 0 END) AS gatekeeper,
        min(t - confirmed) FILTER (gone IS NULL) AS confirmed_days,
        count(*) FILTER (datediff('month', gone, t) < 12) AS left_lately
    FROM people_known GROUP BY account_id
)
SELECT
    account_id,
    present AS contacts_present,
    coverage AS buying_centre_coverage,
    initiator AS initiator_known,
    user_role AS user_known,
    influencer AS influencer_known,
    buyer AS buyer_known,
    decider AS decider_known,
    gatekeeper AS gatekeeper_known,
    confirmed_days AS contact_confirmed_days,
    left_lately AS contacts_left_12,
    CASE WHEN present IS NULL THEN 0 ELSE 1 END AS contacts_known
FROM population LEFT JOIN figures USING (account_id)
