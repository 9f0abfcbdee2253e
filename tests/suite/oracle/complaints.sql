WITH state AS (
    SELECT
        coalesce(a.account_id, c.customer_id) AS account_id,
        complaint_id, opened_on, t, c.source,
        datediff('month', opened_on, t) AS ago,
        CASE WHEN closed_on <= t THEN closed_on END AS closed,
        CASE WHEN received_on <= t THEN severity END AS severity
    FROM complaints c
    JOIN batches b USING (batch_id)
    LEFT JOIN accounts a ON a.source = c.source AND a.customer_id = c.customer_id
    CROSS JOIN ends
    WHERE opened_on <= t AND known_at <= k AND (known_until IS NULL OR known_until > k)
),
recorded AS (SELECT max(ago) + 1 AS months FROM state),
figures AS (
    SELECT
        account_id,
        count(*) FILTER (ago < 12) AS c12,
        count(*) FILTER (ago < 24) AS c24,
        count(*) FILTER (closed IS NULL) AS open,
        max(t - opened_on) FILTER (closed IS NULL) AS open_days,
        min(t - opened_on) AS since,
        avg(closed - opened_on) FILTER (ago < 24) AS to_close
    FROM state GROUP BY account_id
),
newest AS (
    SELECT account_id, severity
    FROM (SELECT *, row_number() OVER (PARTITION BY account_id ORDER BY opened_on DESC, source || '/' || complaint_id DESC) AS n FROM state)
    WHERE n = 1
),
ordered AS (SELECT account_id, within(12, sum(orders) FILTER (ago < 12)) AS orders_12 FROM months GROUP BY account_id)
SELECT
    account_id,
    CASE WHEN months >= 12 THEN coalesce(c12, 0) END AS complaints_12,
    CASE WHEN months >= 24 THEN coalesce(c24, 0) END AS complaints_24,
    CASE WHEN months >= 12 THEN per(coalesce(c12, 0), orders_12) END AS complaints_per_order_12,
    CASE WHEN months IS NOT NULL THEN coalesce(open, 0) END AS complaints_open,
    open_days AS oldest_open_complaint_days,
    since AS days_since_last_complaint,
    to_close AS days_to_close_24,
    severity AS complaint_severity,
    CASE WHEN months IS NULL THEN 0 ELSE 1 END AS complaints_known
FROM population LEFT JOIN figures USING (account_id) LEFT JOIN newest USING (account_id) LEFT JOIN ordered USING (account_id)
    CROSS JOIN recorded
