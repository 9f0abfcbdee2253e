-- One row per reason why a row of a file was not loaded.
CREATE TABLE quarantine (
    batch_id    INTEGER NOT NULL,
    table_name  VARCHAR NOT NULL,
    file        VARCHAR NOT NULL,
    row_number  BIGINT NOT NULL,     -- line of the file for text, row for Parquet, from 1
    column_name VARCHAR,             -- null where the row as a whole is wrong
    value       VARCHAR,
    expected    VARCHAR NOT NULL,
    reason      VARCHAR NOT NULL
)
