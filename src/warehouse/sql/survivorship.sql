-- Which record an account takes each field from. One row per field: newest, trusted or longest.
CREATE TABLE survivorship (
    field VARCHAR NOT NULL,
    rule  VARCHAR NOT NULL
)
