-- Invoices that were due before they were issued.
SELECT 'invoice ' || invoice_id || ' was issued on ' || issued_on || ' and due on ' || due_on AS finding
FROM newest_invoices
WHERE due_on < issued_on AND amount_e4 > 0
