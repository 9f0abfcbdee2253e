WITH heads AS (SELECT account_id, coalesce(parent_id, customer_id) AS head FROM people),
sites AS (SELECT head, count(DISTINCT account_id) AS sites FROM heads GROUP BY head)
SELECT
    account_id,
    ln(1 + employees) AS log_employees,
    ln(1 + annual_revenue_e4 / 1e4) AS log_annual_revenue,
    industry,
    region,
    country,
    sites,
    stated_share,
    CASE WHEN customer_id IS NULL THEN 0 ELSE 1 END AS firmographics_known
FROM population LEFT JOIN people USING (account_id) LEFT JOIN heads USING (account_id) LEFT JOIN sites USING (head)
