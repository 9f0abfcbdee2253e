//! What can go wrong between a forecast and the table of scores.

use polars::prelude::PolarsError;

use crate::{
    domain::{DomainError, Target},
    features::FeatureError,
    train::TrainError,
};

/// An error of the score stage.
#[derive(Debug, thiserror::Error)]
pub enum ScoreError {
    /// A forecast of another number of accounts than the slice holds.
    #[error("the forecast `{column}` has {found} rows, expected {expected}, one per account of the population")]
    Length {
        /// Which forecast.
        column: &'static str,
        /// Its rows.
        found: usize,
        /// Accounts of the population.
        expected: usize,
    },
    /// A column that is missing, superfluous, out of order or of another type.
    #[error("score frame has column `{found}` where `{expected}` was expected")]
    Columns {
        /// Name and type that belong there.
        expected: String,
        /// Name and type found.
        found: String,
    },
    /// An account without a row, twice, or out of order.
    #[error("score frame has `{found}` in row {row} where account `{expected}` was expected")]
    LostAccount {
        /// Row, from 0.
        row: usize,
        /// The account that belongs there.
        expected: String,
        /// The account found, or that there is none.
        found: String,
    },
    /// An account of the population that the list of accounts does not know.
    #[error("account `{account}` has features but is not among the accounts of the company")]
    UnknownAccount {
        /// The account.
        account: String,
    },
    /// A value out of its range.
    #[error("`{column}` of account `{account}` is {value}, expected {expected}")]
    Value {
        /// The account.
        account: String,
        /// The column.
        column: String,
        /// The value.
        value: String,
        /// The allowed range.
        expected: &'static str,
    },
    /// No champion for a figure that every score needs.
    #[error("there is no model of {target}")]
    NoModel {
        /// The target.
        target: Target,
    },
    /// A model that does not fit the slice.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A frame of the features stage that lacks what a score needs.
    #[error(transparent)]
    Feature(#[from] FeatureError),
    /// A month that cannot be.
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// An error of a Polars expression.
    #[error("scores could not be put into a table: {0}")]
    Polars(#[from] PolarsError),
}

impl ScoreError {
    /// The remedy, where there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Columns { .. } => Some("the table was written by another version: run `headroom score` again".into()),
            Self::UnknownAccount { .. } | Self::LostAccount { .. } => {
                Some("features and accounts come from different states of the warehouse: run `headroom history` and then `headroom score`".into())
            }
            Self::Value { .. } | Self::Length { .. } => {
                Some("a model gave an impossible figure: run `headroom backtest` and look at its card".into())
            }
            Self::NoModel { .. } => Some("run `headroom train` first".into()),
            Self::Train(error) => error.hint(),
            Self::Feature(error) => error.hint(),
            Self::Domain(_) | Self::Polars(_) => None,
        }
    }
}
