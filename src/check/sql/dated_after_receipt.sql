-- Order lines dated after the day their file was received.
SELECT batches.file || ': ' || count(*) || ' lines dated up to ' || max(ordered_on) || ', received on ' || received_on AS finding
FROM order_lines JOIN batches USING (batch_id)
WHERE ordered_on > received_on AND NOT is_reversal
GROUP BY batches.file, received_on
