//! Rung 1: empirical Bayes by ABC class and the ladder's further groups.
//!
//! A probability is the shrunk rate of its group. Money is a credibility estimate (Bühlmann & Gisler 2005): the shrunk
//! mean outcome of the group, plus the account's own mean's distance from its group's times `z`, the share of such
//! distances that lasted in training. Stretch is the quantile of what came of that estimate.

use std::collections::BTreeSet;

use linfa::{DatasetBase, ParamGuard, traits::Fit};
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

use super::{
    OWN_HISTORY, Rung,
    baseline::STRETCH_LEVEL,
    gave_up, label,
    ratio::{GroupQuantiles, positive_level},
    too_few,
};
use crate::{
    domain::{AbcClass, Target},
    learners::shrinkage::{ShrunkMeans, ShrunkMeansParams},
    train::{Rows, TrainError, fit::Task},
};

/// Distances that lasted by more than this are noise of a few large accounts.
const MOST_CREDIBILITY: f64 = 1.5;

/// Group means, and for money what of an account's own level lasts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shrinkage {
    codes: Vec<GroupCodes>,
    outcome: ShrunkMeans,
    own: Option<Own>,
    quantiles: Option<GroupQuantiles>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct GroupCodes {
    feature: String,
    /// In ascending order; an unknown category is one more code.
    levels: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Own {
    column: String,
    group: ShrunkMeans,
    /// `z` per ABC class.
    credibility: [f64; 3],
}

const fn own_column(target: Target) -> Option<&'static str> {
    match target {
        Target::ExpectedRevenue | Target::Stretch => Some("mean_24_scaled_revenue"),
        Target::ExpectedMargin => Some("mean_24_scaled_margin"),
        Target::PeerLevel | Target::Growth | Target::Inactivity => None,
    }
}

fn keys(codes: &[GroupCodes], rows: &Rows<'_>) -> Result<Array2<usize>, TrainError> {
    let mut keys = Array2::zeros((rows.len(), 1 + codes.len()));
    for (i, class) in rows.class().into_iter().enumerate() {
        keys[[i, 0]] = class as usize;
    }
    for (j, code) in codes.iter().enumerate() {
        let (levels, codes) = rows.codes(&code.feature)?;
        let unknown = code.levels.len();
        let mut table: Vec<usize> =
            levels.iter().map(|level| code.levels.binary_search(level).unwrap_or(unknown)).collect();
        table.push(unknown);
        for (i, level) in codes.into_iter().enumerate() {
            keys[[i, j + 1]] = table[level as usize];
        }
    }
    Ok(keys)
}

fn estimates(means: &ShrunkMeans, keys: &Array2<usize>) -> Vec<f64> {
    keys.rows().into_iter().map(|key| means.estimate(&key.to_vec())).collect()
}

impl Shrinkage {
    fn level(&self, rows: &Rows<'_>) -> Result<Vec<f64>, TrainError> {
        let keys = keys(&self.codes, rows)?;
        let mut level = estimates(&self.outcome, &keys);
        if let Some(own) = &self.own {
            let (values, group, class) = (rows.baseline(&own.column)?, estimates(&own.group, &keys), rows.class());
            for i in 0..level.len() {
                level[i] += own.credibility[class[i] as usize] * (values[i] - group[i]);
            }
            level.iter_mut().zip(rows.seasons()).for_each(|(level, season)| *level *= season.next);
        }
        Ok(level)
    }
}

impl Rung for Shrinkage {
    const TARGETS: &'static [Target] = OWN_HISTORY;
    const STEP: u8 = 1;
    const KEYS: &'static [&'static str] = &["groups"];

    fn fit(task: &Task<'_>, rows: &Rows<'_>) -> Result<Self, TrainError> {
        if rows.is_empty() {
            return Err(too_few(task, "rows", 0, 1));
        }
        let mut codes = Vec::new();
        for feature in &task.candidate.groups {
            let (levels, of_rows) = rows.codes(feature)?;
            let seen: BTreeSet<u32> = of_rows.into_iter().collect();
            let levels = seen.iter().filter_map(|code| levels.get(*code as usize).cloned()).collect();
            codes.push(GroupCodes { feature: feature.clone(), levels });
        }
        let keys = keys(&codes, rows)?;
        let means = |y: Vec<f64>| {
            ShrunkMeansParams::default()
                .check()
                .and_then(|params| params.fit(&DatasetBase::new(keys.clone(), Array1::from(y))))
                .map_err(|error| gave_up(task, error))
        };
        let y = rows.label(label(task.target))?;
        let (own, outcome) = match own_column(task.target) {
            None => (None, means(y.clone())?),
            Some(column) => {
                // means of whole years: the season is taken off what is learned and put on what is predicted
                let plain: Vec<f64> = y.iter().zip(rows.seasons()).map(|(y, season)| y / season.next).collect();
                let values = rows.baseline(column)?;
                let credibility = credibility(&values, &plain, &rows.class());
                (Some(Own { column: column.into(), group: means(values)?, credibility }), means(plain)?)
            }
        };
        let mut model = Self { codes, outcome, own, quantiles: None };
        if task.target == Target::Stretch {
            let level = positive_level(&model.level(rows)?);
            let (c, class) = (rows.offset(), rows.class());
            model.quantiles = Some(GroupQuantiles::learn(STRETCH_LEVEL, &y, &level, &c, &class, true));
        }
        Ok(model)
    }

    fn predict(&self, target: Target, rows: &Rows<'_>) -> Result<Vec<f64>, TrainError> {
        let level = self.level(rows)?;
        Ok(match (target, &self.quantiles) {
            (_, Some(quantiles)) => quantiles.apply(&positive_level(&level), &rows.offset(), &rows.class()),
            (Target::ExpectedMargin, None) => level,
            _ => positive_level(&level),
        })
    }
}

/// Per class the slope of the outcome on the own level: what of a distance between accounts lasts.
fn credibility(own: &[f64], y: &[f64], class: &[AbcClass]) -> [f64; 3] {
    AbcClass::ALL.map(|c| {
        let of: Vec<usize> = (0..y.len()).filter(|&i| class[i] == c).collect();
        let n = of.len().max(1) as f64;
        let mean = |values: &[f64]| of.iter().map(|&i| values[i]).sum::<f64>() / n;
        let (own_mean, y_mean) = (mean(own), mean(y));
        let together: f64 = of.iter().map(|&i| (own[i] - own_mean) * (y[i] - y_mean)).sum();
        let spread: f64 = of.iter().map(|&i| (own[i] - own_mean).powi(2)).sum();
        if spread > 0.0 { (together / spread).clamp(0.0, MOST_CREDIBILITY) } else { 0.0 }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_by_half_is_credited_by_half() {
        let own: Vec<f64> = (0..100).map(f64::from).collect();
        let y: Vec<f64> = own.iter().map(|v| 25.0 + 0.5 * v).collect();
        let z = credibility(&own, &y, &[AbcClass::B; 100]);
        assert!((z[1] - 0.5).abs() < 1e-12 && z[0] == 0.0 && z[2] == 0.0, "{z:?}");
    }

    #[test]
    fn noise_that_does_not_last_is_not_credited() {
        let own: Vec<f64> = (0..100).map(|i| f64::from(i % 10)).collect();
        let y: Vec<f64> = (0..100).map(|i| f64::from(i / 10)).collect();
        assert!(credibility(&own, &y, &[AbcClass::A; 100])[0] < 1e-12);
    }
}
