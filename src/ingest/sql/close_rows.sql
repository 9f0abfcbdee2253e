-- Rows that changed or vanished are no longer the state from the day the delivery was received.
UPDATE {table}
SET known_until = CAST({received_on} AS DATE)
WHERE rowid IN (
    SELECT line.rowid
    FROM {table} AS line
        JOIN delta ON delta.identity = line.{identity} AND delta.content = hash({line_content})
    WHERE line.known_until IS NULL AND delta.surplus < 0 AND ({scope})
    QUALIFY row_number() OVER (PARTITION BY delta.identity, delta.content ORDER BY line.known_at DESC, line.rowid DESC)
        <= -delta.surplus
)
