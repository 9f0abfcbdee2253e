-- Identity: one row per source record of a customer. A customer without a row is its own account.
CREATE TABLE accounts (
    source            VARCHAR NOT NULL,
    customer_id       VARCHAR NOT NULL,
    account_id        VARCHAR NOT NULL,
    match_probability DOUBLE,
    merged_on         DATE
)
