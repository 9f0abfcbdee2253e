//! The 80 % prediction interval of realised revenue, on the log ratio to the baseline.
//!
//! Three conformalised linear quantiles of one model, or, where history is too short for coefficients, the quantiles of
//! each ABC class. Bounds are closed, clipped at 0 and sorted, and reach as far as the expected value. Which form is better, and what it covers, is measured by
//! the backtest and not promised here: time breaks exchangeability.

use serde::{Deserialize, Serialize};

use super::{
    Panel, Rows, TrainError,
    fit::Task,
    rungs::{Anchor, GroupQuantiles, LinearQuantile, label},
};
use crate::{
    domain::{AbcThresholds, Horizon},
    features::{Slice, catalogue::schema_hash},
};

/// Lower bound, middle and upper bound.
const LEVELS: [f64; 3] = [0.1, 0.5, 0.9];

/// How an interval is made, simplest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntervalForm {
    /// Quantiles of what came of the baseline, per ABC class.
    ClassQuantiles,
    /// Conformalised linear quantile regression.
    Regression,
}

/// Bounds per account, in the order of the rows, in currency over the horizon.
#[derive(Debug, Clone, PartialEq)]
pub struct Interval {
    /// 10 % of outcomes are meant to lie below.
    pub low: Vec<f64>,
    /// Conditional median.
    pub median: Vec<f64>,
    /// 10 % of outcomes are meant to lie above.
    pub high: Vec<f64>,
}

impl Interval {
    /// The bounds of one row, reaching as far as its expected value. A mean may lie above nine of ten outcomes (few large
    /// orders) or beside a baseline's quantiles, but no reader believes a figure outside its own interval.
    pub(crate) fn around(&self, row: usize, expected: f64) -> (f64, f64) {
        (self.low[row].min(expected), self.high[row].max(expected))
    }
}

/// A fitted prediction interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntervalModel {
    horizon: Horizon,
    schema_hash: String,
    abc: AbcThresholds,
    bounds: Bounds,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Bounds {
    ClassQuantiles { anchor: Anchor, quantiles: [GroupQuantiles; 3] },
    Regression(LinearQuantile),
}

impl IntervalModel {
    pub(crate) fn fit(form: IntervalForm, task: &Task<'_>, rows: &Rows<'_>) -> Result<Self, TrainError> {
        let bounds = match form {
            IntervalForm::Regression => Bounds::Regression(LinearQuantile::fit_levels(&LEVELS, task, rows)?),
            IntervalForm::ClassQuantiles => {
                let anchor = Anchor::learn(task.anchor, task.target, rows)?;
                let (b, c) = anchor.values(rows)?;
                let (y, class) = (rows.label(label(task.target))?, rows.class());
                let quantiles = LEVELS.map(|share| GroupQuantiles::learn(share, &y, &b, &c, &class, true));
                Bounds::ClassQuantiles { anchor, quantiles }
            }
        };
        let abc = rows.panel().abc();
        Ok(Self { horizon: task.horizon, schema_hash: schema_hash(), abc, bounds })
    }

    /// How it is made.
    pub const fn form(&self) -> IntervalForm {
        match self.bounds {
            Bounds::ClassQuantiles { .. } => IntervalForm::ClassQuantiles,
            Bounds::Regression(_) => IntervalForm::Regression,
        }
    }

    /// Bounds per account of `slice`, in its order.
    ///
    /// # Errors
    /// If the model was fitted on another feature schema or for another horizon.
    pub fn predict(&self, slice: &Slice) -> Result<Interval, TrainError> {
        let frame = schema_hash();
        if self.schema_hash != frame {
            return Err(TrainError::Schema { model: self.schema_hash.clone(), frame });
        }
        if self.horizon != slice.horizon() {
            return Err(TrainError::Horizon { model: self.horizon.months(), slice: slice.horizon().months() });
        }
        self.predict_rows(&Panel::new(&[slice], self.abc)?.rows())
    }

    pub(crate) fn predict_rows(&self, rows: &Rows<'_>) -> Result<Interval, TrainError> {
        let [low, median, high] = match &self.bounds {
            Bounds::Regression(model) => {
                let quantiles = model.quantiles(rows)?;
                [0, 1, 2].map(|j| quantiles.column(j).to_vec())
            }
            Bounds::ClassQuantiles { anchor, quantiles } => {
                let (b, c) = anchor.values(rows)?;
                let class = rows.class();
                [0, 1, 2].map(|j| quantiles[j].apply(&b, &c, &class))
            }
        };
        // an amount below c cannot be told from none: where zeros are common the lower bound is 0
        let low = low.into_iter().zip(rows.offset()).map(|(low, c)| if low < c { 0.0 } else { low }).collect();
        Ok(Interval { low, median, high })
    }
}
