-- The last month in which anything of the ledger became known; null for an empty ledger.
-- Grain: one row.
SELECT max(known_month)
FROM (SELECT max(known_month) AS known_month FROM ledger_accounts UNION ALL SELECT max(known_month) FROM ledger_groups)
