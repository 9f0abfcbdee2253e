//! What can go wrong between the warehouse and the training set.

use polars::prelude::{DataFrame, PolarsError};

use crate::domain::{AsOf, DomainError, Horizon, Month};

/// An error of the features stage.
#[derive(Debug, thiserror::Error)]
pub enum FeatureError {
    /// A frame's columns are not what its type promises.
    #[error("{what} has column `{found}` where `{expected}` was expected")]
    Columns {
        /// Which frame.
        what: &'static str,
        /// Name and type that belong there.
        expected: String,
        /// Name and type found.
        found: String,
    },
    /// Accounts twice or out of order.
    #[error("{what} has account `{account}` twice or out of order")]
    Order {
        /// Which frame.
        what: &'static str,
        /// The account.
        account: String,
    },
    /// A NaN or an infinity.
    #[error("{what} has a value in `{column}` that is not a finite number")]
    NonFinite {
        /// Which frame.
        what: &'static str,
        /// The column.
        column: String,
    },
    /// A null where none may be.
    #[error("{what} has a null in `{column}`")]
    Null {
        /// Which frame.
        what: &'static str,
        /// The column.
        column: String,
    },
    /// A name outside the catalogue.
    #[error("there is no {kind} named `{name}`{}", .nearest.as_ref().map(|n| format!(", did you mean `{n}`")).unwrap_or_default())]
    Unknown {
        /// Feature, category, baseline or label.
        kind: &'static str,
        /// The name asked for.
        name: String,
        /// The nearest known name.
        nearest: Option<String>,
    },
    /// A growth threshold that is no positive number.
    #[error("growth threshold is {value}, expected a positive number")]
    Threshold {
        /// The value.
        value: f64,
    },
    /// A label window beyond the data.
    #[error("the {horizon} after {as_of} end after {last}, the last month in the data")]
    OpenWindow {
        /// Origin.
        as_of: AsOf,
        /// Length of the window.
        horizon: Horizon,
        /// Last complete month.
        last: Month,
    },
    /// Frames of one origin that do not fit each other.
    #[error("features and {other} as of {as_of} hold different accounts, origins or horizons")]
    Misaligned {
        /// Origin.
        as_of: AsOf,
        /// The frame that does not fit.
        other: &'static str,
    },
    /// No order line at all.
    #[error("the ledger is empty: there is no order line to compute features from")]
    NoOrders,
    /// An as-of month before all data.
    #[error("nothing was known as of {as_of}: the data begin in {first}")]
    BeforeData {
        /// Origin.
        as_of: AsOf,
        /// First month of data.
        first: Month,
    },
    /// A month in the ledger that is none.
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// An error of the warehouse while facts were read.
    #[error(transparent)]
    Warehouse(#[from] crate::warehouse::WarehouseError),
    /// An error of a Polars expression.
    #[error("features could not be computed: {0}")]
    Polars(#[from] PolarsError),
}

impl FeatureError {
    /// What the user can do about it, if anything.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoOrders => {
                Some("put order lines into data/order_lines.csv or .parquet and run `headroom ingest`".into())
            }
            Self::BeforeData { first, .. } => Some(format!("choose `--as-of {first}` or later")),
            Self::OpenWindow { last, horizon, .. } => {
                Some(format!("choose an origin up to {} or a shorter horizon", last.plus(-horizon.months())))
            }
            _ => None,
        }
    }

    pub(super) fn unknown(kind: &'static str, name: &str, frame: &DataFrame) -> Self {
        let nearest = frame
            .get_column_names()
            .iter()
            .map(|known| (strsim::jaro_winkler(known, name), known.to_string()))
            .filter(|(similarity, _)| *similarity > 0.8)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, known)| known);
        Self::Unknown { kind, name: name.into(), nearest }
    }
}
