//! The rungs of the ladder, one file each, and the table that names them.
//!
//! A further rung is a file with a type that implements [`Rung`], its line in the table below, and its line in
//! `models/ladder.toml`.

mod average;
mod baseline;
mod bg_nbd;
mod boosting;
mod calibration;
mod elastic_net;
mod glm;
mod linear_quantile;
mod logistic;
mod peers;
mod rate;
mod ratio;
mod shrinkage;
mod trees;
mod tweedie_boosting;

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::{Contributions, Panel, Rows, TrainError, TrainingSet, encode::Design, fit::Task};
use crate::domain::Target;

pub(crate) use average::{Average, BASELINE};
pub(crate) use baseline::{Baseline, baselines};
pub(crate) use linear_quantile::LinearQuantile;
pub(crate) use peers::comparable_columns;
pub(crate) use ratio::{Anchor, GroupQuantiles};
pub(crate) use trees::TREES;

/// The targets of models that see the account's own history: all but peer level.
pub(crate) const OWN_HISTORY: &[Target] =
    &[Target::ExpectedRevenue, Target::ExpectedMargin, Target::Stretch, Target::Growth, Target::Inactivity];

/// A numeric setting of a rung, as `models/ladder.toml` may give it.
#[derive(Debug, Clone)]
pub(crate) struct Param {
    pub name: &'static str,
    pub default: f64,
    pub range: RangeInclusive<f64>,
    pub expected: &'static str,
}

/// What a rung must offer. Everything it needs at prediction time is in its own value.
pub(crate) trait Rung: Sized {
    /// The targets it can predict.
    const TARGETS: &'static [Target];
    /// Its step of the ladder unless the ladder says otherwise.
    const STEP: u8;
    /// Keys of its line in the ladder, beside `step` and `targets`.
    const KEYS: &'static [&'static str] = &[];

    /// Whether it is calibrated on later rows than it is fitted on.
    const CALIBRATED: bool = false;

    /// Its numeric settings.
    fn params() -> Vec<Param> {
        Vec::new()
    }

    /// Learns from labelled rows.
    fn fit(task: &Task<'_>, rows: &Rows<'_>) -> Result<Self, TrainError>;

    /// One figure per row: currency, or a probability.
    fn predict(&self, target: Target, rows: &Rows<'_>) -> Result<Vec<f64>, TrainError>;

    /// Why, where the rung can tell.
    fn contributions(&self, _rows: &Rows<'_>) -> Result<Option<Contributions>, TrainError> {
        Ok(None)
    }
}

macro_rules! table {
    ($($kind:ident $name:literal $model:ty),* $(,)?) => {
        /// Which rung.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum RungKind { $($kind),* }

        /// A fitted rung of any kind. Tagged from outside: serde reads integer keys of a map back only there.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum Fitted { $($kind($model)),* }

        impl RungKind {
            const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// Its name in `models/ladder.toml` and on cards.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name),* }
            }

            /// Whether it can predict `target`.
            pub(crate) fn serves(self, target: Target) -> bool {
                match self { $(Self::$kind => <$model>::TARGETS.contains(&target)),* }
            }

            pub(crate) const fn is_calibrated(self) -> bool {
                match self { $(Self::$kind => <$model>::CALIBRATED),* }
            }

            pub(crate) const fn step(self) -> u8 {
                match self { $(Self::$kind => <$model>::STEP),* }
            }

            pub(crate) const fn keys(self) -> &'static [&'static str] {
                match self { $(Self::$kind => <$model>::KEYS),* }
            }

            pub(crate) fn params(self) -> Vec<Param> {
                match self { $(Self::$kind => <$model>::params()),* }
            }
        }

        impl Fitted {
            pub(crate) fn fit(task: &Task<'_>, rows: &Rows<'_>) -> Result<Self, TrainError> {
                match task.candidate.kind { $(RungKind::$kind => <$model>::fit(task, rows).map(Self::$kind)),* }
            }

            pub(crate) fn predict(&self, target: Target, rows: &Rows<'_>) -> Result<Vec<f64>, TrainError> {
                match self { $(Self::$kind(model) => model.predict(target, rows)),* }
            }

            pub(crate) fn contributions(&self, rows: &Rows<'_>) -> Result<Option<Contributions>, TrainError> {
                match self { $(Self::$kind(model) => model.contributions(rows)),* }
            }
        }
    };
}

table! {
    Baseline "baseline" baseline::Baseline,
    Shrinkage "shrinkage" shrinkage::Shrinkage,
    BgNbd "bg_nbd" bg_nbd::BgNbdGammaGamma,
    ElasticNet "elastic_net" elastic_net::ElasticNet,
    Glm "glm" glm::Glm,
    Logistic "logistic" logistic::Logistic,
    LinearQuantile "linear_quantile" linear_quantile::LinearQuantile,
    Boosting "boosting" boosting::Boosting,
    TweedieBoosting "tweedie_boosting" tweedie_boosting::TweedieBoosting,
    Average "average" average::Average,
    PeerLinear "peer_linear" peers::Peers<peers::Linear>,
    PeerBoosting "peer_boosting" peers::Peers<peers::Boosted>,
}

impl Fitted {
    /// The same recipe on other rows, for a bootstrap: quantiles keep their calibration.
    pub(crate) fn refit(&self, task: &Task<'_>, rows: &Rows<'_>) -> Result<Self, TrainError> {
        match self {
            Self::LinearQuantile(model) => model.refit(task, rows).map(Self::LinearQuantile),
            Self::Boosting(model) => model.refit(task, rows).map(Self::Boosting),
            Self::PeerLinear(model) => model.refit(task, rows).map(Self::PeerLinear),
            Self::PeerBoosting(model) => model.refit(task, rows).map(Self::PeerBoosting),
            Self::Average(model) => model.refit(task, rows).map(Self::Average),
            _ => Self::fit(task, rows),
        }
    }

    /// What `models` make of the rows of `pool` alike, made once.
    pub(crate) fn share(models: &[&Self], pool: &Panel<'_>) -> Result<(), TrainError> {
        let mut trees = Vec::new();
        let mut peers = Vec::new();
        models.iter().for_each(|model| model.with_trees(&mut trees, &mut peers));
        trees::TreeModel::share(&trees, pool)?;
        peers::Peers::share(&peers, pool)
    }

    fn with_trees<'m>(
        &'m self,
        trees: &mut Vec<&'m trees::TreeModel>,
        peers: &mut Vec<&'m peers::Peers<peers::Boosted>>,
    ) {
        match self {
            Self::Boosting(model) => trees.push(model.tree_model()),
            Self::TweedieBoosting(model) => trees.push(model.tree_model()),
            Self::Average(model) => model.members().iter().for_each(|member| member.with_trees(trees, peers)),
            Self::PeerBoosting(model) => peers.push(model),
            _ => {}
        }
    }

    /// Number of trees, of rungs that choose it while they fit.
    pub(crate) fn trees(&self) -> Option<usize> {
        match self {
            Self::Boosting(model) => Some(model.tree_model().trees()),
            Self::TweedieBoosting(model) => Some(model.tree_model().trees()),
            _ => None,
        }
    }
}

impl RungKind {
    /// The rung a line of the ladder may name; baselines always climb and need no line.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| *kind != Self::Baseline && kind.name() == name)
    }

    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().filter(|kind| **kind != Self::Baseline).map(|kind| kind.name())
    }
}

/// The outcome column of a target.
pub(crate) const fn label(target: Target) -> &'static str {
    match target {
        Target::ExpectedRevenue | Target::Stretch | Target::PeerLevel => "revenue",
        Target::ExpectedMargin => "margin",
        Target::Growth => "grew",
        Target::Inactivity => "inactive",
    }
}

/// The rung-0 columns of a money target.
pub(crate) const fn baseline_columns(target: Target) -> [&'static str; 6] {
    match target {
        Target::ExpectedMargin => [
            "portfolio_mean_margin",
            "last_horizon_margin",
            "last_12_scaled_margin",
            "last_12_seasonal_margin",
            "same_months_last_year_margin",
            "mean_24_scaled_margin",
        ],
        _ => [
            "portfolio_mean_revenue",
            "last_horizon_revenue",
            "last_12_scaled_revenue",
            "last_12_seasonal_revenue",
            "same_months_last_year_revenue",
            "mean_24_scaled_revenue",
        ],
    }
}

fn too_few(task: &Task<'_>, what: &'static str, found: usize, needed: usize) -> TrainError {
    TrainError::TooFew { rung: task.candidate.name.clone(), target: task.target, what, found, needed }
}

fn gave_up(task: &Task<'_>, reason: impl std::fmt::Display) -> TrainError {
    TrainError::Learner { rung: task.candidate.name.clone(), target: task.target, reason: reason.to_string() }
}

/// Fewer accounts than this are no sample to learn coefficients from.
const FEWEST_ACCOUNTS: usize = 30;
/// Rows per coefficient below which a fit says more about the rows than about the accounts.
const ROWS_PER_COLUMN: usize = 3;

/// Refuses too few accounts or rows for `width` coefficients.
fn refuse_few(task: &Task<'_>, rows: &Rows<'_>, width: usize) -> Result<(), TrainError> {
    let mut accounts = rows.account();
    accounts.sort_unstable();
    accounts.dedup();
    if accounts.len() < FEWEST_ACCOUNTS {
        return Err(too_few(task, "accounts", accounts.len(), FEWEST_ACCOUNTS));
    }
    if width == 0 {
        return Err(too_few(task, "columns with any spread", 0, 1));
    }
    if rows.len() < ROWS_PER_COLUMN * width {
        return Err(too_few(task, "rows", rows.len(), ROWS_PER_COLUMN * width));
    }
    Ok(())
}

/// The rows' part of a panel's design, with their outcome.
fn set(design: &Design, rows: &Rows<'_>, y: Vec<f64>) -> Result<TrainingSet, TrainError> {
    let x = rows.of_pool(&design.x).into_owned();
    let account = rows.account();
    TrainingSet::new(&design.encoder.names(), x, &account, y, &account)
}
