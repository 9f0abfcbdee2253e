//! What can stop an erasure.

use std::path::{Path, PathBuf};

use crate::{
    atomic::PublishError, ingest::IngestError, resolve::ResolveError, survey::SurveyError, warehouse::WarehouseError,
};

/// An error of `headroom forget` or of a retention period.
#[derive(Debug, thiserror::Error)]
pub enum ForgetError {
    /// An error of the warehouse.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// The project's key.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// The decisions.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// The closed rounds of the staff survey.
    #[error(transparent)]
    Survey(#[from] SurveyError),
    /// A file that could not be written.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// A file that could not be read or removed.
    #[error("`{}`: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A delivered file names the subject and is of a kind that nothing writes.
    #[error("`{file}` names it, and an .xls file cannot be written anew; nothing was forgotten")]
    NoWriter {
        /// The file.
        file: String,
    },
    /// Everything was done that can be, and files still name the subject.
    #[error("not all of it is gone: {} still hold an id, name, number or address", files.join(", "))]
    Left {
        /// Them.
        files: Vec<String>,
    },
    /// There is no data yet.
    #[error("nothing has been loaded yet")]
    NothingLoaded,
    /// Nobody has this id.
    #[error("there is no {kind} with the id `{id}`")]
    Unknown {
        /// Customer, contact or rater.
        kind: &'static str,
        /// As typed.
        id: String,
    },
}

impl ForgetError {
    pub(super) fn file(path: &Path, error: impl std::fmt::Display) -> Self {
        Self::File { path: path.into(), reason: error.to_string() }
    }

    /// The remedy, where there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Warehouse(error) => error.hint(),
            Self::Ingest(error) => error.hint(),
            Self::Resolve(error) => error.hint(),
            Self::Survey(error) => error.hint(),
            Self::Publish(error) => error.hint(),
            Self::File { .. } => Some("nothing of it is undone by running the command again".into()),
            Self::NoWriter { .. } => Some(
                "save it as .xlsx instead, name that in headroom.toml and run `headroom ingest`, or delete its rows by hand; \
                 then run this again"
                    .into(),
            ),
            Self::Left { .. } => Some("everything else is erased; look at these files and mend them by hand".into()),
            Self::NothingLoaded => Some("run `headroom ingest` first: it finds the files that name somebody".into()),
            Self::Unknown { kind: "rater", .. } => Some("give the rater as the source names it".into()),
            Self::Unknown { .. } => Some("ids are those of the source; `headroom account NAME` shows them".into()),
        }
    }
}
