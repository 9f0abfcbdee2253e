-- Makes room for a full build.
DELETE FROM ledger_groups;
DELETE FROM ledger_accounts;
DELETE FROM ledger_batches;
