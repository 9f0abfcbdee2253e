-- The newest rate of each month and currency.
CREATE OR REPLACE TEMP VIEW rate_of_month AS
SELECT month, upper(currency) AS currency, CAST(rate AS DECIMAL(18, 12)) AS rate
FROM fx_rates
QUALIFY row_number() OVER (PARTITION BY month, upper(currency) ORDER BY known_at DESC, batch_id DESC) = 1
