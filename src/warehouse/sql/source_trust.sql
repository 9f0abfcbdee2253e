-- The sources in order of trust, the most trusted 0. One row per source that is trusted more than others.
CREATE TABLE source_trust (
    source VARCHAR NOT NULL,
    trust  INTEGER NOT NULL
)
