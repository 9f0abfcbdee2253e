-- Orders of each account and month, as they became known, in any order.
-- Grain: one row per account, month and month of knowledge. All figures are changes; see the tables themselves.
SELECT account, month, known_month, CAST(orders AS INTEGER) AS orders, day_mask, largest_order_e4
FROM ledger_accounts
JOIN feature_accounts USING (account_id)
