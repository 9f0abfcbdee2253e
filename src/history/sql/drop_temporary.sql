-- Drops what only the build needed.
DROP VIEW ledger_scope;
DROP VIEW ledger_lines;
DROP TABLE ledger_identity;
DROP TABLE ledger_orders;
DROP TABLE ledger_revised;
DROP TABLE IF EXISTS ledger_touched;
DROP TABLE IF EXISTS ledger_touched_lines;
