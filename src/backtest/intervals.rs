//! The prediction interval: which form is used, and what it covered beside pooled residuals around the baseline.
//!
//! Both tails' misses, width and interval score are told apart: one coverage figure would hide that the lower bound of
//! many accounts is 0, which nothing can lie below.

use super::{
    choose::{Entry, choose},
    contest::Ring,
    metrics::quantile::interval_score,
    report::Coverage,
    track::Track,
};
use crate::{
    domain::{AbcClass, Target},
    train::{Candidate, Interval, IntervalForm, IntervalModel, Task, TrainError},
};

/// Share outside an 80 % interval.
const MISS: f64 = 0.2;

/// Quantiles of what came of the baseline, pooled over all accounts: the interval anyone could draw.
#[derive(Debug, Clone, Copy)]
pub(super) struct PooledResiduals {
    low: f64,
    high: f64,
}

impl PooledResiduals {
    /// From earlier rows: the outcome minus the baseline.
    pub(super) fn learn(baseline: &[f64], actual: &[f64]) -> Self {
        let mut residuals: Vec<f64> = actual.iter().zip(baseline).map(|(y, b)| y.max(0.0) - b).collect();
        residuals.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| {
            residuals.get(((residuals.len() as f64 - 1.0) * share).round() as usize).copied().unwrap_or(0.0)
        };
        Self { low: at(0.5 * MISS), high: at(1.0 - 0.5 * MISS) }
    }

    fn bounds(self, baseline: f64) -> (f64, f64) {
        ((baseline + self.low).max(0.0), (baseline + self.high).max(0.0))
    }
}

/// The form that the selection origins favour (by the rule for rungs, with the interval score as the loss), and its
/// bounds there. Without a selection origin it is the simplest.
pub(super) fn choose_form(
    ring: &Ring<'_>,
    baseline: &Candidate,
) -> Result<(IntervalForm, Option<Vec<Interval>>), TrainError> {
    let candidate = ring.ladder.interval();
    let target = Target::ExpectedRevenue;
    let task = Task { candidate, target, horizon: ring.horizon, anchor: baseline, calibrate: ring.calibrate };
    if ring.tests.is_empty() {
        return Ok((IntervalForm::ClassQuantiles, None));
    }
    let mut account = Vec::new();
    let mut outcomes = Vec::new();
    for test in ring.tests {
        account.extend(test.rows.account());
        outcomes.push(test.rows.label("revenue")?);
    }
    let mut tried: Vec<(IntervalForm, Vec<Interval>, Vec<f64>)> = Vec::new();
    for form in [IntervalForm::ClassQuantiles, IntervalForm::Regression] {
        let model = match IntervalModel::fit(form, &task, ring.train) {
            Ok(model) => model,
            Err(error) if error.is_of_the_rung() => continue,
            Err(error) => return Err(error),
        };
        let intervals: Vec<Interval> =
            ring.tests.iter().map(|test| model.predict_rows(&test.rows)).collect::<Result<_, _>>()?;
        let scores = intervals.iter().zip(&outcomes).flat_map(|(interval, y)| scores(interval, y)).collect();
        tried.push((form, intervals, scores));
    }
    let entries: Vec<Entry<'_>> =
        tried.iter().map(|(_, _, losses)| Entry { losses: losses.as_slice(), order: None }).collect();
    let chosen = choose(&entries, &account).chosen;
    Ok(match tried.into_iter().nth(chosen) {
        Some((form, intervals, _)) => (form, Some(intervals)),
        None => (IntervalForm::ClassQuantiles, None),
    })
}

/// Interval score per row, on amounts scaled to mean outcome 1.
fn scores(interval: &Interval, y: &[f64]) -> Vec<f64> {
    let total: f64 = y.iter().map(|y| y.max(0.0)).sum();
    let unit = if total > 0.0 { total / y.len() as f64 } else { 1.0 };
    (0..y.len())
        .map(|i| interval_score(interval.low[i] / unit, interval.high[i] / unit, y[i].max(0.0) / unit, MISS))
        .collect()
}

/// Misses of the track's interval, all accounts first, then each class that has any.
pub(super) fn coverage(track: &Track, pooled: PooledResiduals) -> Vec<Coverage> {
    let bounds: Vec<(f64, f64)> = (0..track.actual.len()).filter_map(|i| track.bounds(i)).collect();
    if bounds.len() < track.actual.len() {
        return Vec::new();
    }
    let of = |class: Option<AbcClass>| {
        let rows: Vec<usize> =
            (0..track.actual.len()).filter(|&i| class.is_none_or(|class| track.class[i] == class)).collect();
        let n = rows.len();
        let mean = |figure: &dyn Fn(usize) -> f64| rows.iter().map(|&i| figure(i)).sum::<f64>() / n as f64;
        let y = |i: usize| track.actual[i].max(0.0);
        let bound = |i: usize| bounds[i];
        (n > 0).then(|| Coverage {
            class,
            below: mean(&|i| f64::from(u8::from(y(i) < bound(i).0))),
            above: mean(&|i| f64::from(u8::from(y(i) > bound(i).1))),
            width: mean(&|i| bound(i).1 - bound(i).0),
            interval_score: mean(&|i| interval_score(bound(i).0, bound(i).1, y(i), MISS)),
            baseline_interval_score: mean(&|i| {
                let (low, high) = pooled.bounds(track.baseline[i]);
                interval_score(low, high, y(i), MISS)
            }),
            n,
        })
    };
    std::iter::once(None).chain(AbcClass::ALL.map(Some)).filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Month;

    #[test]
    fn misses_are_counted_by_tail_and_class_on_closed_bounds() {
        let track = Track {
            target: Target::ExpectedRevenue,
            origin: Month::new(2020, 1).unwrap(),
            locked: true,
            row: vec![0, 1, 2, 3],
            account: vec![0, 1, 2, 3],
            class: vec![AbcClass::A, AbcClass::A, AbcClass::C, AbcClass::C],
            spend: vec![9.0, 8.0, 7.0, 6.0],
            actual: vec![10.0, 25.0, 0.0, -3.0],
            baseline: vec![10.0; 4],
            published: vec![10.0, 10.0, 2.0, 2.0],
            others: Vec::new(),
            interval: Some(Interval {
                low: vec![10.0, 5.0, 0.0, 0.0],
                median: vec![12.0, 6.0, 0.0, 0.0],
                high: vec![20.0, 20.0, 5.0, 5.0],
            }),
        };
        let pooled = PooledResiduals::learn(&[0.0; 11], &(0..11).map(f64::from).collect::<Vec<_>>());
        let coverage = coverage(&track, pooled);
        assert_eq!(coverage.len(), 3, "there is no B account");
        assert_eq!((coverage[0].below, coverage[0].above, coverage[0].n), (0.0, 0.25, 4));
        assert_eq!((coverage[1].class, coverage[1].above, coverage[1].width), (Some(AbcClass::A), 0.5, 12.5));
        assert_eq!(coverage[2].interval_score, 5.0);
        // pooled residuals 1 to 9 around a baseline of 10: 11 to 19, missed by 1 and by 6
        assert!((coverage[1].baseline_interval_score - (8.0 + 10.0 * 3.5)).abs() < 1e-9, "{coverage:?}");
    }
}
