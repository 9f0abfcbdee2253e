-- Columns of `customers` that are empty for more than a fifth of the customers, although not for all.
WITH counts AS (
    SELECT
        count(*) AS customers,
        count(industry) AS industry,
        count(employees) AS employees,
        count(country) AS country,
        count(postal_code) AS postal_code,
        count(region) AS region,
        count(rep_id) AS rep_id,
        count(vat_id) AS vat_id
    FROM newest_customers
    WHERE coalesce(status, 'active') = 'active'
),
filled AS (
    UNPIVOT counts ON industry, employees, country, postal_code, region, rep_id, vat_id INTO NAME column_name VALUE rows_filled
)
SELECT column_name || ' is empty for ' || (customers - rows_filled) || ' of ' || customers || ' customers' AS finding
FROM filled
WHERE rows_filled > 0 AND (customers - rows_filled) * 5 > customers
