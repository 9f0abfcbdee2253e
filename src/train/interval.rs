//! The 80 % prediction interval of realised revenue: three conformalised quantiles of one model.
//!
//! Bounds are closed, clipped at 0 and sorted. What they cover is measured by the backtest, not promised here: time
//! breaks exchangeability.

use serde::{Deserialize, Serialize};

use super::{Panel, Rows, TrainError, fit::Task, rungs::LinearQuantile};
use crate::{
    domain::{AbcThresholds, Horizon},
    features::{Slice, catalogue::schema_hash},
};

/// Lower bound, middle and upper bound.
const LEVELS: [f64; 3] = [0.1, 0.5, 0.9];

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

/// A fitted prediction interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntervalModel {
    horizon: Horizon,
    schema_hash: String,
    abc: AbcThresholds,
    quantiles: LinearQuantile,
}

impl IntervalModel {
    pub(crate) fn fit(task: &Task<'_>, rows: &Rows<'_>) -> Result<Self, TrainError> {
        let quantiles = LinearQuantile::fit_levels(&LEVELS, task, rows)?;
        let abc = rows.panel().abc();
        Ok(Self { horizon: task.horizon, schema_hash: schema_hash(), abc, quantiles })
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
        let quantiles = self.quantiles.quantiles(rows)?;
        let column = |j| quantiles.column(j).to_vec();
        Ok(Interval { low: column(0), median: column(1), high: column(2) })
    }
}
