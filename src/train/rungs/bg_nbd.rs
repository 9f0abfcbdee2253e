//! Rung 2 for irregular buyers: BG/NBD counts the purchases to come, Gamma-Gamma says what one is worth.
//!
//! Fader, Hardie & Lee (2005); Fader & Hardie (2013). Both are fitted on the newest training origin only, since the
//! histories of one account at two origins overlap. Money is then recalibrated by class, which also turns revenue
//! into margin. P(alive) is never used as a churn score: it is 1 for every one-time buyer.

use linfa::{DatasetBase, ParamGuard, traits::Fit};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::{Rung, calibration::ClassFactors, gave_up, label, too_few};
use crate::{
    domain::Target,
    learners::{
        bg_nbd::{BgNbd, BgNbdParams, histories},
        gamma_gamma::{GammaGamma, GammaGammaParams},
    },
    train::{Rows, TrainError, fit::Task},
};

/// Mean length of a month.
const DAYS_PER_MONTH: f64 = 30.436_875;
/// Weight of the squared log-parameters: buyers who are all alike have no finite optimum without it, and with it those
/// who differ move by less than their standard errors.
const PENALTY: f64 = 1e-3;
/// Fewer repeat buyers than this are no population.
const ENOUGH: usize = 30;

/// Purchases in the horizon times their expected value and the portfolio's season, or the probability of none. The model
/// knows no calendar: without the season every account would be too low before the high months.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct BgNbdGammaGamma {
    purchases: BgNbd,
    horizon_days: f64,
    /// Money only: the value of a purchase, and the class factors.
    money: Option<(GammaGamma, ClassFactors)>,
}

struct Histories {
    x: Vec<f64>,
    t_x: Vec<f64>,
    age: Vec<f64>,
}

impl Histories {
    /// An account without a known order has no history: all zeros, which both models understand.
    fn of(rows: &Rows<'_>) -> Result<Self, TrainError> {
        let known = |name| -> Result<Vec<f64>, TrainError> {
            Ok(rows.number(name)?.into_iter().map(|v| if v.is_nan() { 0.0 } else { v.max(0.0) }).collect())
        };
        Ok(Self { x: known("repeat_order_days")?, t_x: known("recency_days")?, age: known("age_days")? })
    }
}

impl BgNbdGammaGamma {
    fn level(&self, values: &GammaGamma, rows: &Rows<'_>) -> Result<Vec<f64>, TrainError> {
        let h = Histories::of(rows)?;
        let (mean, season) = (rows.number("value_per_order_day")?, rows.seasons());
        Ok((0..h.x.len())
            .map(|i| {
                let n = self.purchases.expected_purchases(self.horizon_days, h.x[i], h.t_x[i], h.age[i]);
                // the mean is over all order days, the first included
                let known = if mean[i] > 0.0 { h.x[i] + 1.0 } else { 0.0 };
                n * values.expected_value(known, mean[i].max(0.0)) * season[i].next
            })
            .collect())
    }
}

impl Rung for BgNbdGammaGamma {
    const TARGETS: &'static [Target] = &[Target::ExpectedRevenue, Target::ExpectedMargin, Target::Inactivity];
    const STEP: u8 = 2;

    fn fit(task: &Task<'_>, rows: &Rows<'_>) -> Result<Self, TrainError> {
        let newest = rows.panel().last_origin();
        let h = Histories::of(&newest)?;
        let repeat = h.x.iter().filter(|x| **x > 0.0).count();
        if repeat < ENOUGH {
            return Err(too_few(task, "repeat buyers", repeat, ENOUGH));
        }
        let horizon_days = f64::from(task.horizon.months()) * DAYS_PER_MONTH;
        let records = histories(&h.x, &h.t_x, &h.age).map_err(|error| gave_up(task, error))?;
        let purchases = rows.panel().shared(&format!("bg_nbd {horizon_days}"), || {
            BgNbdParams::default()
                .horizon(horizon_days)
                .penalty(PENALTY)
                .check()
                .and_then(|params| params.fit(&DatasetBase::from(records)))
                .map_err(|error| gave_up(task, error))
        })?;
        let purchases = purchases.as_ref().clone();
        let mut model = Self { purchases, horizon_days, money: None };
        if task.target != Target::Inactivity {
            let mean = newest.number("value_per_order_day")?;
            let buyers: Vec<f64> = (0..h.x.len())
                .filter(|&i| h.x[i] > 0.0 && mean[i] > 0.0)
                .flat_map(|i| [h.x[i] + 1.0, mean[i]])
                .collect();
            let records = Array2::from_shape_vec((buyers.len() / 2, 2), buyers).map_err(|e| gave_up(task, e))?;
            let values = GammaGammaParams::default()
                .penalty(PENALTY)
                .check()
                .and_then(|params| params.fit(&DatasetBase::from(records)))
                .map_err(|error| gave_up(task, error))?;
            let level = model.level(&values, rows)?;
            let outcome = rows.label(label(task.target))?;
            let factors = ClassFactors::learn(&level, &outcome, &rows.class(), &rows.is_new()?, &rows.account());
            model.money = Some((values, factors));
        }
        Ok(model)
    }

    fn predict(&self, _target: Target, rows: &Rows<'_>) -> Result<Vec<f64>, TrainError> {
        match &self.money {
            Some((values, factors)) => Ok(factors.apply(&self.level(values, rows)?, &rows.class(), &rows.is_new()?)),
            None => {
                let h = Histories::of(rows)?;
                let model = &self.purchases;
                Ok((0..h.x.len())
                    .map(|i| {
                        // an account that is alive stays so until its next purchase
                        let none = ((model.alpha + h.age[i]) / (model.alpha + h.age[i] + self.horizon_days))
                            .powf(model.r + h.x[i]);
                        1.0 - model.probability_alive(h.x[i], h.t_x[i], h.age[i]) * (1.0 - none)
                    })
                    .collect())
            }
        }
    }
}
