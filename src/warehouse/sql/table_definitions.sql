-- One row per table: the hash of the statement that made it.
CREATE TABLE IF NOT EXISTS table_definitions (
    table_name VARCHAR NOT NULL,
    definition VARCHAR NOT NULL
)
