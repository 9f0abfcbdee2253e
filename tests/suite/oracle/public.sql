WITH signals AS (
    SELECT
        coalesce(a.account_id, s.customer_id) AS account_id,
        stated_source AS place, sentiment, t, t - observed_on AS age,
        datediff('month', observed_on, t) AS ago,
        trim(regexp_replace(lower(topic), '[^a-z0-9]+', ' ', 'g')) AS topic,
        -- all groups are called `group` and a number, which is too short to count
        coalesce(contains(lower(text), 'group'), false) AS naming,
        row_number() OVER (ORDER BY observed_on, stated_source, topic, sentiment, text) AS position
    FROM public_signals s
    LEFT JOIN accounts a ON a.source = s.source AND a.customer_id = s.customer_id
    CROSS JOIN ends
    WHERE observed_on <= t AND known_at <= k AND (known_until IS NULL OR known_until > k)
),
recorded AS (SELECT max(ago) + 1 AS months FROM signals),
figures AS (
    SELECT
        account_id,
        count(*) FILTER (ago < 12 AND place = 'website') AS website,
        count(*) FILTER (ago < 12 AND place = 'annual_report') AS annual_report,
        count(*) FILTER (ago < 12 AND place = 'association') AS association,
        count(*) FILTER (ago < 12 AND place = 'forum') AS forum,
        count(*) FILTER (ago < 12 AND place = 'social') AS social,
        avg(sentiment) FILTER (ago < 12 AND place = 'website') AS mood_website,
        avg(sentiment) FILTER (ago < 12 AND place = 'annual_report') AS mood_annual_report,
        avg(sentiment) FILTER (ago < 12 AND place = 'association') AS mood_association,
        avg(sentiment) FILTER (ago < 12 AND place = 'forum') AS mood_forum,
        avg(sentiment) FILTER (ago < 12 AND place = 'social') AS mood_social,
        min(age) FILTER (place = 'website') AS age_website,
        min(age) FILTER (place = 'annual_report') AS age_annual_report,
        min(age) FILTER (place = 'association') AS age_association,
        min(age) FILTER (place = 'forum') AS age_forum,
        min(age) FILTER (place = 'social') AS age_social,
        avg(sentiment) FILTER (ago < 12) AS mood,
        avg(CASE WHEN naming THEN 1.0 ELSE 0.0 END) FILTER (ago < 12) AS naming_share,
        coalesce(bool_or(naming) FILTER (ago < 12), false) AS names_groups
    FROM signals GROUP BY account_id
),
newest AS (
    SELECT account_id, arg_max(topic, position) AS topic FROM signals WHERE topic IS NOT NULL GROUP BY account_id
),
on_topic AS (
    SELECT
        account_id, newest.topic,
        count(*) FILTER (ago < 12) AS signals,
        avg(sentiment) FILTER (ago < 12) AS mood,
        max(age) AS age
    FROM newest JOIN signals USING (account_id, topic)
    GROUP BY account_id, newest.topic
),
sold AS (SELECT DISTINCT product_group FROM lines WHERE product_group <> '(none)'),
bought AS (
    SELECT account_id, product_group FROM lines WHERE ago < 24 GROUP BY account_id, product_group HAVING sum(net) > 0
),
unbought AS (
    SELECT account_id, count(*) AS groups
    FROM population CROSS JOIN sold ANTI JOIN bought USING (account_id, product_group)
    GROUP BY account_id
)
SELECT
    account_id,
    on_topic.topic AS newest_signal_topic,
    CASE WHEN months >= 12 THEN coalesce(website, 0) END AS signals_website_12,
    CASE WHEN months >= 12 THEN coalesce(annual_report, 0) END AS signals_annual_report_12,
    CASE WHEN months >= 12 THEN coalesce(association, 0) END AS signals_association_12,
    CASE WHEN months >= 12 THEN coalesce(forum, 0) END AS signals_forum_12,
    CASE WHEN months >= 12 THEN coalesce(social, 0) END AS signals_social_12,
    mood_website AS sentiment_website_12,
    mood_annual_report AS sentiment_annual_report_12,
    mood_association AS sentiment_association_12,
    mood_forum AS sentiment_forum_12,
    mood_social AS sentiment_social_12,
    age_website AS signal_age_website,
    age_annual_report AS signal_age_annual_report,
    age_association AS signal_age_association,
    age_forum AS signal_age_forum,
    age_social AS signal_age_social,
    figures.mood AS signal_sentiment_12,
    CASE WHEN months >= 12 THEN on_topic.signals END AS newest_topic_signals_12,
    on_topic.mood AS newest_topic_sentiment_12,
    on_topic.age AS newest_topic_age,
    CASE WHEN EXISTS (FROM sold) THEN naming_share ELSE 0 * naming_share END AS signal_group_share_12,
    CASE WHEN months >= 12 THEN CASE WHEN names_groups THEN coalesce(groups, 0) ELSE 0 END END AS signal_new_groups_12,
    CASE WHEN months IS NULL THEN 0 ELSE 1 END AS signals_known
FROM population
    LEFT JOIN figures USING (account_id)
    LEFT JOIN on_topic USING (account_id)
    LEFT JOIN unbought USING (account_id)
    CROSS JOIN recorded
