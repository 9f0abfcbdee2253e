//! What can stop the resolve stage.

use std::path::PathBuf;

use crate::{atomic::PublishError, warehouse::WarehouseError};

/// An error of the resolve stage.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// An error of the warehouse.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// A file that could not be written.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// A frame of the wrong shape.
    #[error("resolve: {0}")]
    Frame(#[from] polars::error::PolarsError),
    /// A file of decisions that cannot be read.
    #[error("`{}` cannot be read: {reason}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system or the parser says.
        reason: String,
    },
    /// A column that decisions need.
    #[error("`{}` has no column `{column}`", file.display())]
    NoColumn {
        /// The file.
        file: PathBuf,
        /// The missing column.
        column: &'static str,
    },
    /// A cell that is not what it must be.
    #[error("`{}`, row {row}, column `{column}` is `{value}`, expected {expected}", file.display())]
    Cell {
        /// The file.
        file: PathBuf,
        /// Its row, from 1, without the header.
        row: usize,
        /// The column.
        column: &'static str,
        /// What stands there.
        value: String,
        /// What may stand there.
        expected: &'static str,
    },
    /// Companies that are their own parents.
    #[error("corporate groups: the parents run in a circle, {path}")]
    Cycle {
        /// The companies of the circle, each under the next.
        path: String,
    },
    /// An account that cannot be told.
    #[error("{} `{wanted}`", if meant.is_empty() { "there is no account named" } else { "several accounts are named" })]
    NoAccount {
        /// As typed.
        wanted: String,
        /// Their ids, where there are several.
        meant: Vec<String>,
    },
    /// Decisions that cannot all hold.
    #[error("decisions contradict: {a} and {b} are decided to be different, but others make them one")]
    Contradiction {
        /// A record.
        a: String,
        /// Another.
        b: String,
    },
}

impl ResolveError {
    /// The remedy, where there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Warehouse(error) => error.hint(),
            Self::Publish(error) => error.hint(),
            Self::Frame(_) => None,
            Self::Read { .. } => Some("check the path, and that the file is CSV".into()),
            Self::NoColumn { .. } => {
                Some("fill in the column `decision` of data/review.csv and keep its other columns".into())
            }
            Self::Cell { column: "decision", .. } => Some("leave the cell empty where nothing is decided yet".into()),
            Self::Cell { .. } => Some("rows of data/review.csv name records as they are in `customers`".into()),
            Self::Cycle { .. } => {
                Some("correct `parent_id` in customers, or rank companies: [resolve] level = \"account\"".into())
            }
            Self::NoAccount { meant, .. } if meant.is_empty() => Some(
                "give an account id, a customer id, or a part of the name; run `headroom resolve` after new data"
                    .into(),
            ),
            Self::NoAccount { meant, .. } => {
                let shown: Vec<&str> = meant.iter().take(5).map(String::as_str).collect();
                Some(format!("did you mean {}{}?", shown.join(", "), if meant.len() > 5 { ", ..." } else { "" }))
            }
            Self::Contradiction { .. } => Some("change one of the decisions in data/decisions.csv".into()),
        }
    }
}
