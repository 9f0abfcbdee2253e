-- One row per stage: what it last read, by hash, and what it reported, as json.
CREATE TABLE stage_runs (
    stage       VARCHAR NOT NULL,
    inputs_hash VARCHAR NOT NULL,
    report      VARCHAR NOT NULL
)
