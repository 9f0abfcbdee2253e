//! The log ratio to the baseline, and the way back: what all money models above rung 0 are fitted on.
//!
//! `z = log((max(Y, 0) + c) / (B0 + c))`. A mean of logs is a median of money, so a mean needs the smearing factor of
//! its group; a quantile of `z` is the quantile of money as it is. Groups are the ABC classes, and apart from them the
//! accounts whose baseline is zero, whose ratios are of another kind.

use serde::{Deserialize, Serialize};

use super::{baseline::Level, label};
use crate::{
    domain::{AbcClass, Target},
    features::Seasons,
    train::{Candidate, Rows, TrainError},
};

/// Fewer rows of a group than this share the figure of all.
const ENOUGH: usize = 30;
/// A smearing factor beyond this comes from a few rows.
const MOST_SMEAR: f64 = 20.0;
/// Months in which next to nothing was ordered say nothing of the months to come.
const LEAST_SEASON: f64 = 0.05;

pub(crate) fn positive_level(level: &[f64]) -> Vec<f64> {
    level.iter().map(|b| b.max(0.0)).collect()
}

/// `log((max(y, 0) + c) / (b + c))`.
pub(crate) fn log_ratio(y: f64, b: f64, c: f64) -> f64 {
    ((y.max(0.0) + c) / (b + c)).ln()
}

/// `(b + c) * exp(z) - c`, floored at 0.
pub(crate) fn from_log_ratio(z: f64, b: f64, c: f64) -> f64 {
    ((b + c) * z.exp() - c).max(0.0)
}

const GROUPS: usize = 4;

fn group(class: AbcClass, b: f64) -> usize {
    if b > 0.0 { class as usize } else { GROUPS - 1 }
}

/// The baseline a model is relative to: `B0`, never negative, brought to the season of the target months.
///
/// Which baseline is the best tells little of the season, and a model that starts from a level without it cannot put it
/// on: no feature of one account says that all of them are about to order less.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Anchor {
    level: Level,
    /// Models written before there was such a field start from their column as it is.
    #[serde(default)]
    shows: Season,
}

/// The season that a baseline column shows as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Season {
    /// That of the last months, as many as the horizon has.
    Last,
    /// That of whole years: none.
    Average,
    /// That of the target months.
    #[default]
    Next,
}

impl Season {
    fn of_column(name: &str) -> Self {
        match name.rsplit_once('_').map_or(name, |(level, _)| level) {
            "last_horizon" => Self::Last,
            "last_12_seasonal" | "same_months_last_year" => Self::Next,
            _ => Self::Average,
        }
    }

    fn factor(self, seasons: Seasons) -> f64 {
        match self {
            Self::Last => seasons.next / seasons.last.max(LEAST_SEASON),
            Self::Average => seasons.next,
            Self::Next => 1.0,
        }
    }
}

impl Anchor {
    /// `candidate` is *the* baseline of the target; recalibrated, it is so here too, learned on `rows`.
    pub(crate) fn learn(candidate: &Candidate, target: Target, rows: &Rows<'_>) -> Result<Self, TrainError> {
        // a quantile baseline is recalibrated by its quantiles, not by its level
        let outcome = label(target);
        let level = if target == Target::Stretch {
            Level::raw(candidate.column.as_deref().unwrap_or_default())
        } else {
            Level::learn(candidate, outcome, rows)?
        };
        let shows = Season::of_column(&level.column);
        Ok(Self { level, shows })
    }

    /// `B0` and `c` per row.
    pub(crate) fn values(&self, rows: &Rows<'_>) -> Result<(Vec<f64>, Vec<f64>), TrainError> {
        let mut level = positive_level(&self.level.values(rows)?);
        level.iter_mut().zip(rows.seasons()).for_each(|(level, seasons)| *level *= self.shows.factor(seasons));
        Ok((level, rows.offset()))
    }
}

/// Smearing factors by group: `sum (Y + c) / sum (B0 + c) exp(f)`, which meets each group's total.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Smearing([f64; GROUPS]);

impl Smearing {
    /// `y` with its sign, so that returns count.
    pub(crate) fn learn(y: &[f64], f: &[f64], b: &[f64], c: &[f64], class: &[AbcClass]) -> Self {
        let ratio = |rows: &dyn Fn(usize) -> bool| {
            let (mut n, mut above, mut below) = (0, 0.0, 0.0);
            for i in (0..y.len()).filter(|&i| rows(i)) {
                n += 1;
                above += y[i] + c[i];
                below += (b[i] + c[i]) * f[i].exp();
            }
            (n, if below > 0.0 { (above / below).clamp(0.0, MOST_SMEAR) } else { 1.0 })
        };
        let (_, pooled) = ratio(&|_| true);
        Self(std::array::from_fn(|g| match ratio(&|i| group(class[i], b[i]) == g) {
            (n, factor) if n >= ENOUGH => factor,
            _ => pooled,
        }))
    }

    /// `(B0 + c) * smear * exp(f) - c`, floored at 0.
    pub(crate) fn apply(&self, f: &[f64], b: &[f64], c: &[f64], class: &[AbcClass]) -> Vec<f64> {
        (0..f.len())
            .map(|i| {
                let smear = self.0[group(class[i], b[i])];
                if smear > 0.0 { from_log_ratio(f[i] + smear.ln(), b[i], c[i]) } else { 0.0 }
            })
            .collect()
    }
}

/// Quantiles of the log ratio by group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct GroupQuantiles([f64; GROUPS]);

impl GroupQuantiles {
    /// `by_class` off: one figure for all.
    pub(crate) fn learn(share: f64, y: &[f64], b: &[f64], c: &[f64], class: &[AbcClass], by_class: bool) -> Self {
        let quantile = |rows: &dyn Fn(usize) -> bool| {
            let mut z: Vec<f64> = (0..y.len()).filter(|&i| rows(i)).map(|i| log_ratio(y[i], b[i], c[i])).collect();
            z.sort_unstable_by(f64::total_cmp);
            (z.len(), order_statistic(&z, share))
        };
        let (_, pooled) = quantile(&|_| true);
        if !by_class {
            return Self([pooled; GROUPS]);
        }
        Self(std::array::from_fn(|g| match quantile(&|i| group(class[i], b[i]) == g) {
            (n, figure) if n >= ENOUGH => figure,
            _ => pooled,
        }))
    }

    pub(crate) fn apply(&self, b: &[f64], c: &[f64], class: &[AbcClass]) -> Vec<f64> {
        (0..b.len()).map(|i| from_log_ratio(self.0[group(class[i], b[i])], b[i], c[i])).collect()
    }
}

/// The smallest value with at least `share` of `sorted` at or below it; 0 of nothing.
pub(crate) fn order_statistic(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_the_same_amount() {
        for (y, b) in [(0.0, 0.0), (120.0, 100.0), (3.0, 0.0), (0.0, 50.0)] {
            assert!((from_log_ratio(log_ratio(y, b, 2.0), b, 2.0) - y).abs() < 1e-9);
        }
        assert_eq!(log_ratio(-5.0, 0.0, 2.0), 0.0, "returns count as zero");
    }

    #[test]
    fn every_baseline_is_brought_to_the_season_of_the_target_months() {
        let seasons = Seasons { last: 1.25, next: 0.5 };
        for (name, factor) in [
            ("portfolio_mean", 0.5),
            ("last_horizon", 0.4),
            ("last_12_scaled", 0.5),
            ("last_12_seasonal", 1.0),
            ("same_months_last_year", 1.0),
            ("mean_24_scaled", 0.5),
        ] {
            for money in ["revenue", "margin"] {
                let found = Season::of_column(&format!("{name}_{money}"));
                assert!((found.factor(seasons) - factor).abs() < 1e-12, "{name}_{money}: {found:?}");
            }
        }
        assert!(Season::Last.factor(Seasons { last: 0.0, next: 1.0 }).is_finite(), "a factory closed for the summer");
    }

    #[test]
    fn smearing_meets_the_total_of_a_group_whose_outcomes_scatter() {
        let n = 100;
        let y: Vec<f64> = (0..n).map(|i| if i % 2 == 0 { 50.0 } else { 200.0 }).collect();
        let (b, c, class) = (vec![100.0; n], vec![1.0; n], vec![AbcClass::A; n]);
        let f = vec![-0.3; n];
        let total: f64 = Smearing::learn(&y, &f, &b, &c, &class).apply(&f, &b, &c, &class).iter().sum();
        assert!((total - y.iter().sum::<f64>()).abs() < 1e-6);
    }

    #[test]
    fn nine_of_ten_outcomes_lie_at_or_below_the_group_quantile() {
        let n = 100;
        let y: Vec<f64> = (0..n as u32).map(f64::from).collect();
        let y: Vec<f64> = y.into_iter().collect();
        let (b, c, class) = (vec![10.0; n as usize], vec![1.0; n as usize], vec![AbcClass::B; n as usize]);
        let level = GroupQuantiles::learn(0.9, &y, &b, &c, &class, true).apply(&b, &c, &class);
        assert_eq!(y.iter().zip(&level).filter(|(y, s)| **y <= **s + 1e-9).count(), 90);
    }
}
