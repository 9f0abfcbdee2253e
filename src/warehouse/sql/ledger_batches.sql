-- One row per batch of order lines that the ledger holds, with the sums by which a later change would show.
CREATE TABLE ledger_batches (
    batch_id INTEGER NOT NULL,
    lines    BIGINT NOT NULL,
    content  VARCHAR NOT NULL
)
