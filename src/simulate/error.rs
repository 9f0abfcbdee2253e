//! What can go wrong while a company is simulated: an option out of range, or a file that cannot be written.

use std::{io, path::PathBuf};

use polars::prelude::PolarsError;

/// A failure of the simulate stage.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// An option is outside its range.
    #[error("option `{option}` is {value}, expected {expected}")]
    Option {
        /// Name of the option, as in [`Company`](super::Company).
        option: &'static str,
        /// The refused value.
        value: String,
        /// The allowed range.
        expected: String,
    },
    /// A folder or file could not be made.
    #[error("could not write `{}`", path.display())]
    Write {
        /// The folder or file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A table could not be built or encoded.
    #[error("could not encode table `{table}`")]
    Encode {
        /// The table of the data contract, or `truth`.
        table: &'static str,
        /// What Polars said.
        source: PolarsError,
    },
}

impl SimulateError {
    /// The remedy, where there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Option { option, expected, .. } => Some(format!("set `{option}` to {expected}")),
            Self::Write { .. } => Some("choose an output folder that is writable and has room".into()),
            Self::Encode { .. } => None,
        }
    }
}
