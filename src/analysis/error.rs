//! What can go wrong while finished figures are looked at.

use std::path::PathBuf;

use crate::{
    domain::{Horizon, Month, Target},
    features::FeatureError,
    train::TrainError,
};

/// An error of the analysis stage.
#[derive(Debug, thiserror::Error)]
pub enum AnalysisError {
    /// No account of that id.
    #[error("there is no account `{id}` as of {as_of}{}", .nearest.as_ref().map(|n| format!(", did you mean `{n}`")).unwrap_or_default())]
    UnknownAccount {
        /// As typed.
        id: String,
        /// The month.
        as_of: Month,
        /// The nearest known id.
        nearest: Option<String>,
    },
    /// A month without a published report.
    #[error("`{}` cannot be read: {reason}", path.display())]
    Unpublished {
        /// The table that should be there.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A table that lacks a column.
    #[error("`{}`: column `{column}`: {reason}", path.display())]
    Column {
        /// The table.
        path: PathBuf,
        /// The column.
        column: String,
        /// What is wrong.
        reason: String,
    },
    /// What was published speaks of months that are not over.
    #[error("what was published as of {as_of} speaks of the {horizon} to {closes}, the data are complete to {last}")]
    Open {
        /// The report's month.
        as_of: Month,
        /// How far it looked.
        horizon: Horizon,
        /// The month that must be complete.
        closes: Month,
        /// The last complete month.
        last: Month,
    },
    /// None of the published accounts is known.
    #[error("none of the {published} accounts published as of {as_of} is in the data")]
    Strangers {
        /// Accounts in the report.
        published: usize,
        /// The report's month.
        as_of: Month,
    },
    /// A model that never saw an origin has no training data to compare with.
    #[error("the models in use were fitted on no origin, so there is no training data to compare with")]
    Untrained,
    /// No baseline could be computed.
    #[error("no baseline could be computed for {target}")]
    NoBaseline {
        /// The target.
        target: Target,
    },
    /// An error of the models.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// An error of the frames.
    #[error(transparent)]
    Feature(#[from] FeatureError),
    /// An error of the backtest.
    #[error(transparent)]
    Backtest(#[from] crate::backtest::BacktestError),
    /// An error while a table was put together.
    #[error("a table of the analysis could not be built: {0}")]
    Polars(#[from] polars::prelude::PolarsError),
}

impl AnalysisError {
    /// The remedy, where there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownAccount { .. } => {
                Some("the column `customer_id` of reports/<month>/scores.csv lists every account".into())
            }
            Self::Unpublished { .. } => Some("`--published MONTH` names a folder below reports/".into()),
            Self::Open { closes, .. } => Some(format!(
                "come back when {closes} is complete and loaded; `--horizon` measures the shorter one of the same report"
            )),
            Self::Strangers { .. } => Some("is this the report of another project?".into()),
            Self::Untrained => Some("longer histories have origins: see `headroom train`".into()),
            Self::Train(error) => error.hint(),
            Self::Feature(error) => error.hint(),
            Self::Backtest(error) => error.hint(),
            Self::Column { .. } | Self::NoBaseline { .. } | Self::Polars(_) => None,
        }
    }
}
