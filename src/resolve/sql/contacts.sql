-- People at customers, as known at a month's end: heard of when, and likely gone. Grain: one row per contact.
-- Parameter: the last day.
-- Likely left: said so (`left_on`); mail that bounced and no answer since; or silent for longer than three times the own
-- usual gap between two conversations and at least 180 days, after at least three of them.
WITH days AS (
    SELECT CAST(? AS DATE) AS end_day
),
people AS (
    SELECT contacts.*, accounts.account_id
    FROM contacts
    LEFT JOIN accounts USING (source, customer_id)
    CROSS JOIN days
    WHERE known_at <= end_day AND (known_until IS NULL OR known_until > end_day)
    QUALIFY row_number() OVER (PARTITION BY source, contact_id ORDER BY known_at DESC, batch_id DESC) = 1
),
touches AS (
    SELECT
        source,
        contact_id,
        happened_on,
        regexp_matches(lower(coalesce(outcome, '')), 'bounce|undeliver|unzustell|unbekannt verzogen') AS bounced,
        -- one-way mail is no conversation
        channel <> 'newsletter'
            AND (channel IN ('visit', 'call', 'event') OR lower(coalesce(direction, 'in')) LIKE 'in%')
            AND NOT regexp_matches(lower(coalesce(outcome, '')), 'nicht erreicht|not reached|no answer|voicemail')
            AS spoke
    FROM interactions
    CROSS JOIN days
    WHERE contact_id IS NOT NULL
        AND happened_on <= end_day
        AND known_at <= end_day
        AND (known_until IS NULL OR known_until > end_day)
),
gaps AS (
    SELECT
        source,
        contact_id,
        happened_on,
        happened_on - lag(happened_on) OVER (PARTITION BY source, contact_id ORDER BY happened_on) AS gap
    FROM (SELECT DISTINCT source, contact_id, happened_on FROM touches WHERE spoke AND NOT bounced)
),
rhythm AS (
    SELECT
        source,
        contact_id,
        max(happened_on) AS last_heard_on,
        count(*) AS conversations,
        median(gap) AS usual_gap_days
    FROM gaps
    GROUP BY source, contact_id
),
bounces AS (
    SELECT source, contact_id, max(happened_on) AS bounced_on FROM touches WHERE bounced GROUP BY source, contact_id
)
SELECT
    coalesce(account_id, customer_id) AS account_id,
    source,
    contact_id,
    role,
    last_confirmed_on,
    last_heard_on,
    CAST(usual_gap_days AS DOUBLE) AS usual_gap_days,
    CASE
        WHEN left_on <= end_day THEN 'left'
        WHEN bounced_on > coalesce(greatest(last_heard_on, last_confirmed_on), DATE '0001-01-01') THEN 'bounced'
        WHEN conversations >= 3
            AND end_day - greatest(last_heard_on, coalesce(last_confirmed_on, last_heard_on))
                > greatest(3 * usual_gap_days, 180)
            THEN 'silent'
    END AS likely_left
FROM people
CROSS JOIN days
LEFT JOIN rhythm USING (source, contact_id)
LEFT JOIN bounces USING (source, contact_id)
ORDER BY account_id, source, contact_id
