//! One target's contest: every rung fitted on the training origins, the baseline chosen there, the others compared
//! with it on the selection origins.

use rayon::prelude::*;

use super::{
    BacktestError, Hold, Holds,
    bootstrap::{Bootstrap, interval},
    choose::{Choice, Entry, choose},
    intervals::choose_form,
    losses::{counted, losses, ordering, outcome},
    metrics::{Order, skill},
    report::{Estimate, RungResult},
};
use crate::{
    domain::{Horizon, Month, Notice, Seed, Target},
    train::{Candidate, FittedModel, Interval, IntervalForm, Ladder, Rows, Task, TrainError, fit_rows},
};

/// Under so many accounts nothing above the linear rungs is tried.
const FEW_ACCOUNTS: usize = 200;
const LINEAR_STEP: u8 = 3;
/// Replicates behind a skill on the selection origins.
const REPLICATES: usize = 400;
/// From so many accounts on, chance is small and fewer replicates find its size.
const MANY_ACCOUNTS: usize = 20_000;
const FEWER_REPLICATES: usize = 100;

pub(super) const fn replicates(accounts: usize) -> usize {
    if accounts > MANY_ACCOUNTS { FEWER_REPLICATES } else { REPLICATES }
}

/// The rows of one test origin.
#[derive(Debug, Clone)]
pub(super) struct Test<'p> {
    pub origin: Month,
    pub rows: Rows<'p>,
}

/// A rung that was tried.
#[derive(Debug)]
pub(super) struct Contestant {
    pub candidate: Candidate,
    /// Predictions per selection origin, all rows; or why there are none.
    pub predictions: Result<Vec<Vec<f64>>, String>,
}

/// What a contest found.
#[derive(Debug)]
pub(super) struct Contest {
    pub target: Target,
    /// *The* baseline: the best on the training origins.
    pub baseline: Candidate,
    /// What is published.
    pub published: Candidate,
    /// The baseline that the published rung is relative to: *the* baseline, but for a recipe that is held.
    pub anchor: Candidate,
    /// Whether somebody insists on what is published, so that no evidence withdraws it.
    pub forced: bool,
    /// All that were tried, the baseline first.
    pub contestants: Vec<Contestant>,
    pub results: Vec<RungResult>,
    /// How the prediction interval is made, and its bounds per selection origin (expected revenue only).
    pub interval: Option<(IntervalForm, Option<Vec<Interval>>)>,
}

impl Contest {
    /// Publishes the baseline after all, since the published rung could not be fitted again.
    pub(super) fn withdraw(&mut self, reason: &str) -> Notice {
        for result in &mut self.results {
            if result.rung == self.published.name {
                result.outcome = format!("withdrawn: {reason}");
            } else if result.rung == self.baseline.name {
                result.outcome = "published: what was better here did not last".into();
            }
        }
        let text = format!(
            "{} is withdrawn for {} and {} published: {reason}",
            self.published.name, self.target, self.baseline.name
        );
        self.published = self.baseline.clone();
        self.anchor = self.baseline.clone();
        Notice::warning("rung-withdrawn", text)
    }

    /// The rungs that could not be fitted, each with its reason.
    pub(super) fn skipped(&self) -> impl Iterator<Item = Notice> {
        let reasons = self.contestants.iter().filter_map(|c| c.predictions.as_ref().err());
        reasons.map(|reason| Notice::info("rung-skipped", reason.as_str()))
    }

    pub(super) fn predictions_of(&self, name: &str) -> Option<&[Vec<f64>]> {
        let contestant = self.contestants.iter().find(|c| c.candidate.name == name)?;
        contestant.predictions.as_deref().ok()
    }
}

/// What a contest is held on.
pub(super) struct Ring<'a> {
    pub ladder: &'a Ladder,
    pub horizon: Horizon,
    pub train: &'a Rows<'a>,
    pub calibrate: Option<&'a Rows<'a>>,
    /// The selection origins.
    pub tests: &'a [Test<'a>],
    /// What stays in use whatever the ladder would choose.
    pub hold: &'a Holds,
    pub seed: Seed,
}

/// The rows a target trains on: those that count, or all if none does.
pub(super) fn training_rows<'p>(target: Target, rows: &Rows<'p>) -> Result<Rows<'p>, TrainError> {
    let counted = counted(target, rows)?;
    Ok(if counted.is_empty() { rows.clone() } else { rows.select(&counted) })
}

pub(super) fn contest(target: Target, ring: &Ring<'_>) -> Result<Contest, BacktestError> {
    let train = training_rows(target, ring.train)?;
    let (baselines, mut rungs): (Vec<Candidate>, Vec<Candidate>) =
        ring.ladder.candidates(target).into_iter().partition(|candidate| candidate.step == 0);
    let hold = ring.hold.get(&target);
    let fit = |candidate: &Candidate, anchor: &Candidate| {
        let anchor = hold.filter(|hold| hold.recipe.holds(candidate)).map_or(anchor, |hold| &hold.recipe.anchor);
        let task = Task { candidate, target, horizon: ring.horizon, anchor, calibrate: ring.calibrate };
        fit_rows(&task, &train)
    };
    let actual = outcome(target, &train)?;
    let fitted: Vec<Result<(Candidate, FittedModel, f64), TrainError>> = baselines
        .into_par_iter()
        .map(|candidate| {
            let model = fit(&candidate, &candidate)?;
            let losses = losses(target, &model.predict_rows(&train)?, &actual);
            let loss = losses.iter().sum::<f64>();
            Ok((candidate, model, loss))
        })
        .collect();
    let fitted = with_rows(fitted)?;
    let best = (0..fitted.len())
        .min_by(|&i, &j| fitted[i].2.total_cmp(&fitted[j].2))
        .ok_or(BacktestError::NoBaseline { target })?;
    let (baseline, baseline_model) = (fitted[best].0.clone(), fitted[best].1.clone());

    if train.panel().accounts() < FEW_ACCOUNTS {
        rungs.retain(|candidate| candidate.step <= LINEAR_STEP);
    }
    if let Some(Hold { recipe, .. }) = hold
        && recipe.candidate.step > 0
    {
        let members = recipe.candidate.members.iter().filter(|member| !member.is_best_baseline());
        for held in members.chain([&recipe.candidate]) {
            rungs.retain(|candidate| candidate.name != held.name);
            rungs.push(held.clone());
        }
    }
    let predict = |model: Result<FittedModel, TrainError>| match model {
        Ok(model) => ring.tests.iter().map(|test| model.predict_rows(&test.rows)).collect::<Result<_, _>>().map(Ok),
        Err(error) if error.is_of_the_rung() => Ok(Err(error.to_string())),
        Err(error) => Err(error),
    };
    let mut contestants: Vec<Contestant> = fitted
        .into_iter()
        .map(|(candidate, model, _)| Ok(Contestant { candidate, predictions: predict(Ok(model))? }))
        .collect::<Result<_, TrainError>>()?;
    contestants.swap(0, best);
    let others = if ring.tests.is_empty() { Vec::new() } else { climb(rungs, &baseline, &baseline_model, fit)? };
    for (candidate, model) in others {
        contestants.push(Contestant { candidate, predictions: predict(model)? });
    }
    let (mut published, mut results) = compare(target, ring, &contestants)?;
    let mut anchor = baseline.clone();
    let able = |name: &str| contestants.iter().find(|c| c.candidate.name == name && c.predictions.is_ok());
    if let Some(Hold { recipe, .. }) = hold
        && let Some(held) = able(&recipe.candidate.name)
    {
        for result in &mut results {
            if result.rung == recipe.candidate.name {
                result.outcome = "in use, and not to be replaced yet".into();
            } else if result.rung == published.name {
                result.outcome = "chosen by the ladder, but not allowed to replace what is in use".into();
            }
        }
        (published, anchor) = (held.candidate.clone(), recipe.anchor.clone());
    }
    let interval = match target {
        Target::ExpectedRevenue => Some(choose_form(ring, &baseline)?),
        _ => None,
    };
    let forced = hold.is_some_and(|hold| hold.forced);
    Ok(Contest { target, baseline, published, anchor, forced, contestants, results, interval })
}

/// The baselines that could be fitted; if none could, the reason of the first.
fn with_rows<T>(fitted: Vec<Result<T, TrainError>>) -> Result<Vec<T>, TrainError> {
    let (mut kept, mut refused) = (Vec::with_capacity(fitted.len()), None);
    for baseline in fitted {
        match baseline {
            Ok(baseline) => kept.push(baseline),
            Err(error) if error.is_of_the_rung() => refused = refused.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    match refused {
        Some(error) if kept.is_empty() => Err(error),
        _ => Ok(kept),
    }
}

/// Recipes, as their fits have left them, with what was fitted or why nothing was.
type Climbed = Vec<(Candidate, Result<FittedModel, TrainError>)>;

/// Fits the rungs, then puts averages together from what was fitted.
fn climb(
    rungs: Vec<Candidate>,
    baseline: &Candidate,
    baseline_model: &FittedModel,
    fit: impl Fn(&Candidate, &Candidate) -> Result<FittedModel, TrainError> + Sync,
) -> Result<Climbed, TrainError> {
    let (averages, plain): (Vec<Candidate>, Vec<Candidate>) = rungs.into_iter().partition(Candidate::is_average);
    let mut climbed: Climbed = plain
        .into_par_iter()
        .map(|candidate| match fit(&candidate, baseline) {
            Ok(model) => Ok((model.recipe(&candidate), Ok(model))),
            Err(error) if error.is_of_the_rung() => Ok((candidate, Err(error))),
            Err(error) => Err(error),
        })
        .collect::<Result<_, _>>()?;
    let plain = climbed.len();
    for average in averages {
        let mut members = Vec::with_capacity(average.members.len());
        let mut models = Vec::with_capacity(average.members.len());
        let mut missing = None;
        for member in &average.members {
            if member.is_best_baseline() {
                members.push(member.clone());
                models.push(baseline_model);
                continue;
            }
            match climbed[..plain].iter().find(|(candidate, _)| candidate.name == member.name) {
                Some((candidate, Ok(model))) => {
                    members.push(candidate.clone());
                    models.push(model);
                }
                _ => missing = Some(member.name.clone()),
            }
        }
        let average = Candidate { members, ..average };
        let model = match missing {
            None => baseline_model.average_of(&average, &models),
            Some(name) => Err(TrainError::Learner {
                rung: average.name.clone(),
                target: baseline_model.target(),
                reason: format!("its member {name} could not be fitted"),
            }),
        };
        climbed.push((average, model));
    }
    Ok(climbed)
}

/// Losses on all selection origins, one row per account and origin that counts.
pub(super) struct Pool {
    pub account: Vec<u32>,
    actual: Vec<Vec<f64>>,
    rows: Vec<Vec<usize>>,
}

impl Pool {
    pub(super) fn new(target: Target, tests: &[Test<'_>]) -> Result<Self, TrainError> {
        let mut pool = Self { account: Vec::new(), actual: Vec::new(), rows: Vec::new() };
        for test in tests {
            let rows = counted(target, &test.rows)?;
            let selected = test.rows.select(&rows);
            pool.account.extend(selected.account());
            pool.actual.push(outcome(target, &selected)?);
            pool.rows.push(rows);
        }
        Ok(pool)
    }

    /// Number of distinct accounts, or one more than the largest.
    pub(super) fn accounts(&self) -> usize {
        self.account.iter().max().map_or(0, |&last| last as usize + 1)
    }

    /// Outcomes by origin.
    pub(super) fn actual(&self) -> &[Vec<f64>] {
        &self.actual
    }

    fn counted<'a>(&'a self, predictions: &'a [Vec<f64>]) -> impl Iterator<Item = Vec<f64>> + 'a {
        self.rows.iter().zip(predictions).map(|(rows, all)| rows.iter().map(|&row| all[row]).collect())
    }

    pub(super) fn losses(&self, target: Target, predictions: &[Vec<f64>]) -> Vec<f64> {
        self.counted(predictions).zip(&self.actual).flat_map(|(p, y)| losses(target, &p, y)).collect()
    }
}

fn compare(
    target: Target,
    ring: &Ring<'_>,
    contestants: &[Contestant],
) -> Result<(Candidate, Vec<RungResult>), TrainError> {
    let pool = Pool::new(target, ring.tests)?;
    let baseline = contestants[0].candidate.clone();
    if pool.account.is_empty() {
        return Ok((baseline, Vec::new()));
    }
    let accounts = pool.accounts();
    let bootstrap = Bootstrap::new(accounts, replicates(accounts), ring.seed.derive(&format!("choose/{target}")));
    let losses: Vec<Option<Vec<f64>>> = (contestants.iter())
        .map(|contestant| contestant.predictions.as_ref().ok().map(|p| pool.losses(target, p)))
        .collect();
    let gains = gains(&pool, &losses, bootstrap);

    // rung 0 competes on the training origins only; here its best one stands for it
    let in_play: Vec<usize> = (0..contestants.len())
        .filter(|&i| losses[i].is_some() && (i == 0 || contestants[i].candidate.step > 0))
        .collect();
    let money = matches!(target, Target::ExpectedRevenue | Target::ExpectedMargin);
    let orders: Vec<Option<Estimate>> =
        if money { order_gains(target, &pool, contestants, &in_play, bootstrap) } else { vec![None; in_play.len()] };
    let entries: Vec<Entry<'_>> = in_play
        .iter()
        .zip(&orders)
        .map(|(&i, order)| Entry { losses: losses[i].as_deref().unwrap_or_default(), order: *order })
        .collect();
    let Choice { chosen, outcomes } = choose(&entries, &pool.account);
    let published = contestants[in_play[chosen]].candidate.clone();

    let results = contestants
        .iter()
        .enumerate()
        .filter_map(|(i, contestant)| {
            let loss = losses[i].as_ref()?;
            let gain = gains[i];
            let outcome = match in_play.iter().position(|&at| at == i) {
                Some(at) => outcomes[at].clone(),
                None => "another baseline was better on the training origins".into(),
            };
            let candidate = &contestant.candidate;
            let mean = loss.iter().sum::<f64>() / loss.len() as f64;
            Some(RungResult { rung: candidate.name.clone(), step: candidate.step, loss: mean, skill: gain, outcome })
        })
        .collect();
    Ok((published, results))
}

/// Skill of each contestant over the first, on the same draws. A skill is a ratio of sums, so that sums by account are
/// all a replicate needs; contestants without losses have none.
pub(super) fn gains(pool: &Pool, losses: &[Option<Vec<f64>>], bootstrap: Bootstrap) -> Vec<Estimate> {
    let accounts = pool.accounts();
    let by_account = |losses: &Option<Vec<f64>>| {
        let mut sums = vec![0.0; accounts];
        for (account, loss) in pool.account.iter().zip(losses.iter().flatten()) {
            sums[*account as usize] += loss;
        }
        sums
    };
    let sums: Vec<Vec<f64>> = losses.iter().map(by_account).collect();
    let skills = |times: &[f64]| -> Vec<f64> {
        let total = |sums: &[f64]| sums.iter().zip(times).map(|(sum, times)| sum * times).sum::<f64>();
        let base = total(&sums[0]);
        sums.iter().map(|sums| skill(total(sums), base)).collect()
    };
    let values = skills(&vec![1.0; accounts]);
    let draws = bootstrap.draw_accounts(skills);
    let mut gains: Vec<Estimate> = values
        .into_iter()
        .enumerate()
        .map(|(i, value)| interval(value, draws.iter().map(|draw| draw[i]).collect()))
        .collect();
    gains[0] = Estimate { value: 0.0, low: 0.0, high: 0.0 };
    gains
}

/// Spearman of the contestants in play minus that of the first, the mean over the selection origins, on the same draws.
/// Of very many accounts a fixed share is ordered: paired differences are known to a thousandth from these.
fn order_gains(
    target: Target,
    pool: &Pool,
    contestants: &[Contestant],
    in_play: &[usize],
    bootstrap: Bootstrap,
) -> Vec<Option<Estimate>> {
    let accounts = pool.accounts();
    let every = accounts.div_ceil(MANY_ACCOUNTS) as u32;
    let mut origins = Vec::with_capacity(pool.actual.len());
    let mut start = 0;
    for (k, actual) in pool.actual.iter().enumerate() {
        let account = &pool.account[start..start + actual.len()];
        start += actual.len();
        let kept: Vec<usize> = (0..actual.len()).filter(|&row| account[row].is_multiple_of(every)).collect();
        let orders: Vec<Order> = in_play
            .iter()
            .map(|&i| {
                let all = &contestants[i].predictions.as_deref().unwrap_or_default()[k];
                Order::descending(&kept.iter().map(|&row| all[pool.rows[k][row]]).collect::<Vec<f64>>())
            })
            .collect();
        let outcome: Vec<f64> = kept.iter().map(|&row| actual[row]).collect();
        let account: Vec<u32> = kept.iter().map(|&row| account[row]).collect();
        origins.push((account, Order::descending(&outcome), outcome, orders));
    }
    let gains = |times: &[f64]| -> Vec<f64> {
        let mut gains = vec![0.0; in_play.len()];
        for (account, actual, outcome, orders) in &origins {
            let weight: Vec<f64> = account.iter().map(|&account| times[account as usize]).collect();
            let found: Vec<f64> =
                orders.iter().map(|order| ordering(target, order, actual, outcome, &weight)).collect();
            for (gain, value) in gains.iter_mut().zip(&found) {
                *gain += (value - found[0]) / origins.len() as f64;
            }
        }
        gains
    };
    let values = gains(&vec![1.0; accounts]);
    let draws = bootstrap.draw_accounts(gains);
    let estimate = |at: usize| interval(values[at], draws.iter().map(|draw| draw[at]).collect());
    (0..in_play.len()).map(|at| (at > 0).then(|| estimate(at))).collect()
}
