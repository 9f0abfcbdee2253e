-- Files of whose newest load more than a tenth of the rows is in quarantine.
WITH newest AS (
    SELECT file, rows_in, rows_quarantined
    FROM batches
    QUALIFY batch_id = max(batch_id) OVER (PARTITION BY table_name, source, file)
)
SELECT file || ': ' || rows_quarantined || ' of ' || rows_in || ' rows' AS finding
FROM newest
WHERE rows_quarantined * 10 > rows_in
