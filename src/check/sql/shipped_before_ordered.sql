-- Order lines that were shipped before they were ordered.
SELECT 'order ' || order_id || coalesce(', line ' || line_number, '') || ' was ordered on ' || ordered_on
    || ' and shipped on ' || shipped_on AS finding
FROM order_lines
WHERE shipped_on < ordered_on AND NOT is_reversal
