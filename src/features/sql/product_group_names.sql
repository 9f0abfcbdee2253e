-- Grain: one row per product group, in order of its number.
SELECT product_group FROM feature_groups ORDER BY group_number
