//! Rolling origins: what would each rung have said in the past, and what came of it?
//!
//! Nested stages of origins (train, calibrate, choose, locked) keep what is chosen apart from what judges it. The
//! result is data: a report with its evidence, and the frozen recipes refit on everything known. It stores nothing and
//! knows nothing of files.

mod error;
mod origins;
mod report;
mod trained;

pub use error::BacktestError;
pub use origins::recommend_horizon;
pub use report::{
    BacktestReport, CalibrationBin, Coverage, Estimate, OriginPlan, Realised, RungResult, TargetReport, Verdict,
    Verdicts,
};
pub use trained::{MIN_REFITS, Trained, headroom_interval};

use crate::{
    domain::{AbcThresholds, Seed},
    features::Slice,
    train::Ladder,
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
}

/// What a backtest found.
#[derive(Debug, Clone)]
pub struct Backtest {
    /// The evidence.
    pub report: BacktestReport,
    /// One per target for which anything can be said, in the order of [`Target::ALL`](crate::domain::Target::ALL).
    /// Without a complete origin these are baselines for expected revenue and margin only.
    pub champions: Vec<Trained>,
}

/// Runs the ladder for every target on `panel`, which must hold a labelled slice for each of
/// [`OriginPlan::origins`]; further slices are ignored.
///
/// # Errors
/// If the plan leaks, a slice is missing or unlabelled, or a baseline cannot be computed. A rung that cannot be fitted
/// is no error: the report says so.
pub fn run(_panel: &[Slice], setting: &Setting<'_>) -> Result<Backtest, BacktestError> {
    setting.plan.check()?;
    todo!("follows in the next merge of this branch")
}
