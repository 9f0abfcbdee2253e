//! What can go wrong in a backtest.

use crate::{
    domain::{Horizon, Month, Target},
    features::FeatureError,
    train::TrainError,
};

/// An error of the backtest stage.
#[derive(Debug, thiserror::Error)]
pub enum BacktestError {
    /// A plan that would let a model see its own future.
    #[error("origin {earlier} looks {horizon} ahead, beyond {later}, the first origin of the next stage")]
    Leak {
        /// The origin whose labels close too late.
        earlier: Month,
        /// How far it looks.
        horizon: Horizon,
        /// The origin that must not be passed.
        later: Month,
    },
    /// An origin of the plan without a slice.
    #[error("the plan needs a labelled slice as of {origin}, the panel has none")]
    MissingSlice {
        /// The origin.
        origin: Month,
    },
    /// A slice of another horizon than the plan's.
    #[error("the slice as of {origin} looks {found} ahead, the plan {expected}")]
    HorizonMismatch {
        /// The origin.
        origin: Month,
        /// Its horizon.
        found: Horizon,
        /// The plan's.
        expected: Horizon,
    },
    /// A target without any baseline.
    #[error("no baseline could be computed for {target}")]
    NoBaseline {
        /// The target.
        target: Target,
    },
    /// An ablation of a family of features that does not exist.
    #[error("there is no family of features `{name}`")]
    UnknownFamily {
        /// As typed.
        name: String,
    },
    /// An ablation of a target without a rung that takes any list of features.
    #[error("the ladder has no linear rung with features for {target}")]
    NoLinearRung {
        /// The target.
        target: Target,
    },
    /// An ablation without a later origin.
    #[error(
        "the history up to {as_of} and a horizon of {horizon} leave no later origin to judge families of features on"
    )]
    NothingToJudge {
        /// The month the run speaks of.
        as_of: Month,
        /// How far it looks.
        horizon: Horizon,
    },
    /// First purchases could not be learned.
    #[error("first purchases of product groups could not be learned: {reason}")]
    Whitespace {
        /// What the learner says.
        reason: String,
    },
    /// An error of training.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// An error of the frames.
    #[error(transparent)]
    Feature(#[from] FeatureError),
    /// An error while a result table was put together.
    #[error("the backtest's tables could not be built: {0}")]
    Polars(#[from] polars::prelude::PolarsError),
}

impl BacktestError {
    /// The remedy, where there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Train(error) => error.hint(),
            Self::MissingSlice { .. } => Some("compute a slice for every origin of `OriginPlan::origins`".into()),
            Self::UnknownFamily { name } => {
                let similarity = |family: &&str| strsim::jaro_winkler(family, name);
                let known = super::families();
                let nearest = known.iter().copied().filter(|family| similarity(family) > 0.7);
                let nearest = nearest.max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
                let guess = nearest.map(|family| format!("did you mean `{family}`? ")).unwrap_or_default();
                Some(format!("{guess}known: {}", known.join(", ")))
            }
            Self::NoLinearRung { .. } => Some("add one of step 3 to `models/ladder.toml`".into()),
            Self::NothingToJudge { .. } => Some("try a shorter horizon: --horizon 3".into()),
            _ => None,
        }
    }
}
