//! What can go wrong between a trained model and its folder.

use std::path::PathBuf;

use crate::{
    atomic::PublishError,
    domain::{Horizon, Target},
};

/// An error of the registry.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// A file that is not what its card, or its folder's name, says.
    #[error("`{}` was changed after it was written: its hash is {found}, expected {expected}", path.display())]
    Tampered {
        /// The file.
        path: PathBuf,
        /// The hash on record.
        expected: String,
        /// The hash of what lies there now.
        found: String,
    },
    /// A model trained on another set of features.
    #[error("model `{id}` was trained on the feature schema {trained}, expected {current}")]
    FeatureSchema {
        /// The model.
        id: String,
        /// The schema on its card.
        trained: String,
        /// The schema of this version of headroom.
        current: String,
    },
    /// A model written in another layout.
    #[error("model `{id}` has model format {found}, expected {expected}")]
    ModelFormat {
        /// The model.
        id: String,
        /// The format on its card.
        found: u32,
        /// The format this version of headroom reads.
        expected: u32,
    },
    /// No model of that id.
    #[error("there is no model `{id}`{}", .nearest.as_ref().map(|n| format!(", did you mean `{n}`")).unwrap_or_default())]
    UnknownModel {
        /// The id, or the beginning of one, asked for.
        id: String,
        /// The nearest known id.
        nearest: Option<String>,
    },
    /// The beginning of an id that several models share.
    #[error("`{id}` is the beginning of {} models: {}", found.len(), found.join(", "))]
    AmbiguousModel {
        /// The beginning asked for.
        id: String,
        /// The models it could mean.
        found: Vec<String>,
    },
    /// Nothing was trained for this target and horizon.
    #[error("there is no champion for {target} over {horizon}")]
    NoChampion {
        /// The target.
        target: Target,
        /// The horizon.
        horizon: Horizon,
    },
    /// Nothing was in use before the champion.
    #[error("there is no model before the champion for {target} over {horizon}")]
    NothingBefore {
        /// The target.
        target: Target,
        /// The horizon.
        horizon: Horizon,
    },
    /// A target that has champions for several horizons.
    #[error("{target} has champions for the horizons {}", horizons.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    ManyHorizons {
        /// The target.
        target: Target,
        /// Its horizons.
        horizons: Vec<Horizon>,
    },
    /// Two models that answer different questions.
    #[error("`{}` predicts {}, `{}` predicts {}: they cannot be compared", ids.0, questions.0, ids.1, questions.1)]
    Incomparable {
        /// The models.
        ids: (String, String),
        /// What they predict.
        questions: (String, String),
    },
    /// A person who overrules the method without a name or a reason.
    #[error("nobody overrules the method without a name and a reason")]
    Anonymous,
    /// A challenger that may not take over.
    #[error("`{id}` is not put into use: {reason}")]
    Refused {
        /// The challenger.
        id: String,
        /// Why.
        reason: String,
    },
    /// A champion of which the backtest reports nothing.
    #[error("the backtest publishes a model of {target} but reports nothing of it")]
    NoReport {
        /// The target.
        target: Target,
    },
    /// A model that does not read back as it was written, such as one that holds a NaN.
    #[error("the {rung} model of {target} does not read back as it was written: {reason}")]
    Unfaithful {
        /// The target.
        target: Target,
        /// The rung of the ladder.
        rung: String,
        /// What differs.
        reason: String,
    },
    /// A file that is missing or cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A file that is not the JSON it should be.
    #[error("`{}`, at `{at}`: {source}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// The field.
        at: String,
        /// What was wrong with it.
        source: serde_json::Error,
    },
    /// The table of measures lacks what a card shows.
    #[error("the backtest's table of measures cannot be put on a card: {0}")]
    Measures(#[from] polars::prelude::PolarsError),
    /// A file that could not be written.
    #[error(transparent)]
    Publish(#[from] PublishError),
}

impl RegistryError {
    /// The remedy, where there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Tampered { path, .. } => {
                let folder = path.parent().unwrap_or(path);
                Some(format!("remove `{}` and run `headroom train`, or restore it from a backup", folder.display()))
            }
            Self::FeatureSchema { .. } | Self::ModelFormat { .. } => {
                Some("run `headroom train` to train it anew, or use the version of headroom named on its card".into())
            }
            Self::UnknownModel { .. } => Some("`headroom models list` shows every model".into()),
            Self::AmbiguousModel { .. } => Some("give more letters of the id".into()),
            Self::NoChampion { horizon, .. } => {
                Some(format!("run `headroom train --horizon {}` first", horizon.months()))
            }
            Self::NothingBefore { .. } => {
                Some("`headroom models list` shows every model that could be promoted".into())
            }
            Self::ManyHorizons { .. } => Some("say which with --horizon MONTHS".into()),
            Self::Incomparable { .. } => {
                Some("choose two models of one target and horizon from `headroom models list`".into())
            }
            Self::Anonymous => {
                Some("add --reason \"...\", and --by NAME if this machine does not tell your name".into())
            }
            Self::Refused { .. } => {
                Some("to overrule, add --force --reason \"...\"; the journal keeps who and why".into())
            }
            Self::NoReport { .. } | Self::Unfaithful { .. } => {
                Some("this is a fault of headroom, please report it with the data's shape".into())
            }
            Self::Read { path, .. } | Self::Parse { path, .. } => Some(format!(
                "if `{}` was edited or copied by hand, remove its folder and run `headroom train`",
                path.display()
            )),
            Self::Measures(_) => None,
            Self::Publish(error) => error.hint(),
        }
    }
}
