//! A learner of one's own on the origins of a plan: fitted where the ladder's rungs are, measured where they are compared.
//!
//! It sees what a rung sees (encoded features, one outcome a row, no customer, no date) and never the locked origin.
//! `examples/custom_learner.rs` is one in a few lines; what earns its place becomes a rung.

use ndarray::Array2;

use super::{
    BacktestError, Setting,
    assess::fit_best_baseline,
    bootstrap::Bootstrap,
    contest::{Pool, Test, training_rows},
    losses::{deciding_metric, outcome},
    metrics::{mean, skill},
    planned,
    report::Estimate,
};
use crate::{
    domain::{Month, Target},
    features::Slice,
    train::{Encoder, FeatureList, MAX_ROWS, Panel, TrainError, TrainingSet},
};

/// Replicates behind a skill.
const REPLICATES: usize = 400;

/// An algorithm: arrays in, arrays out.
pub trait Learner {
    /// What it has learned.
    type Model;

    /// Learns from `x` of shape `(n, p)`, centred and scaled, and `y` of length `n`: currency, or 0 and 1.
    ///
    /// # Errors
    /// Why nothing could be learned, in a few words.
    fn fit(&self, set: &TrainingSet) -> Result<Self::Model, String>;

    /// One figure per row of `x`: currency, or a probability.
    fn predict(&self, model: &Self::Model, x: &Array2<f64>) -> Vec<f64>;
}

/// How a learner did.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// The loss, as in `backtest.parquet`.
    pub metric: String,
    /// The best baseline on the training origins.
    pub baseline: String,
    /// The origins that measured it.
    pub origins: Vec<Month>,
    /// Rows it learned from.
    pub rows: usize,
    /// Skill over the baseline on the selection origins, with its 90 % interval by account.
    pub skill: Estimate,
}

/// Fits `learner` on the training origins of the setting's plan and measures it on the selection origins; `panel` holds
/// a labelled slice for each.
///
/// # Errors
/// If the plan has no selection origin, a slice is missing, a feature does not exist, or the learner gives up.
pub fn trial<L: Learner>(
    learner: &L,
    target: Target,
    features: &FeatureList,
    panel: &[Slice],
    setting: &Setting<'_>,
) -> Result<Trial, BacktestError> {
    let plan = setting.plan;
    plan.check()?;
    let Some(&first) = plan.choose.first() else { return Err(BacktestError::MissingSlice { origin: plan.as_of }) };
    let slices = planned(panel, plan)?;
    let pick = |origins: &[Month]| origins.iter().filter_map(|o| slices.get(o).copied()).collect::<Vec<&Slice>>();
    let train = Panel::sampled(&pick(&plan.train), setting.abc, MAX_ROWS, setting.seed.derive("sample of accounts"))?;
    let rows = training_rows(target, &train.rows())?;
    let encoder = Encoder::learn(features, &rows)?;
    let account = rows.account();
    let set = TrainingSet::new(
        &encoder.names(),
        encoder.transform(&rows)?.into_owned(),
        &account,
        outcome(target, &rows)?,
        &account,
    )?;
    let gave_up = |reason| TrainError::Learner { rung: "own learner".into(), target, reason };
    let model = learner.fit(&set).map_err(gave_up)?;
    let (baseline, carried) = fit_best_baseline(target, plan.horizon, &rows)?;

    let tested = Panel::new(&pick(&plan.choose), setting.abc)?;
    let tests: Vec<Test<'_>> =
        plan.choose.iter().enumerate().map(|(k, &origin)| Test { origin, rows: tested.origin_rows(k) }).collect();
    let pool = Pool::new(target, &tests)?;
    let (mut own, mut base) = (Vec::new(), Vec::new());
    for test in &tests {
        let predicted = learner.predict(&model, &encoder.transform(&test.rows)?.into_owned());
        if predicted.len() != test.rows.len() || predicted.iter().any(|value| !value.is_finite()) {
            let reason =
                format!("it gave {} figures for {} rows, or one that is none", predicted.len(), test.rows.len());
            return Err(gave_up(reason).into());
        }
        own.push(predicted);
        base.push(carried.predict_rows(&test.rows)?);
    }
    let (own, base) = (pool.losses(target, &own), pool.losses(target, &base));
    let bootstrap =
        Bootstrap::new(pool.accounts(), REPLICATES, setting.seed.derive(&format!("trial/{target}/{first}")));
    Ok(Trial {
        metric: deciding_metric(target).into(),
        baseline,
        origins: plan.choose.clone(),
        rows: rows.len(),
        skill: bootstrap.estimate(&pool.account, |weight| skill(mean(&own, weight), mean(&base, weight))),
    })
}
