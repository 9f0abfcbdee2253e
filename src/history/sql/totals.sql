-- The ledger by month, to reconcile with its lines. One row per month.
SELECT month, count(*) AS records, sum(net_revenue_e4) AS net_revenue_e4
FROM ledger_groups
GROUP BY month
ORDER BY month
