-- Makes room for the records of the touched account-months.
DELETE FROM ledger_groups AS old
USING ledger_touched AS touched
WHERE old.account_id = touched.account_id AND old.month = touched.month;

DELETE FROM ledger_accounts AS old
USING ledger_touched AS touched
WHERE old.account_id = touched.account_id AND old.month = touched.month;
