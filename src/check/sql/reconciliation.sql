-- The table, if it holds another number of order lines than its files brought.
WITH file_loads AS (
    SELECT
        mode,
        rows_loaded,
        batch_id = max(batch_id) OVER (PARTITION BY file) AS is_newest_of_file,
        batch_id = max(batch_id) OVER () AS is_newest
    FROM batches
    WHERE table_name = 'order_lines'
),
expected AS (
    SELECT CAST(sum(rows_loaded) AS BIGINT) AS lines
    FROM file_loads
    WHERE (mode IN ('together', 'append') AND is_newest_of_file) OR (mode = 'snapshot' AND is_newest)
),
held AS (
    SELECT CAST(sum(CASE WHEN is_reversal THEN -1 ELSE 1 END) AS BIGINT) AS lines
    FROM order_lines
)
SELECT 'order_lines holds ' || held.lines || ' lines, its files brought ' || expected.lines AS finding
FROM expected, held
WHERE expected.lines <> held.lines
