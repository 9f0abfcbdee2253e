-- Rows into the table, each with the day from which it was known.
INSERT INTO {table} BY NAME
SELECT
    {line_content},
    coalesce(line.known_at, CASE WHEN {is_late} THEN CAST({received_on} AS DATE) ELSE {known_from} END) AS known_at,
    CAST(NULL AS DATE) AS known_until,
    {source} AS source,
    line.batch_id
FROM {lines} AS line
ORDER BY line.batch_id, line.row_number
