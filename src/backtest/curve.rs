//! Critical mass: the skill of the best rung against the number of accounts and the months of history it learned from.
//!
//! Each point is a company of that size: its accounts are drawn (the same in every month), and encodings, the baseline's
//! factors and the rung are learned from them alone. All points are judged on the same selection origins with all
//! accounts, so that only what was learned differs. The locked origin is not looked at.

use serde::{Deserialize, Serialize};

use super::{
    BacktestError, BacktestReport, Estimate, Setting,
    bootstrap::Bootstrap,
    contest::{Pool, Test, gains, replicates},
    losses::losses,
    planned,
};
use crate::{
    domain::{Month, Target},
    features::Slice,
    train::{Candidate, MAX_ROWS, Panel, Task, fit_rows},
};

/// Shares of the accounts, smallest first.
const SHARES: [f64; 5] = [1.0 / 16.0, 1.0 / 8.0, 0.25, 0.5, 1.0];
/// Fewer accounts than this are no company.
const FEWEST: usize = 30;
/// Further than this many times the present size nothing is foretold.
const FORESEEN: f64 = 10.0;
/// Months of history that a feature window of a year needs before the oldest origin.
const WINDOW: i32 = 12;

/// What was learned from so many accounts over so many months.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Accounts that the models learned from.
    pub accounts: usize,
    /// Months of history behind the newest training outcome.
    pub months: i32,
    /// Skill over the baseline on the selection origins, with its 90 % interval; `None` where the rung could not be
    /// fitted.
    pub skill: Option<Estimate>,
}

/// The curve of one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LearningCurve {
    /// The best rung above the baselines on the selection origins.
    pub rung: String,
    /// *The* baseline.
    pub baseline: String,
    /// By accounts first, then by months.
    pub points: Vec<CurvePoint>,
    /// Whether skill is certain at the present size.
    pub reached: bool,
    /// Reached or not, and at what size, in one sentence.
    pub verdict: String,
}

/// The learning curve of expected revenue; `None` where the history leaves no origin to compare on, or no rung could
/// be fitted.
///
/// # Errors
/// If a slice is missing or a baseline cannot be computed.
pub fn learning_curve(
    panel: &[Slice],
    setting: &Setting<'_>,
    report: &BacktestReport,
) -> Result<Option<LearningCurve>, BacktestError> {
    let target = Target::ExpectedRevenue;
    let Some(found) = report.targets.iter().find(|of| of.target == target) else { return Ok(None) };
    let best = found.rungs.iter().filter(|rung| rung.step > 0).min_by(|a, b| a.loss.total_cmp(&b.loss));
    let (candidates, plan) = (setting.ladder.candidates(target), setting.plan);
    let named = |name: &str| candidates.iter().find(|candidate| candidate.name == name);
    let (Some(best), Some(baseline)) = (best.and_then(|best| named(&best.rung)), named(&found.baseline)) else {
        return Ok(None);
    };
    let slices = planned(panel, plan)?;
    let of = |origins: &[Month]| -> Vec<&Slice> { origins.iter().filter_map(|at| slices.get(at).copied()).collect() };
    let test_panel = Panel::new(&of(&plan.choose), setting.abc)?;
    let tests: Vec<Test<'_>> =
        plan.choose.iter().enumerate().map(|(k, &origin)| Test { origin, rows: test_panel.origin_rows(k) }).collect();
    let learning = Learning { setting, target, best, baseline, tests: &tests };

    let before: Vec<Month> = plan.train.iter().chain(&plan.calibrate).copied().collect();
    let whole = of(&before);
    let rows = whole.iter().map(|slice| slice.height()).sum::<usize>().min(MAX_ROWS);
    let mut points = Vec::new();
    for share in SHARES {
        points.extend(learning.point(&whole, (share * rows as f64).ceil() as usize)?);
    }
    let mut newest = before.len() / 2;
    while newest > 0 {
        points.extend(learning.point(&whole[before.len() - newest..], rows)?);
        newest /= 2;
    }
    let (reached, verdict) = verdict(&points[..points.len().min(SHARES.len())]);
    let (rung, baseline) = (best.name.clone(), baseline.name.clone());
    Ok(Some(LearningCurve { rung, baseline, points, reached, verdict }))
}

struct Learning<'a> {
    setting: &'a Setting<'a>,
    target: Target,
    best: &'a Candidate,
    baseline: &'a Candidate,
    tests: &'a [Test<'a>],
}

impl Learning<'_> {
    /// What is learned from at most `rows` rows of `slices`; `None` of too few accounts.
    fn point(&self, slices: &[&Slice], rows: usize) -> Result<Option<CurvePoint>, BacktestError> {
        let Self { setting, target, best, baseline, tests } = *self;
        let panel = Panel::sampled(slices, setting.abc, rows, setting.seed.derive("learning curve"))?;
        let (accounts, origins) = (panel.accounts(), panel.origins());
        if accounts < FEWEST {
            return Ok(None);
        }
        let rows = panel.rows();
        let horizon = setting.plan.horizon;
        let span = |first: &Month, last: &Month| last.since(*first) + WINDOW + horizon.months();
        let months = origins.first().zip(origins.last()).map_or(0, |(first, last)| span(first, last));
        let task = |candidate| Task { candidate, target, horizon, anchor: baseline, calibrate: None };
        let base = fit_rows(&task(baseline), &rows)?;
        let model = match fit_rows(&task(best), &rows) {
            Ok(model) => model,
            Err(error) if error.is_of_the_rung() => return Ok(Some(CurvePoint { accounts, months, skill: None })),
            Err(error) => return Err(error.into()),
        };
        let pool = Pool::new(target, tests)?;
        let loss = |model: &crate::train::FittedModel| -> Result<Vec<f64>, BacktestError> {
            let mut all = Vec::new();
            for (test, actual) in tests.iter().zip(pool.actual()) {
                all.extend(losses(target, &model.predict_rows(&test.rows)?, actual));
            }
            Ok(all)
        };
        let bootstrap =
            Bootstrap::new(pool.accounts(), replicates(pool.accounts()), setting.seed.derive("learning curve/judged"));
        let gains = gains(&pool, &[Some(loss(&base)?), Some(loss(&model)?)], bootstrap);
        Ok(Some(CurvePoint { accounts, months, skill: gains.get(1).copied() }))
    }
}

/// From the points by accounts, ascending.
fn verdict(points: &[CurvePoint]) -> (bool, String) {
    let known: Vec<(f64, Estimate)> =
        points.iter().filter_map(|point| Some((point.accounts as f64, point.skill?))).collect();
    let Some(&(present, last)) = known.last() else {
        return (false, "not reached: too few accounts to learn anything from".into());
    };
    let certain = known.iter().rev().take_while(|(_, skill)| skill.low > 0.0).last();
    if let Some((accounts, _)) = certain {
        return (true, format!("reached: skill is certain from about {accounts:.0} accounts on"));
    }
    let not_yet = format!("not reached with {present:.0} accounts");
    // what more accounts bring falls off as their inverse: skill = limit - cost / n, by least squares
    let n = known.len() as f64;
    let mean = |of: &dyn Fn(&(f64, Estimate)) -> f64| known.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(&|p| 1.0 / p.0), mean(&|p| p.1.value));
    let spread = mean(&|p| (1.0 / p.0 - x).powi(2));
    let cost = if spread > 0.0 { -mean(&|p| (1.0 / p.0 - x) * (p.1.value - y)) / spread } else { 0.0 };
    // with more accounts the interval narrows too, by the root of their number
    let certain_at = |accounts: f64| {
        let skill = last.value + cost * (1.0 / present - 1.0 / accounts);
        skill - (last.value - last.low) * (present / accounts).sqrt() > 0.0
    };
    let foreseen =
        (10..=(10.0 * FORESEEN) as usize).map(|tenth| present * tenth as f64 / 10.0).find(|n| certain_at(*n));
    match foreseen {
        Some(accounts) => (false, format!("{not_yet}; at this rate about {accounts:.0} would be needed")),
        None => (false, format!("{not_yet}, and {FORESEEN:.0} times as many like them would not be enough either")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(skills: &[(usize, f64, f64)]) -> Vec<CurvePoint> {
        let point = |&(accounts, value, low): &(usize, f64, f64)| CurvePoint {
            accounts,
            months: 36,
            skill: Some(Estimate { value, low, high: 2.0 * value - low }),
        };
        skills.iter().map(point).collect()
    }

    #[test]
    fn the_smallest_size_from_which_all_larger_ones_are_certain_is_named() {
        let found = verdict(&points(&[(50, 0.01, 0.001), (100, 0.0, -0.05), (200, 0.04, 0.01), (400, 0.06, 0.04)]));
        assert_eq!(found, (true, "reached: skill is certain from about 200 accounts on".into()));
    }

    #[test]
    fn a_gain_that_is_not_yet_certain_is_foreseen_and_a_loss_is_not() {
        let (reached, text) = verdict(&points(&[(100, -0.02, -0.2), (200, 0.0, -0.1), (400, 0.02, -0.02)]));
        assert!(!reached && text.contains("not reached with 400 accounts; at this rate about"), "{text}");
        let (_, text) = verdict(&points(&[(100, -0.01, -0.2), (200, -0.01, -0.1), (400, -0.01, -0.02)]));
        assert!(text.contains("would not be enough either"), "{text}");
        assert!(verdict(&[]).1.contains("too few accounts"));
    }
}
