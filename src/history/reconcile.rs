//! The ledger against its lines: the same net revenue in every month, to the last ten-thousandth.

use std::collections::BTreeMap;

use super::{HistoryError, plan::Profile, sql};
use crate::{domain::Month, params, warehouse::Warehouse};

/// Size of the ledger by product group.
pub(super) struct Totals {
    pub(super) records: i64,
    pub(super) net_revenue_e4: i128,
}

/// # Errors
/// [`HistoryError::Unreconciled`] at the first month that differs.
pub(super) fn reconcile(warehouse: &Warehouse, profile: &Profile) -> Result<Totals, HistoryError> {
    let rows = warehouse
        .query(sql::TOTALS, params![], |row| Ok((row.get::<i32>(0)?, row.get::<i64>(1)?, row.get::<i128>(2)?)))?;
    let mut ledger: BTreeMap<Month, i128> = BTreeMap::new();
    let mut totals = Totals { records: 0, net_revenue_e4: 0 };
    for (month, records, net) in rows {
        ledger.insert(Month::from_index(month)?, net);
        totals.records += records;
        totals.net_revenue_e4 += net;
    }
    let lines = profile.net_revenue_e4();
    // A month whose lines cancel out has no records, and a sum of nothing is zero.
    let months = lines.keys().chain(ledger.keys()).copied().collect::<std::collections::BTreeSet<_>>();
    for month in months {
        let of = |side: &BTreeMap<Month, i128>| side.get(&month).copied().unwrap_or(0);
        if of(lines) != of(&ledger) {
            return Err(HistoryError::Unreconciled { month, lines_e4: of(lines), ledger_e4: of(&ledger) });
        }
    }
    Ok(totals)
}
