WITH touches AS (
    SELECT
        coalesce(a.account_id, i.customer_id) AS account_id,
        happened_on AS day, channel, t,
        datediff('month', happened_on, t) AS ago,
        CASE lower(direction) WHEN 'in' THEN 'in' WHEN 'out' THEN 'out' WHEN 'outbound' THEN 'out' END AS direction,
        -- a source that dates its rows is believed
        CASE WHEN i.known_at <= t THEN coalesce(lower(outcome), 'none') END AS outcome
    FROM interactions i
    LEFT JOIN accounts a ON a.source = i.source AND a.customer_id = i.customer_id
    CROSS JOIN ends
    WHERE happened_on <= t AND i.known_at <= k AND (known_until IS NULL OR known_until > k)
),
recorded AS (
    SELECT
        max(ago) FILTER (channel = 'visit') >= 11 AS visit,
        max(ago) FILTER (channel = 'call') >= 11 AS call,
        max(ago) FILTER (channel = 'email') >= 11 AS email,
        max(ago) FILTER (channel = 'newsletter') >= 11 AS newsletter,
        max(ago) FILTER (channel = 'ticket') >= 11 AS ticket,
        max(ago) FILTER (channel = 'social') >= 11 AS social,
        max(ago) FILTER (channel = 'event') >= 11 AS event,
        max(ago) FILTER (channel <> 'newsletter' AND direction = 'out') >= 11 AS outward,
        max(ago) FILTER (channel <> 'newsletter' AND direction = 'in') >= 11 AS inward,
        count(*) FILTER (channel = 'newsletter' AND outcome = 'opened') > 0 AS engagement,
        count(*) > 0 AS anything
    FROM touches
),
figures AS (
    SELECT
        account_id,
        count(*) FILTER (ago < 12 AND channel = 'visit') AS visits,
        count(*) FILTER (ago < 12 AND channel = 'call') AS calls,
        count(*) FILTER (ago < 12 AND channel = 'email') AS emails,
        count(*) FILTER (ago < 12 AND channel = 'newsletter') AS newsletters,
        count(*) FILTER (ago < 12 AND channel = 'ticket') AS tickets,
        count(*) FILTER (ago < 12 AND channel = 'social') AS social_touches,
        count(*) FILTER (ago < 12 AND channel = 'event') AS events,
        count(*) FILTER (ago < 12 AND channel <> 'newsletter' AND direction = 'out') AS touches_out,
        count(*) FILTER (ago < 12 AND channel <> 'newsletter' AND direction = 'in') AS touches_in,
        min(t - day) FILTER (
            channel IN ('visit', 'event')
            OR (channel = 'call' AND outcome IS DISTINCT FROM 'nicht erreicht')
            OR (channel = 'email' AND direction = 'in')
        ) AS since,
        count(*) FILTER (ago < 12 AND channel = 'newsletter' AND outcome = 'opened') AS engaged,
        count(*) FILTER (ago < 12 AND channel = 'newsletter' AND outcome IS NOT NULL) AS judged
    FROM touches GROUP BY account_id
),
asked AS (
    SELECT
        account_id,
        avg(CASE WHEN EXISTS (
            SELECT 1 FROM touches answer
            WHERE answer.account_id = question.account_id AND answer.direction = 'in' AND answer.channel <> 'newsletter'
                AND answer.day BETWEEN question.day AND question.day + 14
        ) THEN 1.0 ELSE 0.0 END) AS answered
    FROM touches question
    WHERE ago < 12 AND channel IN ('call', 'email') AND direction = 'out' AND t - day >= 14
    GROUP BY account_id
)
SELECT
    account_id,
    CASE WHEN visit THEN coalesce(visits, 0) END AS visits_12,
    CASE WHEN call THEN coalesce(calls, 0) END AS calls_12,
    CASE WHEN email THEN coalesce(emails, 0) END AS emails_12,
    CASE WHEN newsletter THEN coalesce(newsletters, 0) END AS newsletters_12,
    CASE WHEN ticket THEN coalesce(tickets, 0) END AS tickets_12,
    CASE WHEN social THEN coalesce(social_touches, 0) END AS social_12,
    CASE WHEN event THEN coalesce(events, 0) END AS events_12,
    CASE WHEN outward THEN coalesce(touches_out, 0) END AS touches_out_12,
    CASE WHEN inward THEN coalesce(touches_in, 0) END AS touches_in_12,
    CASE WHEN inward THEN answered END AS answered_share_12,
    since AS days_since_conversation,
    CASE WHEN engagement THEN per(engaged, judged) END AS newsletter_engagement_12,
    CASE WHEN anything THEN 1 ELSE 0 END AS dialogue_known
FROM population LEFT JOIN figures USING (account_id) LEFT JOIN asked USING (account_id) CROSS JOIN recorded
