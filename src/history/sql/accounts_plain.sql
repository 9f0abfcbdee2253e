-- The records per account and month that were known at once and never changed: nearly all.
INSERT INTO ledger_accounts
SELECT
    account_id,
    first_record >> 14                                AS month,
    (first_record >> 14) + (first_record & 16383)     AS known_month,
    CAST(sum(orders) AS BIGINT)                       AS orders,
    bit_or(day_mask)                                  AS day_mask,
    CAST(max(largest_order_e4) AS BIGINT)             AS largest_order_e4
FROM ledger_orders
JOIN ledger_identity USING (source, customer_id)
ANTI JOIN ledger_revised AS revised
    ON ledger_orders.source = revised.source
    AND ledger_orders.customer_id = revised.customer_id
    AND ledger_orders.first_record >> 14 = revised.month
WHERE orders > 0
GROUP BY account_id, first_record
