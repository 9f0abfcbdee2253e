//! The stage's SQL, one relation per file.

pub(super) const LINES: &str = include_str!("sql/lines.sql");
pub(super) const IDENTITY: &str = include_str!("sql/identity.sql");
pub(super) const PROFILE: &str = include_str!("sql/profile.sql");
pub(super) const IDENTITY_CHANGED: &str = include_str!("sql/identity_changed.sql");
pub(super) const SCOPE_ALL: &str = include_str!("sql/scope_all.sql");
pub(super) const SCOPE_ALL_MERGED: &str = include_str!("sql/scope_all_merged.sql");
pub(super) const CLEAR_ALL: &str = include_str!("sql/clear_all.sql");
pub(super) const TOUCHED: &str = include_str!("sql/touched.sql");
pub(super) const WIDEN: &str = include_str!("sql/widen.sql");
pub(super) const SCOPE_TOUCHED: &str = include_str!("sql/scope_touched.sql");
pub(super) const CLEAR_TOUCHED: &str = include_str!("sql/clear_touched.sql");
pub(super) const GROUPS: &str = include_str!("sql/groups.sql");
pub(super) const ORDERS: &str = include_str!("sql/orders.sql");
pub(super) const REVISED: &str = include_str!("sql/revised.sql");
pub(super) const ACCOUNTS_PLAIN: &str = include_str!("sql/accounts_plain.sql");
pub(super) const ACCOUNTS_REVISED: &str = include_str!("sql/accounts_revised.sql");
pub(super) const REMEMBER_IDENTITY: &str = include_str!("sql/remember_identity.sql");
pub(super) const DROP_TEMPORARY: &str = include_str!("sql/drop_temporary.sql");
pub(super) const TOTALS: &str = include_str!("sql/totals.sql");

pub(super) const DROP_UNUSED: &str = "DROP VIEW ledger_lines; DROP TABLE ledger_identity";
pub(super) const MERGED_CUSTOMERS: &str = "SELECT count(*) FROM ledger_identity
    WHERE (source, customer_id) <> (leading_source, leading_customer_id)";
pub(super) const TOUCHED_MONTHS: &str = "SELECT DISTINCT month FROM ledger_touched ORDER BY month";

/// Changes with every statement that decides what a record holds.
pub(super) fn definition_hash() -> String {
    let mut hasher = blake3::Hasher::new();
    for statement in [LINES, IDENTITY, GROUPS, ORDERS, REVISED, ACCOUNTS_PLAIN, ACCOUNTS_REVISED] {
        hasher.update(statement.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}
