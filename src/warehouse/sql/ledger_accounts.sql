-- The ledger by account. One row per account, month of the order day, and month in which the company knew of the
-- orders. Every figure is the change of the account's month that became known in `known_month`, so that the state as
-- of (t, known by k) is, over `known_month <= k`, the sum of `orders` and `largest_order_e4` and the bitwise XOR of
-- `day_mask` (an OR as long as no order day was reversed, which a mask merged by OR could never forget).
CREATE TABLE ledger_accounts (
    account_id       VARCHAR NOT NULL USING COMPRESSION uncompressed,
    month            INTEGER NOT NULL,
    known_month      INTEGER NOT NULL,
    orders           BIGINT NOT NULL,   -- orders with a purchase; each counts in one month only
    day_mask         INTEGER NOT NULL,  -- bit d - 1: the month's day d has a purchase
    largest_order_e4 BIGINT NOT NULL    -- net revenue of the largest order, 0 without one
)
