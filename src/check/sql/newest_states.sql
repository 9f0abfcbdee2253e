-- The newest state of whatever has an id and may have several rows. Grain: one row per id.
CREATE OR REPLACE TEMP VIEW newest_customers AS
FROM customers WHERE known_until IS NULL
QUALIFY row_number() OVER (PARTITION BY source, customer_id ORDER BY known_at DESC, batch_id DESC) = 1;

CREATE OR REPLACE TEMP VIEW newest_contacts AS
FROM contacts WHERE known_until IS NULL
QUALIFY row_number() OVER (PARTITION BY source, contact_id ORDER BY known_at DESC, batch_id DESC) = 1;

CREATE OR REPLACE TEMP VIEW newest_invoices AS
FROM invoices WHERE known_until IS NULL
QUALIFY row_number() OVER (PARTITION BY source, invoice_id ORDER BY known_at DESC, batch_id DESC) = 1;

CREATE OR REPLACE TEMP VIEW newest_complaints AS
FROM complaints WHERE known_until IS NULL
QUALIFY row_number() OVER (PARTITION BY source, complaint_id ORDER BY known_at DESC, batch_id DESC) = 1;

CREATE OR REPLACE TEMP VIEW newest_opportunities AS
FROM opportunities WHERE known_until IS NULL
QUALIFY row_number() OVER (PARTITION BY source, opportunity_id ORDER BY known_at DESC, batch_id DESC) = 1;
