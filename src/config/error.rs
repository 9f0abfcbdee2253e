//! What can be wrong with a configuration.

use std::path::{Path, PathBuf};

/// An error of the configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The project folder is not there.
    #[error("project folder `{}` cannot be opened: {reason}", path.display())]
    Project {
        /// As typed.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The file cannot be read.
    #[error("`{}` cannot be read: {reason}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// Any of the errors below, with the file it is in.
    #[error("{}: {error}", file.display())]
    InFile {
        /// The file.
        file: PathBuf,
        /// What is wrong in it.
        error: Box<ConfigError>,
    },
    /// Not TOML.
    #[error("not valid TOML{}: {reason}", line.map(|line| format!(" at line {line}")).unwrap_or_default())]
    Syntax {
        /// Line, if known.
        line: Option<usize>,
        /// What the parser says.
        reason: String,
    },
    /// A section that does not exist.
    #[error("there is no section `[{name}]`")]
    UnknownSection {
        /// As typed.
        name: String,
        /// The nearest section.
        nearest: Option<String>,
    },
    /// A key that does not exist.
    #[error("`{section}` has no setting `{key}`")]
    UnknownKey {
        /// Section.
        section: String,
        /// As typed.
        key: String,
        /// The nearest key.
        nearest: Option<String>,
        /// All keys of the section.
        known: Vec<String>,
    },
    /// A value of the wrong kind or out of range, as its type says.
    #[error("{key}: {reason}")]
    Value {
        /// Path of the key.
        key: String,
        /// What its type says.
        reason: String,
    },
    /// A value out of range.
    #[error("{key} is `{value}`, expected {expected}")]
    Range {
        /// Path of the key.
        key: &'static str,
        /// As typed.
        value: String,
        /// The allowed range.
        expected: &'static str,
    },
    /// A project is there already.
    #[error("`{}` exists already", file.display())]
    Exists {
        /// The file.
        file: PathBuf,
    },
    /// A file or folder cannot be made.
    #[error("`{}` cannot be written: {reason}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A preset that does not exist.
    #[error("there is no preset `{name}`")]
    UnknownPreset {
        /// As typed.
        name: String,
        /// All of them.
        known: String,
    },
    /// A setting of a table that has a list of sources.
    #[error("`[{table}]` has a setting `{key}` beside its `sources`")]
    BesideSources {
        /// The table.
        table: String,
        /// The setting.
        key: String,
    },
    /// Sources that cannot be told apart.
    #[error("`{path}` {problem}")]
    SourceName {
        /// Path of the source.
        path: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// A check waived without saying why.
    #[error("check `{check}` is waived without a reason")]
    WaiverWithoutReason {
        /// The check.
        check: String,
    },
}

impl ConfigError {
    pub(super) fn in_file(self, file: &Path) -> Self {
        Self::InFile { file: file.to_path_buf(), error: Box::new(self) }
    }

    /// The remedy, if there is one to name.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Project { .. } => Some("create one with `headroom init --project DIR`".into()),
            Self::InFile { error, .. } => error.hint(),
            Self::UnknownSection { nearest, .. } => Some(nearest.as_ref().map_or_else(
                || "sections are project, run, abc, report, checks and the tables of docs/data.md".into(),
                |nearest| format!("did you mean `[{nearest}]`?"),
            )),
            Self::UnknownKey { nearest, known, .. } => {
                let known = known.join(", ");
                Some(nearest.as_ref().map_or_else(
                    || format!("known: {known}"),
                    |nearest| format!("did you mean `{nearest}`? known: {known}"),
                ))
            }
            Self::WaiverWithoutReason { check } => {
                Some(format!("write why, in `[checks.waive]`: {check} = \"reason\" (the report repeats it)"))
            }
            Self::UnknownPreset { known, .. } => Some(format!("presets: {known}")),
            Self::BesideSources { table, key } => {
                Some(format!("move `{key}` into each `[[{table}.sources]]` that it holds for"))
            }
            Self::SourceName { .. } => Some("give each source a name of its own: name = \"crm\"".into()),
            Self::Exists { .. } => Some("edit it, or choose another folder with --project".into()),
            Self::Read { .. } | Self::Write { .. } | Self::Syntax { .. } | Self::Value { .. } | Self::Range { .. } => {
                None
            }
        }
    }
}
