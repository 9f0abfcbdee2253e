-- Tables that speak of customers who neither order nor are among the customers.
WITH facts AS (
    SELECT 'contacts' AS table_name, customer_id FROM contacts
    UNION ALL SELECT 'invoices', customer_id FROM invoices
    UNION ALL SELECT 'complaints', customer_id FROM complaints
    UNION ALL SELECT 'survey_answers', customer_id FROM survey_answers
    UNION ALL SELECT 'interactions', customer_id FROM interactions
    UNION ALL SELECT 'opportunities', customer_id FROM opportunities
    UNION ALL SELECT 'public_signals', customer_id FROM public_signals
    UNION ALL SELECT 'appointments', customer_id FROM appointments
),
known AS (
    SELECT customer_id FROM customers
    UNION SELECT customer_id FROM order_lines
)
SELECT table_name || ' has ' || count(*) || ' rows of ' || count(DISTINCT customer_id)
    || ' customers nobody knows, such as ' || min(customer_id) AS finding
FROM facts ANTI JOIN known USING (customer_id)
GROUP BY table_name
