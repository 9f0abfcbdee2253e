//! Whatever can stop a run, and the exit code and remedy it carries.

use std::path::{Path, PathBuf};

use crate::{
    analysis::AnalysisError,
    atomic::PublishError,
    backtest::BacktestError,
    check::{self, CheckError},
    config::ConfigError,
    domain::{DomainError, Month},
    features::FeatureError,
    fetch::FetchError,
    forget::ForgetError,
    history::HistoryError,
    ingest::IngestError,
    rank::RankError,
    registry::RegistryError,
    report::ReportError,
    resolve::ResolveError,
    score::ScoreError,
    simulate::SimulateError,
    survey::SurveyError,
    train::TrainError,
    warehouse::WarehouseError,
};

/// An error of any stage; each stage's own type says what failed, where, and what was expected.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum PipelineError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Ingest(#[from] IngestError),
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    #[error(transparent)]
    Forget(#[from] ForgetError),
    #[error(transparent)]
    Check(#[from] CheckError),
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error(transparent)]
    Features(#[from] FeatureError),
    #[error(transparent)]
    Train(#[from] TrainError),
    #[error(transparent)]
    Backtest(#[from] BacktestError),
    #[error(transparent)]
    Domain(#[from] DomainError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error(transparent)]
    Score(#[from] ScoreError),
    #[error(transparent)]
    Survey(#[from] SurveyError),
    #[error(transparent)]
    Rank(#[from] RankError),
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Simulate(#[from] SimulateError),
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The as-of month lies outside the data.
    #[error("as-of month {asked} lies outside the data, which runs from {first} to {last}")]
    OutsideData {
        /// As typed.
        asked: Month,
        /// First month with orders.
        first: Month,
        /// Last complete month.
        last: Month,
    },
    /// A file of the work folder.
    #[error("`{}`: {reason}", path.display())]
    Work {
        /// The file or folder.
        path: PathBuf,
        /// What went wrong.
        reason: String,
    },
}

impl PipelineError {
    pub(crate) fn io(path: &Path, error: &std::io::Error) -> Self {
        Self::Work { path: path.to_path_buf(), reason: error.to_string() }
    }

    pub(super) fn json(path: &Path, error: &serde_json::Error) -> Self {
        Self::Work { path: path.to_path_buf(), reason: error.to_string() }
    }

    pub(super) fn frame(path: &Path, error: &polars::error::PolarsError) -> Self {
        Self::Work { path: path.to_path_buf(), reason: error.to_string() }
    }

    /// The process's exit code: 2 for wrong settings, 3 for a closed quality gate, 1 for any other failure.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Simulate(SimulateError::Option { .. }) => 2,
            Self::Check(CheckError::Closed { .. }) => 3,
            _ => 1,
        }
    }

    /// What was found on the way and is worth reading before the error: all findings, where the gate is closed.
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::Check(CheckError::Closed { all, .. }) => check::listing(all),
            _ => Vec::new(),
        }
    }

    /// The remedy, if there is one to name.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Config(error) => error.hint(),
            Self::Warehouse(error) => error.hint(),
            Self::Fetch(error) => error.hint(),
            Self::Ingest(error) => error.hint(),
            Self::Resolve(error) => error.hint(),
            Self::Forget(error) => error.hint(),
            Self::Check(error) => error.hint(),
            Self::History(error) => error.hint(),
            Self::Features(error) => error.hint(),
            Self::Train(error) => error.hint(),
            Self::Backtest(error) => error.hint(),
            Self::Domain(_) => None,
            Self::Registry(error) => error.hint(),
            Self::Score(error) => error.hint(),
            Self::Rank(error) => error.hint(),
            Self::Survey(error) => error.hint(),
            Self::Analysis(error) => error.hint(),
            Self::Report(error) => error.hint(),
            Self::Simulate(error) => error.hint(),
            Self::Publish(error) => error.hint(),
            Self::OutsideData { last, .. } => Some(format!("leave out --as-of for {last}, the last complete month")),
            Self::Work { .. } => {
                Some("delete the folder data/work; it only holds results that can be made again".into())
            }
        }
    }
}
