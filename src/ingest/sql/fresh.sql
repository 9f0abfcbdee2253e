-- The delivery's rows that the table does not hold yet.
CREATE OR REPLACE TEMP TABLE fresh AS
SELECT staged.*
FROM staged JOIN delta ON delta.identity = staged.{identity} AND delta.content = hash({staged_content})
WHERE delta.surplus > 0
QUALIFY row_number() OVER (PARTITION BY delta.identity, delta.content ORDER BY staged.batch_id, staged.row_number)
    <= delta.surplus
