-- Every row that makes a difference between a file and the ledger beside conversion: refused on the way in, left out by
-- the source's filter, or taken back by a later file; and those that filters left out of other tables. Grain: one row of a
-- file, or one reversal. Amounts in ten-thousandths, null where the file's could not be read.
WITH newest AS (
    SELECT max(batch_id) AS batch_id FROM batches GROUP BY table_name, source, file
)
SELECT
    'refused' AS kind,
    table_name AS "table",
    q.file,
    'row ' || row_number AS place,
    CAST(NULL AS DATE) AS day,
    CAST(NULL AS BIGINT) AS amount_e4,
    string_agg(coalesce(column_name || ' is `' || value || '`, ', '') || 'expected ' || expected, '; ' ORDER BY column_name)
        AS reason
FROM quarantine AS q
SEMI JOIN newest USING (batch_id)
WHERE table_name = 'order_lines'
GROUP BY table_name, q.file, row_number
UNION ALL
SELECT 'left out', table_name, l.file, 'row ' || row_number, day, amount_e4, reason
FROM left_out AS l
SEMI JOIN newest USING (batch_id)
UNION ALL
SELECT
    'taken back',
    'order_lines',
    batches.file,
    'order ' || order_id || coalesce(', line ' || line_number, ''),
    ordered_on,
    net_revenue_e4,
    'changed or gone in this file, known from ' || known_at
FROM order_lines
JOIN batches USING (batch_id)
WHERE is_reversal
ORDER BY ALL
