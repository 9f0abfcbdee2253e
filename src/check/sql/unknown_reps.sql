-- Representatives in charge of customers who are not among the representatives, where there are any.
SELECT 'representative ' || rep_id || ' is in charge of ' || count(*) || ' customers' AS finding
FROM newest_customers
WHERE rep_id IS NOT NULL AND EXISTS (SELECT 1 FROM reps) AND rep_id NOT IN (SELECT rep_id FROM reps)
GROUP BY rep_id
