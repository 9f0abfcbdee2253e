-- Rows of a delivery whose id comes again with the same day of knowledge: the last one counts.
CREATE OR REPLACE TEMP TABLE superseded AS
SELECT batch_id, row_number, CAST({first_key} AS VARCHAR) AS id
FROM staged
QUALIFY row_number() OVER (PARTITION BY {key}, known_at ORDER BY batch_id DESC, row_number DESC) > 1
