//! Do accounts still look as they did when the models were trained? Population stability per feature and score.
//!
//! `PSI = sum((now - then) * ln(now / then))` over the tenths of the training values, unknown ones in a bin of their own,
//! categories by level (Siddiqi 2006, *Credit Risk Scorecards*). Shares are smoothed by half a row a bin, so that an empty
//! bin is not infinite. Two samples of one population differ too: `chance` is the index to expect of that alone,
//! `(bins - 1) * (1 / n + 1 / m)`.

use std::collections::BTreeMap;

use polars::prelude::*;
use serde::{Deserialize, Serialize};

use super::AnalysisError;
use crate::{
    backtest::Trained,
    features::{
        Slice,
        catalogue::{Kind, features},
    },
};

/// Bins of a number.
const BINS: usize = 10;
/// The usual limits of the bands.
const MODERATE: f64 = 0.1;
const SHIFTED: f64 = 0.25;
/// Half a row a bin.
const SMOOTHING: f64 = 0.5;

/// What an index means, by the usual limits .10 and .25.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// Under .10: as in training.
    Stable,
    /// .10 to .25: worth a look.
    Moderate,
    /// Above .25: another population.
    Shifted,
}

impl Band {
    /// The band of an index.
    pub fn of(index: f64) -> Self {
        match index {
            i if i > SHIFTED => Self::Shifted,
            i if i >= MODERATE => Self::Moderate,
            _ => Self::Stable,
        }
    }

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Moderate => "moderate",
            Self::Shifted => "shifted",
        }
    }
}

/// One feature or score, then and now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// `feature` or `score`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Population stability index.
    pub index: f64,
    /// The index that chance alone would give two samples of these sizes.
    pub chance: f64,
    /// What the index means.
    pub band: Band,
    /// Median in training, of numbers.
    pub median_then: Option<f64>,
    /// Median now.
    pub median_now: Option<f64>,
    /// Share unknown in training.
    pub unknown_then: f64,
    /// Share unknown now.
    pub unknown_now: f64,
}

/// Compares `now` with the slices the models were trained on: every feature, then the score of every model; each kind
/// by falling index, ties by name.
///
/// # Errors
/// If there is no training slice, or a model does not fit a slice.
pub fn drift(training: &[Slice], now: &Slice, models: &[Trained]) -> Result<Vec<Drift>, AnalysisError> {
    if training.is_empty() {
        return Err(AnalysisError::Untrained);
    }
    let mut of_features = Vec::new();
    for feature in features() {
        of_features.push(match feature.kind {
            Kind::Number => {
                let mut then = Vec::new();
                for slice in training {
                    then.extend(slice.features().numbers(feature.name)?);
                }
                numbers("feature", feature.name, &then, &now.features().numbers(feature.name)?)
            }
            Kind::Category => {
                let mut then = Vec::new();
                for slice in training {
                    then.extend(slice.features().categories(feature.name)?);
                }
                categories(feature.name, &then, &now.features().categories(feature.name)?)
            }
        });
    }
    let mut of_scores = Vec::new();
    for model in models {
        let mut then = Vec::new();
        for slice in training {
            then.extend(model.predict(slice)?);
        }
        of_scores.push(numbers("score", model.target.name(), &then, &model.predict(now)?));
    }
    for list in [&mut of_features, &mut of_scores] {
        list.sort_by(|a, b| b.index.total_cmp(&a.index).then_with(|| a.name.cmp(&b.name)));
    }
    of_scores.extend(of_features);
    Ok(of_scores)
}

fn numbers(kind: &str, name: &str, then: &[f64], now: &[f64]) -> Drift {
    let mut sorted: Vec<f64> = then.iter().copied().filter(|v| !v.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    // a value that fills several tenths is one bin
    let mut edges: Vec<f64> = (1..BINS).filter_map(|tenth| sorted.get(tenth * sorted.len() / BINS).copied()).collect();
    edges.dedup();
    let bin = |value: f64| if value.is_nan() { edges.len() + 1 } else { edges.partition_point(|edge| *edge <= value) };
    let count = |values: &[f64]| {
        let mut counts = vec![0.0; edges.len() + 2];
        values.iter().for_each(|value| counts[bin(*value)] += 1.0);
        counts
    };
    finished(kind, name, &count(then), &count(now), median(then), median(now))
}

fn categories(name: &str, then: &[Option<String>], now: &[Option<String>]) -> Drift {
    let mut levels: BTreeMap<&str, usize> = BTreeMap::new();
    for level in then.iter().chain(now).flatten() {
        let next = levels.len();
        levels.entry(level).or_insert(next);
    }
    let count = |values: &[Option<String>]| {
        let mut counts = vec![0.0; levels.len() + 1];
        for value in values {
            let at = value.as_deref().and_then(|level| levels.get(level).copied());
            counts[at.unwrap_or(levels.len())] += 1.0;
        }
        counts
    };
    finished("feature", name, &count(then), &count(now), None, None)
}

/// The last bin holds what is unknown.
fn finished(
    kind: &str,
    name: &str,
    then: &[f64],
    now: &[f64],
    median_then: Option<f64>,
    median_now: Option<f64>,
) -> Drift {
    let used: Vec<usize> = (0..then.len()).filter(|&bin| then[bin] + now[bin] > 0.0).collect();
    let (n, m) = (then.iter().sum::<f64>(), now.iter().sum::<f64>());
    let share =
        |counts: &[f64], bin: usize, total: f64| (counts[bin] + SMOOTHING) / (total + SMOOTHING * used.len() as f64);
    let index = used
        .iter()
        .map(|&bin| {
            let (old, new) = (share(then, bin, n), share(now, bin, m));
            (new - old) * (new / old).ln()
        })
        .sum();
    let unknown = |counts: &[f64], total: f64| if total > 0.0 { counts[counts.len() - 1] / total } else { 0.0 };
    Drift {
        kind: kind.into(),
        name: name.into(),
        index,
        chance: used.len().saturating_sub(1) as f64 * (1.0 / n.max(1.0) + 1.0 / m.max(1.0)),
        band: Band::of(index),
        median_then,
        median_now,
        unknown_then: unknown(then, n),
        unknown_now: unknown(now, m),
    }
}

fn median(values: &[f64]) -> Option<f64> {
    let mut known: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    known.sort_unstable_by(f64::total_cmp);
    known.get(known.len() / 2).copied()
}

/// The findings as a table.
///
/// # Errors
/// None in practice; every column has one entry a row.
pub fn drift_frame(drifts: &[Drift]) -> Result<DataFrame, AnalysisError> {
    Ok(df! {
        "kind" => drifts.iter().map(|d| d.kind.as_str()).collect::<Vec<_>>(),
        "name" => drifts.iter().map(|d| d.name.as_str()).collect::<Vec<_>>(),
        "psi" => drifts.iter().map(|d| d.index).collect::<Vec<_>>(),
        "chance" => drifts.iter().map(|d| d.chance).collect::<Vec<_>>(),
        "band" => drifts.iter().map(|d| d.band.name()).collect::<Vec<_>>(),
        "median_then" => drifts.iter().map(|d| d.median_then).collect::<Vec<_>>(),
        "median_now" => drifts.iter().map(|d| d.median_now).collect::<Vec<_>>(),
        "unknown_then" => drifts.iter().map(|d| d.unknown_then).collect::<Vec<_>>(),
        "unknown_now" => drifts.iter().map(|d| d.unknown_now).collect::<Vec<_>>(),
    }?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shares .5/.5 against .7/.3: (.2)ln(1.4) + (-.2)ln(.6) = .1695; smoothing moves it by less than .001.
    #[test]
    fn the_index_of_two_levels_is_that_of_the_formula() {
        let of = |a: usize, b: usize| -> Vec<Option<String>> {
            std::iter::repeat_n(Some("a".into()), a).chain(std::iter::repeat_n(Some("b".into()), b)).collect()
        };
        let drift = categories("industry", &of(5000, 5000), &of(7000, 3000));
        assert!((drift.index - 0.1695).abs() < 0.001, "{drift:?}");
        assert_eq!(drift.band, Band::Moderate);
        let none = categories("industry", &of(5000, 5000), &of(500, 500));
        assert!(none.index < 1e-6 && none.band == Band::Stable, "{none:?}");
    }

    #[test]
    fn the_same_numbers_are_stable_a_shift_is_not_and_chance_is_told() {
        let then: Vec<f64> = (0..1000).map(f64::from).collect();
        let same = numbers("feature", "x", &then, &then);
        assert!(same.index < 1e-9 && (same.chance - 9.0 * 0.002).abs() < 1e-9, "{same:?}");
        let moved: Vec<f64> = then.iter().map(|v| v + 400.0).collect();
        assert_eq!(numbers("feature", "x", &then, &moved).band, Band::Shifted);
        let unknown = vec![f64::NAN; 1000];
        let lost = numbers("feature", "x", &then, &unknown);
        assert_eq!((lost.band, lost.unknown_now, lost.median_now), (Band::Shifted, 1.0, None));
        // a feature that is nearly always 0 has one bin for it, not nine
        let flags: Vec<f64> = (0..1000).map(|i| f64::from(u8::from(i % 20 == 0))).collect();
        assert!(numbers("feature", "flag", &flags, &flags).chance < 0.005);
    }

    #[test]
    fn a_new_level_counts() {
        let then = vec![Some("a".to_owned()); 1000];
        let now: Vec<Option<String>> = (0..1000).map(|i| Some(if i < 700 { "a" } else { "new" }.to_owned())).collect();
        assert_eq!(categories("industry", &then, &now).band, Band::Shifted);
    }
}
