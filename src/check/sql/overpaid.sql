-- Invoices of which more was paid than they amount to, or something of the other sign.
SELECT 'invoice ' || invoice_id || ' of ' || amount_e4 / 10000 || ' was paid with ' || paid_amount_e4 / 10000 AS finding
FROM newest_invoices
WHERE abs(paid_amount_e4) > abs(amount_e4) OR sign(paid_amount_e4) * sign(amount_e4) < 0
