-- Invoices of a first batch: their undated state is known from the day the batch was received.
WITH state AS (
    SELECT
        coalesce(a.account_id, i.customer_id) AS account_id,
        t, amount_e4, due_on, issued_on,
        datediff('month', issued_on, t) < 12 AS this_year,
        datediff('month', issued_on, t) < 24 AS recent,
        CASE WHEN paid_on <= t THEN paid_on END AS paid,
        CASE WHEN paid_on <= t THEN amount_e4 - coalesce(paid_amount_e4, amount_e4)
             WHEN paid_on IS NULL AND received_on <= t THEN amount_e4 - coalesce(paid_amount_e4, 0)
             ELSE amount_e4 END AS open,
        CASE WHEN received_on <= t THEN dunning_level END AS dunning,
        CASE WHEN received_on <= t THEN disputed END AS disputed
    FROM invoices i
    JOIN batches b USING (batch_id)
    LEFT JOIN accounts a ON a.source = i.source AND a.customer_id = i.customer_id
    CROSS JOIN ends
    WHERE issued_on <= t AND known_at <= k AND (known_until IS NULL OR known_until > k)
),
figures AS (
    SELECT
        account_id,
        avg(paid - due_on) FILTER (amount_e4 > 0 AND recent) AS beyond,
        sum((paid - due_on) * (amount_e4 // 10000)) FILTER (amount_e4 > 0 AND recent)
            / nullif(sum(amount_e4 // 10000) FILTER (amount_e4 > 0 AND recent AND paid IS NOT NULL AND due_on IS NOT NULL), 0)
            AS weighted,
        avg(paid - due_on) FILTER (amount_e4 > 0 AND datediff('month', paid, t) < 6)
            - avg(paid - due_on) FILTER (amount_e4 > 0 AND datediff('month', paid, t) BETWEEN 6 AND 23) AS change,
        avg(CASE WHEN 2 * (paid - issued_on) <= due_on - issued_on THEN 1 ELSE 0 END)
            FILTER (amount_e4 > 0 AND recent AND paid IS NOT NULL AND due_on IS NOT NULL) AS early,
        per(sum(open) FILTER (amount_e4 > 0 AND this_year), sum(amount_e4) FILTER (amount_e4 > 0 AND this_year)) AS open_12,
        avg(CASE WHEN coalesce(paid, t) > due_on THEN 1 ELSE 0 END) FILTER (amount_e4 > 0 AND recent AND due_on <= t) AS late,
        sum(open) / 1e4 AS open_amount,
        coalesce(sum(open) FILTER (amount_e4 > 0 AND open > 0 AND due_on < t), 0) / 1e4 AS overdue,
        sum(open) FILTER (amount_e4 > 0) / 1e4 AS open_invoices,
        max(t - due_on) FILTER (amount_e4 > 0 AND open > 0 AND due_on < t) AS oldest,
        max(dunning) FILTER (amount_e4 > 0 AND open <> 0) AS dunning,
        avg(CASE WHEN disputed THEN 1 WHEN NOT disputed THEN 0 END) FILTER (amount_e4 > 0 AND open <> 0) AS disputed
    FROM state GROUP BY account_id
)
SELECT
    account_id,
    beyond AS days_beyond_terms_24,
    weighted AS days_beyond_terms_weighted_24,
    late AS share_late_24,
    change AS days_beyond_terms_change_6,
    early AS early_share_24,
    open_amount,
    open_12 AS open_share_12,
    overdue AS overdue_amount,
    per(overdue, open_invoices) AS overdue_share,
    oldest AS oldest_overdue_days,
    dunning AS dunning_level,
    disputed AS disputed_share,
    CASE WHEN open_amount IS NULL THEN 0 ELSE 1 END AS payment_known
FROM population LEFT JOIN figures USING (account_id)
