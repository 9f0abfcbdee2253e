-- Contact events with the account they belong to, in any order.
-- Grain: one row per contact event.
-- Parameter: the last day of the data, on which a batch without a date of receipt counts as received.
-- `inbound`: whether the customer began it, where the source's word for the direction says so.
-- `outcome`: missed (nobody was reached), engaged (opened or clicked), else null. It is undated state; from when it is
-- known see invoices.sql.
WITH batch_knowledge AS (
    SELECT batch_id, bool_and(known_at = happened_on) AS by_default FROM interactions GROUP BY batch_id
),
words AS (
    SELECT
        *,
        lower(trim(direction)) AS direction_word,
        CASE
            WHEN regexp_matches(lower(outcome), 'nicht erreicht|not reached|no answer|missed|voicemail|besetzt')
                THEN 'missed'
            WHEN regexp_matches(lower(outcome), 'unopened|not |nicht |ungelesen|ungeöffnet') THEN NULL
            WHEN regexp_matches(lower(outcome), 'open|click|geöffnet|geklickt|gelesen') THEN 'engaged'
        END AS outcome_word
    FROM interactions
)
SELECT
    account,
    happened_on,
    channel,
    CASE
        WHEN direction_word IN ('in', 'inbound', 'incoming', 'received', 'eingehend', 'eingang') THEN true
        WHEN direction_word IN ('out', 'outbound', 'outgoing', 'sent', 'ausgehend', 'ausgang') THEN false
    END AS inbound,
    outcome_word AS outcome,
    known_at,
    known_until,
    CASE WHEN by_default THEN coalesce(received_on, CAST(? AS DATE)) ELSE known_at END AS state_known_at
FROM words
JOIN batch_knowledge USING (batch_id)
LEFT JOIN batches USING (batch_id)
LEFT JOIN accounts ON accounts.source = words.source AND accounts.customer_id = words.customer_id
JOIN feature_accounts ON feature_accounts.account_id = coalesce(accounts.account_id, words.customer_id)
