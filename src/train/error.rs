//! What can go wrong between frames and a fitted model.

use crate::{
    domain::{DomainError, Target},
    features::FeatureError,
};

/// An error of the train stage.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// `models/ladder.toml` could not be read.
    #[error("{path} could not be read: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// `models/ladder.toml` is not TOML.
    #[error("{path} is not valid toml: {reason}")]
    Syntax {
        /// The file.
        path: String,
        /// What the parser says, with line and column.
        reason: String,
    },
    /// A key or a name that nobody knows.
    #[error("{place} has an unknown {what} `{name}`{}", .nearest.as_ref().map(|n| format!(", did you mean `{n}`")).unwrap_or_default())]
    Unknown {
        /// Where it stands.
        place: String,
        /// Key, rung, target, feature or feature list.
        what: &'static str,
        /// The name.
        name: String,
        /// The nearest known one.
        nearest: Option<String>,
    },
    /// A setting of the wrong type or out of range.
    #[error("{place}: `{key}` is `{value}`, expected {expected}")]
    Setting {
        /// Where it stands.
        place: String,
        /// The key.
        key: String,
        /// The value.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
    /// A feature that no tree can take.
    #[error("features cannot be binned: {reason}")]
    Records {
        /// What the learner says, with row and column.
        reason: String,
    },
    /// x and y speak of different accounts.
    #[error("training set holds `{found}` in row {row} where its labels hold `{expected}`")]
    Misaligned {
        /// Row, from 0.
        row: usize,
        /// Account of the features (or the number of rows).
        found: String,
        /// Account of the labels (or the number of rows).
        expected: String,
    },
    /// A label that is no number, or an infinite feature.
    #[error("training set has {value} in `{column}`, row {row}, expected {expected}")]
    NonFinite {
        /// Feature name, or `y`.
        column: String,
        /// Row, from 0.
        row: usize,
        /// The value.
        value: f64,
        /// What was expected.
        expected: &'static str,
    },
    /// A slice without labels where a model was to be trained or judged.
    #[error("the slice as of {as_of} has no labels")]
    Unlabelled {
        /// Its origin.
        as_of: String,
    },
    /// Too few rows or outcomes for a rung.
    #[error("{rung} for {target} has {found} {what}, at least {needed} are needed")]
    TooFew {
        /// The rung.
        rung: String,
        /// The target.
        target: Target,
        /// What is missing.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many it takes.
        needed: usize,
    },
    /// A rung that does not serve a target.
    #[error("{rung} cannot predict {target}")]
    NotApplicable {
        /// The rung.
        rung: String,
        /// The target.
        target: Target,
    },
    /// A learner gave up.
    #[error("{rung} for {target} could not be fitted: {reason}")]
    Learner {
        /// The rung.
        rung: String,
        /// The target.
        target: Target,
        /// What the learner says.
        reason: String,
    },
    /// A model of another feature schema.
    #[error("the model was fitted on feature schema {model}, the frame has {frame}")]
    Schema {
        /// Hash in the model.
        model: String,
        /// Hash of this binary's catalogue.
        frame: String,
    },
    /// A model of another horizon.
    #[error("the model looks {model} months ahead, the slice {slice}")]
    Horizon {
        /// Horizon of the model.
        model: i32,
        /// Horizon of the slice.
        slice: i32,
    },
    /// A feature that does not exist.
    #[error(transparent)]
    Feature(#[from] FeatureError),
    /// A value a domain type refused.
    #[error(transparent)]
    Domain(#[from] DomainError),
}

impl TrainError {
    /// The remedy, where there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Read { .. } | Self::Syntax { .. } => {
                Some("delete the file to use the ladder that is compiled in, or see models/README.md".into())
            }
            Self::Unknown { what: "feature", .. } => Some("docs/features.md lists all features".into()),
            Self::Unknown { .. } | Self::Setting { .. } => Some("see models/README.md".into()),
            Self::Schema { .. } | Self::Horizon { .. } => Some("train again: `headroom train`".into()),
            Self::TooFew { .. } => Some("more months of history or more accounts are needed for this rung".into()),
            _ => None,
        }
    }

    /// Whether the rung is at fault (it is then reported and skipped), not the input.
    pub const fn is_of_the_rung(&self) -> bool {
        matches!(self, Self::TooFew { .. } | Self::Learner { .. } | Self::NotApplicable { .. })
    }

    pub(crate) fn unknown<'a>(
        place: impl Into<String>,
        what: &'static str,
        name: &str,
        known: impl Iterator<Item = &'a str>,
    ) -> Self {
        let nearest = known
            .map(|k| (strsim::jaro_winkler(k, name), k))
            .filter(|(similarity, _)| *similarity > 0.7)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, k)| k.to_owned());
        Self::Unknown { place: place.into(), what, name: name.into(), nearest }
    }
}
