-- Opportunities with the account they belong to; several rows of one opportunity are its states over time.
-- Grain: one row per opportunity and state, the newest last.
-- Parameter: the last day of the data, on which a batch without a date of receipt counts as received.
-- `won`: what stage, else probability, say of the decision; null where they say nothing.
-- `since`: from when this state holds, where the source dates its states.
-- `stage_changes`: how often the stage had changed by then; null where not every state since the opening was received.
-- `state_known_at`: from when undated state (all but the two days) is known; see invoices.sql.
WITH batch_knowledge AS (
    SELECT batch_id, bool_and(known_at = opened_on) AS by_default FROM opportunities GROUP BY batch_id
),
states AS (
    SELECT
        opportunities.*,
        by_default,
        row_number() OVER in_order > 1 AND stage IS DISTINCT FROM lag(stage) OVER in_order AS is_other_stage,
        first_value(NOT by_default AND known_at <= opened_on) OVER in_order AS is_seen_from_the_start
    FROM opportunities
    JOIN batch_knowledge USING (batch_id)
    WINDOW in_order AS (PARTITION BY source, opportunity_id ORDER BY known_at, batch_id)
)
SELECT
    account,
    CAST(dense_rank() OVER (ORDER BY account, opportunities.source, opportunity_id) AS INTEGER) AS fact,
    opened_on,
    closed_on,
    amount_e4,
    probability,
    decision_expected_on,
    CASE
        WHEN regexp_matches(lower(stage), 'lost|verlor|abgelehnt') THEN false
        WHEN regexp_matches(lower(stage), 'won|gewonnen|auftrag erhalten') THEN true
        WHEN probability >= 1 THEN true
        WHEN probability <= 0 THEN false
    END AS won,
    CASE WHEN NOT by_default THEN known_at END AS since,
    CASE WHEN is_seen_from_the_start THEN CAST(count(*) FILTER (is_other_stage) OVER (
        PARTITION BY opportunities.source, opportunity_id ORDER BY known_at, batch_id
    ) AS INTEGER) END AS stage_changes,
    coalesce(stage, competitor, chance, risk, CAST(amount_e4 AS VARCHAR), CAST(probability AS VARCHAR),
        CAST(decision_expected_on AS VARCHAR)) IS NOT NULL AS has_state,
    competitor IS NOT NULL AS has_competitor,
    chance IS NOT NULL AS has_chance,
    risk IS NOT NULL AS has_risk,
    known_at,
    known_until,
    CASE WHEN by_default THEN coalesce(received_on, CAST(? AS DATE)) ELSE known_at END AS state_known_at
FROM states AS opportunities
LEFT JOIN batches USING (batch_id)
LEFT JOIN accounts ON accounts.source = opportunities.source AND accounts.customer_id = opportunities.customer_id
JOIN feature_accounts ON feature_accounts.account_id = coalesce(accounts.account_id, opportunities.customer_id)
ORDER BY account, fact, known_at, batch_id
