//! One fit: a candidate of the ladder, a target, and the rows it may see.

use super::{
    Candidate, FittedModel, Panel, Rows, TrainError,
    encode::FeatureList,
    panel::MAX_ROWS,
    rungs::{Average, Baseline, Fitted, baseline_columns},
};
use crate::{
    domain::{AbcThresholds, Horizon, Seed, Target},
    features::{Slice, catalogue::schema_hash},
};

/// What a fit needs to know beside its rows.
#[derive(Debug, Clone)]
pub struct FitContext {
    /// *The* baseline of the target, to which ratio models are relative: a rung-0 candidate.
    pub anchor: Candidate,
    /// Limits of the ABC classes.
    pub abc: AbcThresholds,
    /// For the sample of accounts where there are too many rows.
    pub seed: Seed,
}

/// What a rung sees of its task.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task<'a> {
    pub candidate: &'a Candidate,
    pub target: Target,
    pub horizon: Horizon,
    pub anchor: &'a Candidate,
    /// Later rows on which quantiles are calibrated; out of fold by account without them.
    pub calibrate: Option<&'a Rows<'a>>,
}

impl Task<'_> {
    /// The candidate's features; baselines enter as log ratios to one of them. That one is fixed, not the anchor: the
    /// columns span the same space, and all revenue targets share one design.
    pub(crate) fn features(&self) -> FeatureList {
        let anchor = match self.target {
            Target::ExpectedMargin => "last_12_scaled_margin",
            _ => "base_revenue",
        };
        // the portfolio's mean is the same for all accounts
        let baselines = baseline_columns(self.target).into_iter().skip(1).map(String::from).collect();
        FeatureList { features: self.candidate.features.clone(), baselines, anchor: Some(anchor.into()) }
    }

    /// A numeric setting; the ladder has filled in defaults.
    pub(crate) fn param(&self, name: &str) -> f64 {
        self.candidate.params.get(name).copied().unwrap_or_default()
    }
}

/// Fits `candidate` for `target` on labelled slices of one horizon.
///
/// # Errors
/// If a slice has no labels, if there are too few rows or outcomes, or if the learner gives up.
pub fn fit(
    candidate: &Candidate,
    target: Target,
    slices: &[&Slice],
    context: &FitContext,
) -> Result<FittedModel, TrainError> {
    let panel = Panel::sampled(slices, context.abc, MAX_ROWS, context.seed)?;
    let horizon = slices.first().map(|slice| slice.horizon()).ok_or_else(|| TrainError::TooFew {
        rung: candidate.name.clone(),
        target,
        what: "slices",
        found: 0,
        needed: 1,
    })?;
    fit_rows(&Task { candidate, target, horizon, anchor: &context.anchor, calibrate: None }, &panel.rows())
}

pub(crate) fn fit_rows(task: &Task<'_>, rows: &Rows<'_>) -> Result<FittedModel, TrainError> {
    Ok(FittedModel::new(task, rows.panel().abc(), Fitted::fit(task, rows)?))
}

impl FittedModel {
    /// Wraps what a rung has learned with what its predictions must fit.
    pub(crate) fn new(task: &Task<'_>, abc: AbcThresholds, fitted: Fitted) -> Self {
        Self {
            rung: task.candidate.name.clone(),
            step: task.candidate.step,
            target: task.target,
            horizon: task.horizon,
            schema_hash: schema_hash(),
            abc,
            fitted,
        }
    }
}

impl FittedModel {
    /// The same recipe on other rows, for a bootstrap: quantile rungs keep their calibration.
    pub(crate) fn refit(&self, task: &Task<'_>, rows: &Rows<'_>) -> Result<Self, TrainError> {
        Ok(Self::new(task, self.abc, self.fitted.refit(task, rows)?))
    }

    /// The mean of models fitted on the same rows as this one, one per member of `candidate`.
    pub(crate) fn average_of(&self, candidate: &Candidate, members: &[&Self]) -> Result<Self, TrainError> {
        let task = Task { candidate, target: self.target, horizon: self.horizon, anchor: candidate, calibrate: None };
        let fitted = members.iter().map(|member| member.fitted.clone()).collect();
        Ok(Self::new(&task, self.abc, Fitted::Average(Average::of(fitted))))
    }

    /// The recipe as it came out of this fit: what was chosen on the way (a number of trees) is chosen no more.
    pub(crate) fn recipe(&self, candidate: &Candidate) -> Candidate {
        match self.fitted.trees() {
            Some(trees) => candidate.frozen_at(trees),
            None => candidate.clone(),
        }
    }

    /// A baseline carried forward as it is, where nothing could be learned.
    pub(crate) fn untrained(candidate: &Candidate, target: Target, horizon: Horizon, abc: AbcThresholds) -> Self {
        let task = Task { candidate, target, horizon, anchor: candidate, calibrate: None };
        Self::new(&task, abc, Fitted::Baseline(Baseline::raw(candidate.column.as_deref().unwrap_or_default())))
    }
}
