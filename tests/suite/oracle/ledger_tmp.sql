CREATE OR REPLACE TEMP TABLE raw AS
SELECT coalesce(a.account_id, l.customer_id) AS account_id, l.*,
    year(ordered_on) * 12 + month(ordered_on) - 1 AS m,
    greatest(year(ordered_on) * 12 + month(ordered_on) - 1, year(known_at) * 12 + month(known_at) - 1) AS k,
    CASE WHEN is_reversal THEN -1 ELSE 1 END AS sign
FROM order_lines l LEFT JOIN accounts a ON a.source = l.source AND a.customer_id = l.customer_id;
INSERT INTO ledger_groups
SELECT account_id, m, k, product_group, sum(net_revenue_e4),
  sum(CASE WHEN net_revenue_e4 * sign >= 0 THEN net_revenue_e4 ELSE 0 END),
  -sum(CASE WHEN net_revenue_e4 * sign < 0 THEN net_revenue_e4 ELSE 0 END),
  sum(CASE WHEN cost_e4 IS NULL THEN 0 ELSE net_revenue_e4 END),
  sum(net_revenue_e4 - cost_e4), sum(quantity_e4), sum(sign)
FROM raw GROUP BY ALL;
CREATE OR REPLACE TEMP TABLE states AS
WITH ks AS (SELECT DISTINCT k FROM raw),
standing AS (
  SELECT ks.k, account_id, source, customer_id, order_id, line_number, m, ordered_on, net_revenue_e4 * sign AS net, sum(sign) AS n
  FROM raw JOIN ks ON raw.k <= ks.k GROUP BY ALL HAVING sum(sign) > 0),
orders AS (
  SELECT k, account_id, source, customer_id, order_id, m, ordered_on, sum(net) AS value FROM standing GROUP BY ALL HAVING max(net) >= 0)
SELECT k, account_id, m, count(*) AS orders, bit_or(1 << (day(ordered_on) - 1))::INTEGER AS mask, greatest(max(value), 0) AS largest
FROM orders GROUP BY ALL;
INSERT INTO ledger_accounts
WITH spine AS (SELECT account_id, m, k FROM (SELECT DISTINCT account_id, m FROM states) CROSS JOIN (SELECT DISTINCT k FROM raw)),
full_states AS (SELECT account_id, m, k, coalesce(orders, 0) AS orders, coalesce(mask, 0) AS mask, coalesce(largest, 0) AS largest FROM spine LEFT JOIN states USING (account_id, m, k)),
changes AS (SELECT account_id, m, k, orders - lag(orders, 1, 0) OVER w AS orders, xor(mask, lag(mask, 1, 0) OVER w) AS mask, largest - lag(largest, 1, 0) OVER w AS largest FROM full_states WINDOW w AS (PARTITION BY account_id, m ORDER BY k))
SELECT account_id, m, k, orders, mask, largest FROM changes WHERE orders <> 0 OR mask <> 0 OR largest <> 0;
