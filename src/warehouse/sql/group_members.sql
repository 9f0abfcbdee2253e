-- Companies of corporate groups, where groups are ranked instead of companies. One row per source record: the account
-- it would have without groups.
CREATE TABLE group_members (
    source      VARCHAR NOT NULL,
    customer_id VARCHAR NOT NULL,
    company_id  VARCHAR NOT NULL
)
