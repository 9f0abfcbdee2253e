-- One row per batch of order lines that the ledger holds. `content` is the hash of the sums by which a later change of
-- the batch would show.
CREATE TABLE ledger_batches (
    batch_id INTEGER NOT NULL,
    lines    BIGINT NOT NULL,
    content  VARCHAR NOT NULL
)
