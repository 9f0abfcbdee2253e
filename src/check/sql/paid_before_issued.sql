-- Invoices that were paid before they were issued.
SELECT 'invoice ' || invoice_id || ' was issued on ' || issued_on || ' and paid on ' || paid_on AS finding
FROM newest_invoices
WHERE paid_on < issued_on AND amount_e4 > 0
