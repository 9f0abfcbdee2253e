-- The records of the account-months in ledger_revised: for each known month, what changed in the account's month.
--
-- An order lives in a month while it has more purchase lines there than reversals of such; a day is an order day while
-- an order lives on it. An order counts in one month at a time: of the months it lives in, the one of which the company
-- knew first, the earlier one where it learned of several at once. So an order that is reversed is taken back where it
-- was counted, and one whose date is corrected moves.
INSERT INTO ledger_accounts
WITH lines AS (
    SELECT
        revised.account_id,
        lines.source,
        lines.customer_id,
        lines.order_id,
        lines.month,
        day(lines.ordered_on)                                                     AS day,
        lines.month + (lines.record & 16383)                                      AS known_month,
        lines.known_at,
        CASE WHEN is_purchase THEN CASE WHEN is_reversal THEN -1 ELSE 1 END ELSE 0 END AS purchases,
        net_revenue_e4
    FROM ledger_scope AS lines JOIN ledger_revised AS revised USING (source, customer_id, month)
),

-- Order days: how many purchases each order has on a day, then how many orders live on it, then when that begins or ends.
order_days AS (
    SELECT
        account_id, source, customer_id, order_id, month, day, known_month,
        sum(sum(purchases)) OVER (
            PARTITION BY account_id, source, customer_id, order_id, month, day ORDER BY known_month
        ) > 0 AS lives
    FROM lines
    WHERE purchases <> 0
    GROUP BY account_id, source, customer_id, order_id, month, day, known_month
),
order_day_changes AS (
    SELECT
        account_id, month, day, known_month,
        lives::INTEGER - lag(lives, 1, false) OVER (
            PARTITION BY account_id, source, customer_id, order_id, month, day ORDER BY known_month
        )::INTEGER AS change
    FROM order_days
),
days AS (
    SELECT
        account_id, month, day, known_month,
        sum(sum(change)) OVER (PARTITION BY account_id, month, day ORDER BY known_month) > 0 AS has_orders
    FROM order_day_changes
    GROUP BY account_id, month, day, known_month
),
day_changes AS (
    SELECT
        account_id, month, day, known_month,
        has_orders <> lag(has_orders, 1, false) OVER (
            PARTITION BY account_id, month, day ORDER BY known_month
        ) AS changed
    FROM days
),
mask_records AS (
    SELECT account_id, month, known_month, bit_or(1 << (day - 1)) AS day_mask
    FROM day_changes
    WHERE changed
    GROUP BY ALL
),

-- Orders: at each step at which something became known of an order, the month it counts in.
order_months AS (
    SELECT
        account_id, source, customer_id, order_id, month, known_month,
        sum(purchases) AS purchases,
        min(min(known_at)) OVER (PARTITION BY account_id, source, customer_id, order_id, month) AS first_known
    FROM lines
    WHERE purchases <> 0
    GROUP BY account_id, source, customer_id, order_id, month, known_month
),
order_steps AS (
    SELECT DISTINCT account_id, source, customer_id, order_id, known_month AS step FROM order_months
),
order_month_lives AS (
    SELECT account_id, source, customer_id, order_id, step, month, first_known
    FROM order_steps JOIN order_months USING (account_id, source, customer_id, order_id)
    WHERE known_month <= step
    GROUP BY ALL
    HAVING sum(purchases) > 0
),
order_homes AS (
    SELECT
        account_id, source, customer_id, order_id, step,
        min({'first_known': first_known, 'month': month}).month AS home
    FROM order_steps LEFT JOIN order_month_lives USING (account_id, source, customer_id, order_id, step)
    GROUP BY ALL
),
order_moves AS (
    SELECT
        account_id, step, home,
        lag(home) OVER (PARTITION BY account_id, source, customer_id, order_id ORDER BY step) AS home_before
    FROM order_homes
),
order_records AS (
    SELECT account_id, home AS month, step AS known_month, 1 AS orders
    FROM order_moves
    WHERE home IS NOT NULL AND home IS DISTINCT FROM home_before
    UNION ALL
    SELECT account_id, home_before AS month, step AS known_month, -1 AS orders
    FROM order_moves
    WHERE home_before IS NOT NULL AND home IS DISTINCT FROM home_before
),

-- The largest order of the account's month at each step at which something became known of that month.
month_steps AS (
    SELECT DISTINCT account_id, month, known_month AS step FROM lines
),
order_values AS (
    SELECT
        account_id, month, step, source, customer_id, order_id,
        CASE WHEN sum(purchases) > 0 THEN sum(net_revenue_e4) ELSE 0 END AS value_e4
    FROM month_steps JOIN lines USING (account_id, month)
    WHERE known_month <= step
    GROUP BY ALL
),
largest_orders AS (
    SELECT account_id, month, step, greatest(max(value_e4), 0) AS largest_order_e4
    FROM order_values
    GROUP BY ALL
),
largest_records AS (
    SELECT
        account_id, month, step AS known_month,
        largest_order_e4 - lag(largest_order_e4, 1, 0) OVER (
            PARTITION BY account_id, month ORDER BY step
        ) AS largest_order_e4
    FROM largest_orders
),

changes AS (
    SELECT account_id, month, known_month, orders, 0 AS day_mask, 0 AS largest_order_e4 FROM order_records
    UNION ALL
    SELECT account_id, month, known_month, 0, day_mask, 0 FROM mask_records
    UNION ALL
    SELECT account_id, month, known_month, 0, 0, largest_order_e4 FROM largest_records
)
SELECT
    account_id,
    month,
    known_month,
    CAST(sum(orders) AS BIGINT)           AS orders,
    CAST(bit_or(day_mask) AS INTEGER)     AS day_mask,
    CAST(sum(largest_order_e4) AS BIGINT) AS largest_order_e4
FROM changes
GROUP BY ALL
HAVING sum(orders) <> 0 OR bit_or(day_mask) <> 0 OR sum(largest_order_e4) <> 0
