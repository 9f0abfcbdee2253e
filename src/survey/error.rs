//! What can go wrong with surveys.

use std::path::PathBuf;

use crate::{atomic::PublishError, domain::DomainError, warehouse::WarehouseError};

/// An error of this stage.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// The warehouse refused.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// The file of closed rounds could not be written.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// A month out of range.
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// A frame of the wrong shape.
    #[error("survey: {0}")]
    Frame(#[from] polars::error::PolarsError),
    /// The file of closed rounds is damaged.
    #[error("cannot read `{}`: {reason}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        reason: String,
    },
    /// No such round.
    #[error("there is no staff survey round `{round}`{}", known(rounds))]
    NoRound {
        /// As typed.
        round: String,
        /// Those there are.
        rounds: Vec<String>,
    },
}

fn known(rounds: &[String]) -> String {
    if rounds.is_empty() { String::new() } else { format!("; there are {}", rounds.join(", ")) }
}

impl SurveyError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Warehouse(error) => error.hint(),
            Self::Publish(error) => error.hint(),
            Self::Domain(_) | Self::Frame(_) => None,
            Self::Read { .. } => Some("restore it from a backup: the answers behind it were deleted".into()),
            Self::NoRound { .. } => {
                Some("rounds are named by the column `round` of staff_answers (docs/data.md)".into())
            }
        }
    }
}
