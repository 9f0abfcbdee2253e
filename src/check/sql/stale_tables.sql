-- Dated tables whose newest row is more than three months older than the newest order.
WITH newest AS (
    SELECT 'invoices' AS table_name, max(issued_on) AS day FROM invoices
    UNION ALL SELECT 'complaints', max(opened_on) FROM complaints
    UNION ALL SELECT 'survey_answers', max(answered_on) FROM survey_answers
    UNION ALL SELECT 'interactions', max(happened_on) FROM interactions
    UNION ALL SELECT 'opportunities', max(opened_on) FROM opportunities
    UNION ALL SELECT 'public_signals', max(observed_on) FROM public_signals
),
orders AS (
    SELECT max(ordered_on) AS day FROM order_lines WHERE NOT is_reversal
)
SELECT table_name || ' ends on ' || newest.day || ', orders on ' || orders.day AS finding
FROM newest, orders
WHERE newest.day < orders.day - INTERVAL 3 MONTH
