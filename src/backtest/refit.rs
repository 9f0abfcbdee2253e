//! After judging: the frozen recipe of each target, refit on the newest slices whose labels are complete.
//!
//! Conformal offsets come from residuals out of fold by account, since no later origin is left to calibrate on. The
//! recipes that headroom is made from are refit on account-bootstrap samples of the newest slices too, the same samples for
//! both, from which its estimation interval follows; where stretch is not asked for, there is no headroom either.

use rayon::prelude::*;

use super::{
    BacktestError, Setting,
    contest::{Contest, training_rows},
    losses::outcome,
    origins::MOST_REPEATED,
    trained::Trained,
};
use crate::{
    domain::{Notice, Target},
    train::{Candidate, FittedModel, IntervalModel, Panel, Recipe, Task, TrainError, baselines, fit_rows},
};

/// Bootstrap refits behind the estimation interval of headroom.
const REFITS: usize = 20;

/// The champion of one contest, with its bootstrap refits if it is part `of_headroom`. Where the published rung cannot be
/// fitted on these rows, the baseline is published after all, with a notice.
pub(super) fn refit(
    contest: &mut Contest,
    panel: &Panel<'_>,
    setting: &Setting<'_>,
    of_headroom: bool,
) -> Result<(Trained, Vec<Notice>), BacktestError> {
    match champion(contest, panel, setting, of_headroom) {
        Err(BacktestError::Train(error)) if error.is_of_the_rung() && contest.published != contest.baseline => {
            let withdrawn = contest.withdraw(&error.to_string());
            let (champion, mut notices) = champion(contest, panel, setting, of_headroom)?;
            notices.push(withdrawn);
            Ok((champion, notices))
        }
        result => result,
    }
}

fn champion(
    contest: &Contest,
    panel: &Panel<'_>,
    setting: &Setting<'_>,
    of_headroom: bool,
) -> Result<(Trained, Vec<Notice>), BacktestError> {
    let mut notices = Vec::new();
    let (target, horizon) = (contest.target, setting.plan.horizon);
    let all = panel.rows();
    let rows = training_rows(target, &all)?;
    let task = Task { candidate: &contest.published, target, horizon, anchor: &contest.anchor, calibrate: None };
    let model = fit_rows(&task, &rows)?;
    let refits = if of_headroom {
        let newest = rows.newest(MOST_REPEATED);
        let refits = (0..REFITS)
            .into_par_iter()
            .map(|sample| {
                let seed = setting.seed.derive(&format!("headroom/{sample}"));
                model.refit(&task, &newest.resample_accounts(seed))
            })
            .collect::<Result<Vec<FittedModel>, TrainError>>();
        match refits {
            Ok(refits) => refits,
            Err(error) if error.is_of_the_rung() => {
                let text = format!("headroom has no interval, since a bootstrap sample could not be fitted: {error}");
                notices.push(Notice::warning("no-headroom-interval", text));
                Vec::new()
            }
            Err(error) => return Err(error.into()),
        }
    } else {
        Vec::new()
    };
    let interval = if let Some((form, _)) = &contest.interval {
        let task = Task { candidate: setting.ladder.interval(), anchor: &contest.baseline, ..task };
        match IntervalModel::fit(*form, &task, &rows) {
            Ok(model) => Some(model),
            Err(error) if error.is_of_the_rung() => {
                let text = format!("expected revenue has no prediction interval: {error}");
                notices.push(Notice::warning("no-prediction-interval", text));
                None
            }
            Err(error) => return Err(error.into()),
        }
    } else {
        None
    };
    let base_rate = if matches!(target, Target::Growth | Target::Inactivity) {
        let outcome = outcome(target, &rows)?;
        Some(outcome.iter().sum::<f64>() / outcome.len().max(1) as f64)
    } else {
        None
    };
    let trained = Trained {
        target,
        as_of: setting.plan.as_of,
        horizon,
        rung: contest.published.name.clone(),
        step: contest.published.step,
        baseline: contest.baseline.name.clone(),
        recipe: Recipe::new(&contest.published, &contest.anchor),
        origins: panel.origins(),
        rows: rows.len(),
        accounts: panel.accounts(),
        base_rate,
        seed: setting.seed,
        model,
        interval,
        refits,
    };
    Ok((trained, notices))
}

/// What is carried forward as it is where there is not one complete origin: the last equal period, for money only,
/// since a probability or a quantile cannot be had without having seen an outcome.
pub(super) fn untrained(setting: &Setting<'_>) -> Result<Vec<Trained>, BacktestError> {
    let carried = [(Target::ExpectedRevenue, "last_horizon_revenue"), (Target::ExpectedMargin, "last_horizon_margin")];
    carried
        .into_iter()
        .map(|(target, name)| {
            let candidate: Candidate = baselines(target)
                .into_iter()
                .find(|candidate| candidate.name == name)
                .ok_or(BacktestError::NoBaseline { target })?;
            Ok(Trained {
                target,
                as_of: setting.plan.as_of,
                horizon: setting.plan.horizon,
                rung: name.into(),
                step: 0,
                baseline: name.into(),
                recipe: Recipe::new(&candidate, &candidate),
                origins: Vec::new(),
                rows: 0,
                accounts: 0,
                base_rate: None,
                seed: setting.seed,
                model: FittedModel::untrained(&candidate, target, setting.plan.horizon, setting.abc),
                interval: None,
                refits: Vec::new(),
            })
        })
        .collect()
}
