WITH bought AS (
    SELECT
        account_id, product_group,
        coalesce(sum(net) FILTER (ago < 12), 0) AS n12,
        coalesce(sum(net) FILTER (ago BETWEEN 12 AND 23), 0) AS before12,
        coalesce(sum(net) FILTER (ago < 24), 0) AS n24,
        coalesce(sum(net) FILTER (ago >= 12), 0) > 0 AS earlier
    FROM lines JOIN population USING (account_id)
    WHERE product_group <> '(none)'
    GROUP BY account_id, product_group
),
ranked AS (
    SELECT product_group, row_number() OVER (ORDER BY sum(n24) DESC, product_group) AS rank
    FROM bought GROUP BY product_group HAVING sum(n24) > 0
),
wholes AS (SELECT account_id, sum(greatest(n12, 0)) AS whole FROM bought GROUP BY account_id),
counted AS (
    SELECT
        account_id,
        count(*) FILTER (n12 > 0) AS groups_12,
        count(*) FILTER (n24 > 0) AS groups_24,
        sum(pow(CAST(greatest(n12, 0) AS DOUBLE), 2)) / pow(nullif(any_value(whole), 0), 2) AS concentration,
        count(*) FILTER (n12 > 0 AND NOT earlier) AS fresh,
        count(*) FILTER (n12 <= 0 AND before12 > 0) AS lost,
        max(greatest(n12, 0)) FILTER (rank = 1) AS share_1,
        max(greatest(n12, 0)) FILTER (rank = 2) AS share_2,
        max(greatest(n12, 0)) FILTER (rank = 3) AS share_3,
        max(greatest(n12, 0)) FILTER (rank = 4) AS share_4,
        max(greatest(n12, 0)) FILTER (rank = 5) AS share_5,
        max(greatest(n12, 0)) FILTER (rank = 6) AS share_6,
        max(greatest(n12, 0)) FILTER (rank = 7) AS share_7,
        max(greatest(n12, 0)) FILTER (rank = 8) AS share_8,
        any_value(whole) AS whole
    FROM bought LEFT JOIN ranked USING (product_group) JOIN wholes USING (account_id)
    GROUP BY account_id
),
known AS (SELECT count(*) > 0 AS any_group, (SELECT count(*) FROM ranked) AS ranks, (SELECT covered FROM moment) AS covered FROM bought)
SELECT
    account_id,
    CASE WHEN any_group THEN within(12, coalesce(groups_12, 0)) END AS groups_12,
    CASE WHEN any_group THEN within(24, coalesce(groups_24, 0)) END AS groups_24,
    CASE WHEN any_group THEN within(12, concentration) END AS group_concentration_12,
    CASE WHEN any_group AND covered > 12 THEN coalesce(fresh, 0) END AS new_groups_12,
    CASE WHEN any_group THEN within(24, coalesce(lost, 0)) END AS lost_groups_12,
    CASE WHEN ranks >= 1 AND whole > 0 THEN within(12, coalesce(share_1, 0) / whole) END AS group_share_1,
    CASE WHEN ranks >= 2 AND whole > 0 THEN within(12, coalesce(share_2, 0) / whole) END AS group_share_2,
    CASE WHEN ranks >= 3 AND whole > 0 THEN within(12, coalesce(share_3, 0) / whole) END AS group_share_3,
    CASE WHEN ranks >= 4 AND whole > 0 THEN within(12, coalesce(share_4, 0) / whole) END AS group_share_4,
    CASE WHEN ranks >= 5 AND whole > 0 THEN within(12, coalesce(share_5, 0) / whole) END AS group_share_5,
    CASE WHEN ranks >= 6 AND whole > 0 THEN within(12, coalesce(share_6, 0) / whole) END AS group_share_6,
    CASE WHEN ranks >= 7 AND whole > 0 THEN within(12, coalesce(share_7, 0) / whole) END AS group_share_7,
    CASE WHEN ranks >= 8 AND whole > 0 THEN within(12, coalesce(share_8, 0) / whole) END AS group_share_8,
    CASE WHEN any_group THEN 1 ELSE 0 END AS groups_known
FROM population LEFT JOIN counted USING (account_id) CROSS JOIN known
