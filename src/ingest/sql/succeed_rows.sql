-- A row is the state of its id in its source until the next one is known.
UPDATE {table}
SET known_until = successor.next_known_at
FROM (
    SELECT rowid AS held, lead(known_at) OVER (PARTITION BY source, {key} ORDER BY known_at, batch_id, rowid) AS next_known_at
    FROM {table}
) AS successor
WHERE {table}.rowid = successor.held
    AND successor.next_known_at IS NOT NULL
    AND ({table}.known_until IS NULL OR {table}.known_until > successor.next_known_at)
