-- One row per file and load: what it held and what became of it. `settings_hash` covers everything but the bytes that
-- decides how the file is read.
CREATE TABLE batches (
    batch_id         INTEGER PRIMARY KEY,
    table_name       VARCHAR NOT NULL,
    source           VARCHAR NOT NULL,
    file             VARCHAR NOT NULL,
    file_hash        VARCHAR NOT NULL,
    settings_hash    VARCHAR NOT NULL,
    mode             VARCHAR NOT NULL,   -- append, snapshot or upsert
    received_on      DATE,               -- null for a first batch, whose facts are known from their own dates
    rows_in          BIGINT NOT NULL,
    rows_loaded      BIGINT NOT NULL,
    rows_quarantined BIGINT NOT NULL,
    recognised       VARCHAR NOT NULL    -- json: encoding, separator, decimal mark, date format, columns
)
