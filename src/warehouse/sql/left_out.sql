-- One row per row of a file of order lines that the source's filter did not admit.
CREATE TABLE left_out (
    batch_id       INTEGER NOT NULL,
    file           VARCHAR NOT NULL,
    row_number     BIGINT NOT NULL,     -- as in quarantine
    ordered_on     DATE,                -- null where the row's own cannot be read
    net_revenue_e4 BIGINT,              -- likewise; in the row's own currency
    reason         VARCHAR NOT NULL
)
