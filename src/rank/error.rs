//! What can go wrong between scores and a ranking.

use polars::prelude::PolarsError;

use crate::{features::FeatureError, score::ScoreError, train::TrainError};

/// An error of the rank stage.
#[derive(Debug, thiserror::Error)]
pub enum RankError {
    /// Ranks that are not 1 to n, each once, for the accounts of the population.
    #[error("account `{account}` has rank {found}, expected {expected}")]
    Rank {
        /// The account.
        account: String,
        /// Its rank, or that it has none.
        found: String,
        /// What belongs there.
        expected: String,
    },
    /// Two neighbours of the list whose order nothing decides, or the wrong way round.
    #[error("accounts `{first}` and `{second}` are ranked {rank} and {} although {why}", rank + 1)]
    Order {
        /// The one ranked first.
        first: String,
        /// The one after it.
        second: String,
        /// The first one's rank.
        rank: u32,
        /// What contradicts that order.
        why: &'static str,
    },
    /// Shares of positive values that are not shares of a whole.
    #[error("the positive shares of {what} sum to {sum}, expected 1")]
    Shares {
        /// Of what.
        what: &'static str,
        /// Their sum.
        sum: f64,
    },
    /// A potential that the backtest does not support, or none although it does.
    #[error("account `{account}` has {found} in `{column}`, expected {expected}")]
    Potential {
        /// The account.
        account: String,
        /// The column.
        column: &'static str,
        /// The value.
        found: String,
        /// What the third verdict allows.
        expected: &'static str,
    },
    /// Scores and features of different accounts or months.
    #[error("the scores hold {scores} accounts of the population, the slice as of {as_of} holds {slice}")]
    Misaligned {
        /// Accounts of the population in the scores.
        scores: usize,
        /// Accounts of the slice.
        slice: usize,
        /// The slice's month.
        as_of: String,
    },
    /// A frame of the features stage that lacks what a reason needs.
    #[error(transparent)]
    Feature(#[from] FeatureError),
    /// Scores that could not be read.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// A model that could not explain itself.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// An error of a Polars expression.
    #[error("the ranking could not be put into a table: {0}")]
    Polars(#[from] PolarsError),
}

impl RankError {
    /// The remedy, where there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Misaligned { .. } => Some("score the same month again: `headroom score`".into()),
            Self::Rank { .. } | Self::Order { .. } | Self::Shares { .. } | Self::Potential { .. } => {
                Some("this is a fault of headroom, please report it".into())
            }
            Self::Feature(error) => error.hint(),
            Self::Score(error) => error.hint(),
            Self::Train(error) => error.hint(),
            Self::Polars(_) => None,
        }
    }
}
