//! Rung 0 for probabilities: the base rate, and the rates of one plain rule by its quantile bins.
//!
//! Growth: B alone, since a low B "grows" by regression to the mean. Inactivity: the hiatus rule, the time since the
//! last order against the account's own gap, where the multiple is learned as a rate per bin, not chosen by hand.

use serde::{Deserialize, Serialize};

use super::{label, too_few};
use crate::train::{Rows, TrainError, fit::Task};

/// Bins of a rule.
const BINS: usize = 10;
/// A bin's rate is shrunk to the base rate as if this many rows of the latter had been added.
const PRIOR_ROWS: f64 = 20.0;

/// A probability by bins of one figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rate {
    rule: Rule,
    /// Upper ends of all bins but the last.
    ends: Vec<f64>,
    /// One rate per bin, then the rate where the figure is unknown.
    rates: Vec<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Rule {
    BaseRate,
    BaseAlone,
    Hiatus,
}

impl Rule {
    fn values(self, rows: &Rows<'_>) -> Result<Vec<f64>, TrainError> {
        match self {
            Self::BaseRate => Ok(vec![0.0; rows.len()]),
            // relative to the portfolio, so that growth of the portfolio moves nobody into another bin
            Self::BaseAlone => {
                Ok(rows.baseline("base_revenue")?.iter().zip(rows.offset()).map(|(b, c)| b / c).collect())
            }
            Self::Hiatus => rows.number("hiatus_ratio"),
        }
    }
}

impl Rate {
    pub(crate) fn learn(task: &Task<'_>, rows: &Rows<'_>) -> Result<Self, TrainError> {
        let rule = match task.candidate.column.as_deref() {
            Some("base_revenue") => Rule::BaseAlone,
            Some("hiatus_ratio") => Rule::Hiatus,
            _ => Rule::BaseRate,
        };
        if rows.is_empty() {
            return Err(too_few(task, "rows", 0, 1));
        }
        let (values, outcome) = (rule.values(rows)?, rows.label(label(task.target))?);
        let base = outcome.iter().sum::<f64>() / outcome.len() as f64;
        let mut known: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
        known.sort_unstable_by(f64::total_cmp);
        let mut ends: Vec<f64> = (1..BINS).filter_map(|bin| known.get(known.len() * bin / BINS).copied()).collect();
        ends.dedup();
        let mut this = Self { rule, rates: vec![base; ends.len() + 2], ends };
        let mut sums = vec![(0.0, 0.0); this.rates.len()];
        for (value, y) in values.iter().zip(&outcome) {
            let bin = &mut sums[this.bin(*value)];
            bin.0 += 1.0;
            bin.1 += y;
        }
        this.rates = sums.iter().map(|(n, positive)| (positive + PRIOR_ROWS * base) / (n + PRIOR_ROWS)).collect();
        Ok(this)
    }

    pub(crate) fn values(&self, rows: &Rows<'_>) -> Result<Vec<f64>, TrainError> {
        Ok(self.rule.values(rows)?.into_iter().map(|value| self.rates[self.bin(value)]).collect())
    }

    fn bin(&self, value: f64) -> usize {
        if value.is_nan() { self.ends.len() + 1 } else { self.ends.partition_point(|end| *end < value) }
    }
}
