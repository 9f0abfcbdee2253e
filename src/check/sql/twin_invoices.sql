-- Invoices of one customer, day and amount under several numbers: perhaps entered twice.
SELECT 'customer ' || customer_id || ', ' || issued_on || ': '
    || string_agg(invoice_id, ', ' ORDER BY invoice_id) || ' have the same amount' AS finding
FROM newest_invoices
WHERE amount_e4 > 0
GROUP BY source, customer_id, issued_on, amount_e4
HAVING count(*) > 1
