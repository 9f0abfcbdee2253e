-- The identity the ledger was built with: one row per customer of its lines. A later change of identity rebuilds it.
CREATE TABLE ledger_customers (
    source      VARCHAR NOT NULL,
    customer_id VARCHAR NOT NULL,
    account_id  VARCHAR NOT NULL
)
