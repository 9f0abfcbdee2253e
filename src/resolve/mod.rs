//! Source records of customers into accounts: the table `accounts`.
//!
//! Every record is its own account; customers that only order lines know are accounts as well, so that no revenue is
//! lost. It does not look for duplicates and changes no other table.

use crate::{
    params,
    warehouse::{Warehouse, WarehouseError},
};

/// An error of the resolve stage.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// An error of the warehouse.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
}

impl ResolveError {
    /// The remedy, where there is one.
    pub fn hint(&self) -> Option<String> {
        let Self::Warehouse(error) = self;
        error.hint()
    }
}

/// How many accounts there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ResolveReport {
    /// Distinct accounts.
    pub accounts: u64,
}

/// Writes `accounts` anew from `customers` and `order_lines`.
///
/// # Errors
/// If the warehouse fails; nothing has changed then.
pub fn resolve(warehouse: &Warehouse) -> Result<ResolveReport, ResolveError> {
    let _span = tracing::info_span!("resolve").entered();
    warehouse.transaction(|warehouse| {
        warehouse.execute("DELETE FROM accounts", params![])?;
        let accounts = warehouse.execute(include_str!("identity.sql"), params![])?;
        Ok(ResolveReport { accounts: accounts as u64 })
    })
}
