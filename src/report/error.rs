//! What can go wrong between a report's data and its files.

use std::{io, path::PathBuf};

use super::chart::PaintError;
use crate::atomic::PublishError;

/// A report that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A figure that is not a number, which no stage may hand over.
    #[error("{figure} of `{of}` is `{value}`, expected a finite number")]
    NonFinite {
        /// Which figure.
        figure: &'static str,
        /// Of which account or table.
        of: String,
        /// Its value.
        value: f64,
    },
    /// Parts that contradict each other.
    #[error("the report is inconsistent: {reason}")]
    Inconsistent {
        /// In which way.
        reason: String,
    },
    /// An embedded text file that is not readable.
    #[error("the texts of language `{language}` are not readable: {reason}")]
    Text {
        /// Which language.
        language: &'static str,
        /// Why.
        reason: String,
    },
    /// A template that failed.
    #[error("cannot fill the page template: {0}")]
    Template(#[from] minijinja::Error),
    /// A figure that could not be painted.
    #[error(transparent)]
    Paint(#[from] PaintError),
    /// A file that could not be written.
    #[error("cannot write `{}`: {source}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that could not be published.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// A table of another stage that lacks a column, or one that could not be put together.
    #[error("the table `{table}` is not usable: {reason}")]
    Table {
        /// Which table.
        table: String,
        /// Why.
        reason: String,
    },
}

impl ReportError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Write { path, .. } => {
                Some(format!("check that `{}` can be written and that the disk has space", path.display()))
            }
            Self::Paint(_) => Some("check that the report folder can be written and that the disk has space".into()),
            Self::Publish(error) => error.hint(),
            Self::Table { .. }
            | Self::NonFinite { .. }
            | Self::Inconsistent { .. }
            | Self::Text { .. }
            | Self::Template(_) => None,
        }
    }
}
