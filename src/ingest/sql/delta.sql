-- One row per content of a row (every canonical column but known_at) of which the delivery holds another number than
-- the table: surplus > 0 must be added, surplus < 0 taken back. `identity` keeps hash collisions within one id.
CREATE OR REPLACE TEMP TABLE delta AS
WITH held AS (
    SELECT {identity} AS identity, hash({content}) AS content, CAST(sum(sign) AS BIGINT) AS held_rows
    FROM ({held})
    GROUP BY ALL
),
delivered AS (
    SELECT {identity} AS identity, hash({content}) AS content, count(*) AS delivered_rows
    FROM staged
    GROUP BY ALL
)
SELECT identity, content, coalesce(delivered_rows, 0) - coalesce(held_rows, 0) AS surplus
FROM delivered FULL JOIN held USING (identity, content)
WHERE coalesce(delivered_rows, 0) <> coalesce(held_rows, 0)
