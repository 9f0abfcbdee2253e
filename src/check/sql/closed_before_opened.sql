-- Complaints and opportunities that were closed before they were opened, and contacts who left before anybody knew them.
SELECT 'complaint ' || complaint_id || ' was opened on ' || opened_on || ' and closed on ' || closed_on AS finding
FROM newest_complaints WHERE closed_on < opened_on
UNION ALL
SELECT 'opportunity ' || opportunity_id || ' was opened on ' || opened_on || ' and closed on ' || closed_on
FROM newest_opportunities WHERE closed_on < opened_on
UNION ALL
SELECT 'contact ' || contact_id || ' left on ' || left_on || ' and was confirmed on ' || last_confirmed_on
FROM newest_contacts WHERE left_on < last_confirmed_on
