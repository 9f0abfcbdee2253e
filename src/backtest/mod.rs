//! Rolling origins: what would each rung have said in the past, and what came of it?
//!
//! Nested stages of origins (train, calibrate, choose, locked) keep what is chosen apart from what judges it. The
//! result is data: a report with its evidence, and the frozen recipes refit on everything known. It stores nothing and
//! knows nothing of files.

mod ablation;
mod assess;
mod bootstrap;
mod choose;
mod contest;
mod curve;
mod duel;
mod error;
mod intervals;
mod levels;
mod losses;
pub mod metrics;
mod origins;
mod refit;
mod report;
mod stages;
mod summary;
mod tables;
mod track;
mod trained;
mod trial;
mod verdicts;
mod whitespace;

use std::collections::BTreeMap;

pub use ablation::{Ablation, FamilyGain, Gain, ablate, families};
pub use assess::{Assessment, Measure, assess, best_baseline};
pub use curve::{CurvePoint, LearningCurve, learning_curve};
pub use duel::{Duel, DuelPlan, Round, duel};
pub use error::BacktestError;
pub use levels::{LevelInputs, level_revenue};
pub use origins::recommend_horizon;
pub use report::{
    BacktestReport, CalibrationBin, Coverage, Estimate, LevelChoice, LevelResult, OriginPlan, PortfolioTotal, Realised,
    RungResult, TargetReport, Verdict, Verdicts,
};
pub use trained::Trained;
pub use trial::{Learner, Trial, trial};
pub use whitespace::{
    Breadth, FirstPurchase, Foretold, Origin, PEERS, Whitespace, WhitespaceMetric, WhitespaceReport, nearest_accounts,
    whitespace,
};

use crate::{
    domain::{AbcThresholds, Month, Seed, Target},
    features::Slice,
    train::{Ladder, Recipe},
};

/// What a backtest is asked to do.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// Which origins serve for what: `OriginPlan::new(first month with data, as-of month, horizon)`.
    pub plan: &'a OriginPlan,
    /// Which rungs climb.
    pub ladder: &'a Ladder,
    /// Limits of the ABC classes.
    pub abc: AbcThresholds,
    /// The seed of the run.
    pub seed: Seed,
    /// How often the locked origin has been looked at, this run included.
    pub looks: u32,
    /// What our own people say of accounts' potential, 0 to 10, by account id. No model sees it: where at least 50 accounts
    /// have such a score and too few have stated our share, it chooses the level that headroom is measured against.
    pub staff: Option<&'a BTreeMap<String, f64>>,
}

/// What a backtest found.
#[derive(Debug, Clone)]
pub struct Backtest {
    /// The evidence.
    pub report: BacktestReport,
    /// One per target for which anything can be said, in the order of [`Target::ALL`](crate::domain::Target::ALL).
    /// Without a complete origin these are baselines for expected revenue and margin only.
    pub champions: Vec<Trained>,
    /// First purchases of product groups; `None` until [`whitespace`](whitespace()) was asked, or where there are none.
    pub whitespace: Option<Whitespace>,
}

/// A recipe that stays in use whatever the ladder would choose.
#[derive(Debug, Clone, PartialEq)]
pub struct Hold {
    /// The recipe.
    pub recipe: Recipe,
    /// Whether somebody insists on it: then not even a clear loss on the locked origin withdraws it.
    pub forced: bool,
}

/// What stays in use, per target.
pub type Holds = BTreeMap<Target, Hold>;

/// Runs the ladder for every target on `panel`, which must hold a labelled slice for each of
/// [`OriginPlan::origins`]; further slices are ignored.
///
/// # Errors
/// If the plan leaks, a slice is missing or unlabelled, or a baseline cannot be computed. A rung that cannot be fitted
/// is no error: the report says so.
pub fn run(panel: &[Slice], setting: &Setting<'_>) -> Result<Backtest, BacktestError> {
    run_holding(panel, setting, &Target::ALL, &Holds::new())
}

/// The same for some targets, expected revenue first, and where some recipes are in use and may not be replaced: they
/// climb beside the ladder's rungs, and are what is published and judged, unless they can no longer be fitted or clearly
/// lose to the baseline.
///
/// # Errors
/// As [`run`].
pub fn run_holding(
    panel: &[Slice],
    setting: &Setting<'_>,
    targets: &[Target],
    hold: &Holds,
) -> Result<Backtest, BacktestError> {
    setting.plan.check()?;
    let slices = planned(panel, setting.plan)?;
    if setting.plan.train.is_empty() || a_stage_has_nobody(&slices, setting.plan) {
        let champions = refit::untrained(setting)?;
        return Ok(Backtest { report: BacktestReport::untrained(setting)?, champions, whitespace: None });
    }
    stages::run(&slices, setting, targets, hold)
}

/// Whether nobody was a customer at any origin of a stage: then nothing can be learned, or nothing be judged.
fn a_stage_has_nobody(slices: &BTreeMap<Month, &Slice>, plan: &OriginPlan) -> bool {
    let locked: Vec<Month> = plan.locked.into_iter().collect();
    let nobody = |origins: &[Month]| {
        let mut slices = origins.iter().filter_map(|origin| slices.get(origin)).peekable();
        slices.peek().is_some() && slices.all(|slice| slice.height() == 0)
    };
    [&plan.train[..], &plan.choose, &locked].into_iter().any(nobody)
}

/// The slices of the plan's origins.
fn planned<'a>(panel: &'a [Slice], plan: &OriginPlan) -> Result<BTreeMap<Month, &'a Slice>, BacktestError> {
    let mut slices = BTreeMap::new();
    for origin in plan.origins() {
        let slice = panel
            .iter()
            .find(|slice| slice.as_of().at() == origin && slice.labels().is_some())
            .ok_or(BacktestError::MissingSlice { origin })?;
        if slice.horizon() != plan.horizon {
            return Err(BacktestError::HorizonMismatch { origin, found: slice.horizon(), expected: plan.horizon });
        }
        slices.insert(origin, slice);
    }
    Ok(slices)
}
