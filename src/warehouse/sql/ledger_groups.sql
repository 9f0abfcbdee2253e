-- The ledger by product group. One row per account, month of the order day, month in which the company knew of the
-- lines (never before `month`), and product group. Every figure is the change that became known in `known_month`:
-- the state as of (t, known by k) is the sum over `month <= t and known_month <= k`. Money and quantities in
-- ten-thousandths. Months are year * 12 + month - 1. Names are
-- stored as they are: choosing a compression for them took a tenth of a build.
CREATE TABLE ledger_groups (
    account_id         VARCHAR NOT NULL USING COMPRESSION uncompressed,
    month              INTEGER NOT NULL,
    known_month        INTEGER NOT NULL,
    product_group      VARCHAR NOT NULL USING COMPRESSION uncompressed,
    net_revenue_e4     BIGINT NOT NULL,   -- gross revenue less returns
    gross_revenue_e4   BIGINT NOT NULL,   -- lines of zero or more
    returns_e4         BIGINT NOT NULL,   -- lines below zero, as a positive amount
    costed_revenue_e4  BIGINT NOT NULL,   -- net revenue of the lines whose cost is known
    margin_e4          BIGINT,            -- their contribution margin; null if no cost is known
    quantity_e4        BIGINT,            -- null if no quantity is known
    lines              BIGINT NOT NULL    -- a reversal takes its line away
)
