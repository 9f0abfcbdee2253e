-- Sources of order lines of which the table holds another number than their files brought. What an upsert or a retention
-- period took away cannot be told from the files, so such sources are not counted.
WITH file_loads AS (
    SELECT
        source,
        mode,
        rows_loaded,
        batch_id = max(batch_id) OVER (PARTITION BY source, file) AS is_newest_of_file,
        batch_id = max(batch_id) OVER (PARTITION BY source) AS is_newest
    FROM batches
    WHERE table_name = 'order_lines'
),
expected AS (
    SELECT source, CAST(sum(rows_loaded) AS BIGINT) AS lines
    FROM file_loads
    WHERE (mode IN ('together', 'append') AND is_newest_of_file) OR (mode = 'snapshot' AND is_newest)
    GROUP BY source
),
held AS (
    SELECT source, CAST(sum(CASE WHEN is_reversal THEN -1 ELSE 1 END) AS BIGINT) AS lines
    FROM order_lines
    GROUP BY source
)
SELECT 'order_lines of ' || source || ' holds ' || coalesce(held.lines, 0) || ' lines, its files brought ' || expected.lines
    AS finding
FROM expected LEFT JOIN held USING (source)
WHERE coalesce(held.lines, 0) <> expected.lines
    AND NOT EXISTS (SELECT 1 FROM stage_runs WHERE stage = 'retention/order_lines')
