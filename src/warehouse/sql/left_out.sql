-- One row per row of a file that the source's filter did not admit; tables that nobody may look into have none.
CREATE TABLE left_out (
    batch_id   INTEGER NOT NULL,
    table_name VARCHAR NOT NULL,
    file       VARCHAR NOT NULL,
    row_number BIGINT NOT NULL,     -- as in quarantine
    day        DATE,                -- on which it happened; null where the row has none or it cannot be read
    amount_e4  BIGINT,              -- net revenue or amount, likewise; in the row's own currency
    reason     VARCHAR NOT NULL
)
