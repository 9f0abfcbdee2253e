//! Warnings as values: a stage returns them, the command line shows them once, the report repeats them.

use serde::{Deserialize, Serialize};

/// How much a reader should care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing, such as which encoding was recognised.
    Info,
    /// A figure is weaker or missing because of it.
    Warning,
    /// A quality gate is closed.
    Error,
}

/// Something the user should know about the run, that is not a failure.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Notice {
    /// How much a reader should care.
    pub severity: Severity,
    /// A stable name such as `short-history`.
    pub code: String,
    /// One sentence with figures, in English, lower case, without a full stop.
    pub text: String,
}

impl Notice {
    /// A notice worth knowing.
    pub fn info(code: &str, text: impl Into<String>) -> Self {
        Self { severity: Severity::Info, code: code.into(), text: text.into() }
    }

    /// A notice that weakens a figure.
    pub fn warning(code: &str, text: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, code: code.into(), text: text.into() }
    }
}
