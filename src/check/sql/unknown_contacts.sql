-- Tables that name contacts who are not among the contacts, where there are any.
WITH named AS (
    SELECT 'survey_answers' AS table_name, contact_id FROM survey_answers WHERE contact_id IS NOT NULL
    UNION ALL SELECT 'interactions', contact_id FROM interactions WHERE contact_id IS NOT NULL
)
SELECT table_name || ' has ' || count(*) || ' rows of ' || count(DISTINCT contact_id)
    || ' contacts nobody knows, such as ' || min(contact_id) AS finding
FROM named
WHERE EXISTS (SELECT 1 FROM contacts) AND contact_id NOT IN (SELECT contact_id FROM contacts)
GROUP BY table_name
