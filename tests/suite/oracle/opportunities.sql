WITH state AS (
    SELECT
        coalesce(a.account_id, o.customer_id) AS account_id,
        opened_on, t, datediff('month', opened_on, t) AS ago,
        CASE WHEN closed_on <= t THEN closed_on END AS closed,
        received_on <= t AND coalesce(stage, competitor, chance, risk) IS NOT NULL
            OR received_on <= t AND coalesce(amount_e4, probability) IS NOT NULL
            OR received_on <= t AND decision_expected_on IS NOT NULL AS stated,
        CASE WHEN received_on <= t THEN amount_e4 END AS amount,
        CASE WHEN received_on <= t THEN probability END AS probability,
        CASE WHEN received_on <= t THEN decision_expected_on END AS decision,
        CASE WHEN received_on <= t THEN CASE
            WHEN stage = 'lost' THEN 0 WHEN stage = 'Closed Won' THEN 1
            WHEN probability = 1 THEN 1 WHEN probability = 0 THEN 0
        END END AS won,
        -- the first batch does not date its states
        CASE WHEN received_on <= t AND batch_id = 2 THEN known_at END AS since,
        CASE WHEN received_on <= t AND (
            SELECT arg_min(batch_id, f.known_at) = 2 AND min(f.known_at) <= o.opened_on FROM opportunities f
            WHERE f.source = o.source AND f.opportunity_id = o.opportunity_id
        ) THEN (
            SELECT count(*) FROM opportunities a JOIN opportunities b USING (source, opportunity_id)
            WHERE a.source = o.source AND a.opportunity_id = o.opportunity_id AND a.known_until = b.known_at
                AND b.known_at <= o.known_at AND a.stage IS DISTINCT FROM b.stage
        ) END AS moves,
        CASE WHEN received_on <= t THEN competitor END AS competitor,
        CASE WHEN received_on <= t THEN chance END AS chance,
        CASE WHEN received_on <= t THEN risk END AS risk
    FROM opportunities o
    JOIN batches b USING (batch_id)
    LEFT JOIN accounts a ON a.source = o.source AND a.customer_id = o.customer_id
    CROSS JOIN ends
    WHERE opened_on <= t AND known_at <= k AND (known_until IS NULL OR known_until > k)
),
recorded AS (SELECT max(ago) + 1 AS months FROM state),
figures AS (
    SELECT
        account_id,
        count(*) FILTER (closed IS NULL) AS open,
        count(*) FILTER (closed IS NULL AND stated) AS open_stated,
        sum(amount) FILTER (closed IS NULL) / 1e4 AS amount,
        sum(amount / 1e4 * probability) FILTER (closed IS NULL) AS weighted,
        max(t - opened_on) FILTER (closed IS NULL) AS age,
        min(decision - t) FILTER (closed IS NULL) AS to_decision,
        min(t - since) FILTER (closed IS NULL) AS since_change,
        sum(moves) FILTER (closed IS NULL) AS moves,
        count(competitor) FILTER (closed IS NULL) AS competitors,
        count(chance) FILTER (closed IS NULL) AS chances,
        count(risk) FILTER (closed IS NULL) AS risks,
        count(*) FILTER (ago < 12) AS opened,
        avg(won) FILTER (datediff('month', closed, t) < 24) AS win_rate
    FROM state GROUP BY account_id
)
SELECT
    account_id,
    CASE WHEN months > 0 THEN coalesce(open, 0) END AS opportunities_open,
    CASE WHEN months > 0 AND (coalesce(open, 0) = 0 OR open_stated > 0) THEN coalesce(amount, 0) END AS opportunity_amount,
    CASE WHEN months > 0 AND (coalesce(open, 0) = 0 OR open_stated > 0) THEN coalesce(weighted, 0) END
        AS opportunity_weighted_amount,
    age AS opportunity_age,
    to_decision AS opportunity_days_to_decision,
    since_change AS opportunity_days_since_change,
    moves AS opportunity_stage_changes,
    CASE WHEN months > 0 AND (coalesce(open, 0) = 0 OR open_stated > 0) THEN coalesce(competitors, 0) END
        AS opportunity_competitors,
    CASE WHEN months > 0 AND (coalesce(open, 0) = 0 OR open_stated > 0) THEN coalesce(chances, 0) END AS opportunity_chances,
    CASE WHEN months > 0 AND (coalesce(open, 0) = 0 OR open_stated > 0) THEN coalesce(risks, 0) END AS opportunity_risks,
    CASE WHEN months >= 12 THEN coalesce(opened, 0) END AS opportunities_opened_12,
    CASE WHEN months >= 24 THEN win_rate END AS win_rate_24,
    CASE WHEN months IS NULL THEN 0 ELSE 1 END AS opportunities_known
FROM population LEFT JOIN figures USING (account_id) CROSS JOIN recorded
