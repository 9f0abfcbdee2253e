-- The oracle's own view of what was known at the end of `t` by the end of `k` (temporary table `ends`), from the raw
-- lines and facts: slow and obvious on purpose. Everything that the families' files read is made here.
-- Lines that stand: a reversal takes its line away.
CREATE OR REPLACE TEMP TABLE lines AS
WITH signed AS (
    SELECT
        coalesce(a.account_id, l.customer_id) AS account_id,
        l.source, l.customer_id, l.order_id, l.line_number, l.ordered_on, l.product_group,
        CASE WHEN is_reversal THEN -1 ELSE 1 END AS sign,
        CASE WHEN is_reversal THEN -net_revenue_e4 ELSE net_revenue_e4 END AS net,
        CASE WHEN is_reversal THEN -cost_e4 ELSE cost_e4 END AS cost
    FROM order_lines l
    LEFT JOIN accounts a ON a.source = l.source AND a.customer_id = l.customer_id
    CROSS JOIN ends
    WHERE ordered_on <= t AND known_at <= k
)
SELECT account_id, customer_id, order_id, ordered_on, product_group, net, cost, datediff('month', ordered_on, t) AS ago
FROM signed CROSS JOIN ends
GROUP BY account_id, source, customer_id, order_id, line_number, ordered_on, product_group, net, cost, t
HAVING sum(sign) > 0;

CREATE OR REPLACE TEMP TABLE moment AS
SELECT t, k, (SELECT max(ago) + 1 FROM lines) AS covered FROM ends;

-- A window that reaches back beyond the data is unknown.
CREATE OR REPLACE TEMP MACRO within(months, value) AS CASE WHEN (SELECT covered FROM moment) >= months THEN value END;
CREATE OR REPLACE TEMP MACRO per(part, whole) AS CASE WHEN whole > 0 THEN CAST(part AS DOUBLE) / whole END;

-- Orders with a purchase; those of merged customers stay apart.
CREATE OR REPLACE TEMP TABLE orders AS
SELECT account_id, customer_id, order_id, ordered_on, any_value(ago) AS ago, sum(net) AS value
FROM lines
GROUP BY account_id, customer_id, order_id, ordered_on
HAVING max(net) >= 0;

-- Customer rows by the rule of identity, newest source record last.
CREATE OR REPLACE TEMP TABLE people AS
WITH known AS (
    SELECT
        coalesce(a.account_id, c.customer_id) AS account_id,
        CASE
            WHEN status_since <= t THEN status
            WHEN status_since IS NULL AND c.known_at = DATE '1900-01-01' AND b.received_on <= t THEN status
            WHEN status_since IS NULL AND c.known_at > DATE '1900-01-01' AND c.known_at <= t THEN status
        END AS status_at_t,
        c.*
    FROM customers c
    LEFT JOIN accounts a ON a.source = c.source AND a.customer_id = c.customer_id
    JOIN batches b USING (batch_id)
    CROSS JOIN ends
    WHERE c.known_at <= k AND (known_until IS NULL OR known_until > k)
      AND (customer_since IS NULL OR customer_since <= t)
)
SELECT
    account_id,
    arg_max(customer_id, (known_at, source || '/' || customer_id)) AS customer_id,
    arg_max(industry, (known_at, source || '/' || customer_id)) AS industry,
    arg_max(region, (known_at, source || '/' || customer_id)) AS region,
    arg_max(country, (known_at, source || '/' || customer_id)) AS country,
    arg_max(parent_id, (known_at, source || '/' || customer_id)) AS parent_id,
    arg_max(employees, (known_at, source || '/' || customer_id)) AS employees,
    arg_max(annual_revenue_e4, (known_at, source || '/' || customer_id)) AS annual_revenue_e4,
    arg_max(stated_share_of_wallet, (known_at, source || '/' || customer_id)) AS stated_share,
    arg_max(status_at_t, (known_at, source || '/' || customer_id)) AS status,
    min(customer_since) AS customer_since
FROM known
GROUP BY account_id;

CREATE OR REPLACE TEMP TABLE population AS
SELECT DISTINCT account_id
FROM orders
LEFT JOIN people USING (account_id)
WHERE ago < 24 AND coalesce(status, 'active') = 'active';

-- Contribution margin per unit of revenue where cost is known; null without any cost.
CREATE OR REPLACE TEMP TABLE margin_rate AS
SELECT CASE
    WHEN count(cost) = 0 THEN NULL
    WHEN sum(net) FILTER (cost IS NOT NULL) > 0
        THEN CAST(sum(net - cost) AS DOUBLE) / CAST(sum(net) FILTER (cost IS NOT NULL) AS DOUBLE)
    ELSE 0
END AS rate
FROM lines;

-- One row per account of the population and month of the data.
CREATE OR REPLACE TEMP TABLE months AS
WITH spine AS (
    SELECT account_id, CAST(ago AS BIGINT) AS ago
    FROM population CROSS JOIN (SELECT unnest(range(CAST((SELECT covered FROM moment) AS BIGINT))) AS ago)
),
of_lines AS (
    SELECT
        account_id, ago,
        CAST(sum(net) AS BIGINT) AS net,
        CAST(-coalesce(sum(net) FILTER (net < 0), 0) AS BIGINT) AS returned,
        CAST(coalesce(sum(net) FILTER (cost IS NOT NULL), 0) AS BIGINT) AS costed,
        CAST(coalesce(sum(net - cost), 0) AS BIGINT) AS costed_margin
    FROM lines GROUP BY account_id, ago
),
of_orders AS (
    SELECT account_id, ago, count(*) AS orders, count(DISTINCT ordered_on) AS days,
        CAST(max(value) AS BIGINT) AS largest
    FROM orders GROUP BY account_id, ago
)
SELECT
    account_id, ago,
    coalesce(net, 0) AS net,
    coalesce(returned, 0) AS returned,
    coalesce(net, 0) + coalesce(returned, 0) AS gross,
    coalesce(costed, 0) AS costed,
    coalesce(orders, 0) AS orders,
    coalesce(days, 0) AS days,
    greatest(coalesce(largest, 0), 0) AS largest,
    CASE
        WHEN (SELECT rate FROM margin_rate) IS NULL THEN coalesce(net, 0)
        ELSE coalesce(costed_margin, 0)
            + CAST(round(CAST(coalesce(net, 0) - coalesce(costed, 0) AS DOUBLE) * (SELECT rate FROM margin_rate)) AS BIGINT)
    END AS margin
FROM spine LEFT JOIN of_lines USING (account_id, ago) LEFT JOIN of_orders USING (account_id, ago);
