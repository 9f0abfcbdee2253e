-- Grain: one row per product group, in ascending order; lines without one are `(none)` and not a group.
SELECT DISTINCT product_group FROM ledger_groups WHERE product_group <> '(none)' ORDER BY product_group
