-- Every product group, numbered in ascending order; lines without one are `(none)` and not a group.
-- Grain: one row per product group.
CREATE OR REPLACE TEMP TABLE feature_groups AS
SELECT product_group, CAST(row_number() OVER (ORDER BY product_group) - 1 AS INTEGER) AS group_number
FROM (SELECT DISTINCT product_group FROM ledger_groups WHERE product_group <> '(none)')
