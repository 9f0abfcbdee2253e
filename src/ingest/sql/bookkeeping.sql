-- What was read, what was refused, and who is who.

-- One row per file and load. `settings_hash` covers everything but the bytes that decides how the file is read.
CREATE TABLE IF NOT EXISTS batches (
    batch_id INTEGER PRIMARY KEY,
    table_name VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    file VARCHAR NOT NULL,
    file_hash VARCHAR NOT NULL,
    settings_hash VARCHAR NOT NULL,
    mode VARCHAR NOT NULL,
    received_on DATE,
    rows_in BIGINT NOT NULL,
    rows_loaded BIGINT NOT NULL,
    rows_quarantined BIGINT NOT NULL,
    recognised VARCHAR NOT NULL
);

-- One row per refused cell; `row_number` is the line in a CSV file and the row in a Parquet file.
CREATE TABLE IF NOT EXISTS quarantine (
    batch_id INTEGER NOT NULL,
    table_name VARCHAR NOT NULL,
    file VARCHAR NOT NULL,
    row_number BIGINT NOT NULL,
    column_name VARCHAR,
    value VARCHAR,
    expected VARCHAR NOT NULL,
    reason VARCHAR NOT NULL
);

-- One row per source record of a customer; filled by resolve.
CREATE TABLE IF NOT EXISTS accounts (
    source VARCHAR NOT NULL,
    customer_id VARCHAR NOT NULL,
    account_id VARCHAR NOT NULL,
    match_probability DOUBLE,
    merged_on DATE
);

