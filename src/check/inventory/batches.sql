-- Where each source of each table comes from, and when it was last received.
-- Grain: one row per table and source.
SELECT table_name, source, string_agg(DISTINCT file, '|' ORDER BY file), CAST(max(received_on) AS VARCHAR)
FROM batches
WHERE file_hash <> 'gone'
GROUP BY table_name, source
ORDER BY table_name, source
