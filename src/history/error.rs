//! What can go wrong while the ledger is built.

use crate::{
    domain::{DomainError, Month},
    warehouse::WarehouseError,
};

/// An error of the history stage.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// Nothing to build a ledger from.
    #[error("the warehouse holds no order lines")]
    NoOrderLines,
    /// A date that cannot be meant.
    #[error("order lines of batch {batch} have {column} in the year {year}, expected 1800 to 2999")]
    ImplausibleYear {
        /// The batch.
        batch: i32,
        /// `ordered_on` or `known_at`.
        column: &'static str,
        /// The year found.
        year: i32,
    },
    /// A sum of money or quantities that 64 bits cannot hold in ten-thousandths.
    #[error("a sum of the ledger exceeds 922 trillion: {0}")]
    Overflow(WarehouseError),
    /// The ledger does not hold what its lines hold.
    #[error(
        "net revenue of {month} does not reconcile: order lines hold {}, the ledger {}, a difference of {}",
        units(*lines_e4), units(*ledger_e4), units(*ledger_e4 - *lines_e4)
    )]
    Unreconciled {
        /// The first month that differs.
        month: Month,
        /// Net revenue of its order lines, in ten-thousandths.
        lines_e4: i128,
        /// Net revenue of its records, in ten-thousandths.
        ledger_e4: i128,
    },
    /// A month outside the calendar.
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// A table could not be put together.
    #[error(transparent)]
    Polars(#[from] polars::error::PolarsError),
    /// The warehouse.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
}

impl HistoryError {
    /// The remedy, where there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoOrderLines => Some("load order lines first: `headroom ingest`".into()),
            Self::ImplausibleYear { .. } => Some("correct the date in the source and load it again".into()),
            Self::Overflow(_) => Some("look for amounts in a wrong unit, or a decimal mark that was lost".into()),
            Self::Unreconciled { .. } => Some(
                "look for a customer with two rows in `accounts`; if there is none, this is a defect of headroom"
                    .into(),
            ),
            Self::Domain(_) | Self::Polars(_) => None,
            Self::Warehouse(error) => error.hint(),
        }
    }

    pub(super) fn of_sums(error: WarehouseError) -> Self {
        if error.is_overflow() { Self::Overflow(error) } else { Self::Warehouse(error) }
    }
}

/// Ten-thousandths as a decimal number, exactly.
fn units(e4: i128) -> String {
    let sign = if e4 < 0 { "-" } else { "" };
    let size = e4.unsigned_abs();
    format!("{sign}{}.{:04}", size / 10_000, size % 10_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_named_to_the_last_ten_thousandth() {
        let month = "2021-10".parse().unwrap();
        let error = HistoryError::Unreconciled { month, lines_e4: 10_000_001, ledger_e4: -5 };
        assert_eq!(
            error.to_string(),
            "net revenue of 2021-10 does not reconcile: order lines hold 1000.0001, the ledger -0.0005, a difference of \
             -1000.0006"
        );
    }
}
