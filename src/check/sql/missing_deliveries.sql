-- Months within the history of a dated table with less than a tenth of its median month, which has at least 20 rows;
-- sources are judged apart, since each delivers for itself. Where more than a tenth of the months are so thin, that is
-- the source's habit (a newsletter every other month). Order lines of a single source are judged by thin months.
WITH facts AS (
    SELECT 'invoices' AS table_name, source, issued_on AS day FROM newest_invoices
    UNION ALL
    SELECT 'order_lines', source, ordered_on FROM order_lines
    WHERE NOT is_reversal AND (SELECT count(DISTINCT source) > 1 FROM order_lines)
    UNION ALL SELECT 'interactions', source, happened_on FROM interactions WHERE known_until IS NULL
    UNION ALL SELECT 'complaints', source, opened_on FROM newest_complaints
    UNION ALL SELECT 'public_signals', source, observed_on FROM public_signals WHERE known_until IS NULL
),
months AS (
    SELECT table_name, source, year(day) * 12 + month(day) - 1 AS month, count(*) AS facts
    FROM facts GROUP BY ALL
),
bounds AS (
    SELECT table_name, source, min(month) AS first_month, max(month) AS last_month, median(facts) AS usual_facts
    FROM months GROUP BY ALL HAVING median(facts) >= 20
),
calendar AS (
    SELECT table_name, source, unnest(range(first_month + 1, last_month)) AS month, usual_facts FROM bounds
),
judged AS (
    SELECT *, coalesce(facts, 0) * 10 < usual_facts AS is_thin
    FROM calendar LEFT JOIN months USING (table_name, source, month)
)
SELECT format('{} of {} has {} rows in {:04d}-{:02d}, usually {:.0f}',
    table_name, source, coalesce(facts, 0), month // 12, month % 12 + 1, usual_facts) AS finding
FROM judged
WINDOW source_months AS (PARTITION BY table_name, source)
QUALIFY is_thin AND count(*) FILTER (is_thin) OVER source_months <= greatest(1, count(*) OVER source_months // 10)
