//! What the published models say of each account of the population, and what their bootstrap refits say.
//!
//! A figure that cannot be had (no model for want of history) is absent as a whole, never zero.

use rayon::prelude::*;

use super::ScoreError;
use crate::{
    backtest::{LevelInputs, Trained, level_revenue},
    domain::{Level, Target},
    features::Slice,
    train::FittedModel,
};

/// What one refit of the chosen rungs, on accounts drawn with replacement, says of the same accounts.
#[derive(Debug, Clone, PartialEq)]
pub struct Refit {
    /// Expected revenue over the horizon `(n)`, in the report currency.
    pub expected_revenue: Vec<f64>,
    /// The level that headroom is measured against `(n)`.
    pub level_revenue: Vec<f64>,
}

/// Forecasts over the horizon, one entry per account of the population in the order of its slice.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// Expected net revenue.
    pub expected_revenue: Vec<f64>,
    /// Lower and upper bound of the 80 % prediction interval of realised revenue.
    pub interval: Option<(Vec<f64>, Vec<f64>)>,
    /// Expected contribution margin; may be negative.
    pub expected_margin: Vec<f64>,
    /// 0.9 quantile of revenue.
    pub stretch_revenue: Option<Vec<f64>>,
    /// 0.9 quantile of revenue given only what our own share cannot have shaped.
    pub peer_revenue: Option<Vec<f64>>,
    /// The level that headroom is measured against.
    pub level: Option<(Level, Vec<f64>)>,
    /// Probability of growth beyond the base by more than d.
    pub growth: Option<Vec<f64>>,
    /// Probability of no order.
    pub inactivity: Option<Vec<f64>>,
    /// At least [`Forecast::FEWEST_REFITS`] refits; fewer give no estimation interval.
    pub refits: Vec<Refit>,
}

impl Forecast {
    /// Refits below which 10th and 90th percentile say nothing.
    pub const FEWEST_REFITS: usize = 20;

    /// What the champions say of the accounts of `slice`; `None` for the figures of targets without a champion.
    /// Headroom is measured against `level`, or against stretch where what `level` is made from is not known.
    ///
    /// # Errors
    /// If expected revenue or margin has no champion, or a model does not fit the slice.
    pub fn of(models: &[Trained], slice: &Slice, level: Level) -> Result<Self, ScoreError> {
        let find = |target: Target| models.iter().find(|model| model.target == target);
        let first = find(Target::ExpectedRevenue).ok_or(ScoreError::NoModel { target: Target::ExpectedRevenue })?;
        // columns are read and encoded once for all models and their refits
        let pool = first.model.pool(slice)?;
        let refits = models.iter().flat_map(|model| std::iter::once(&model.model).chain(&model.refits));
        let alike: Vec<&FittedModel> = refits.filter(|model| model.pools_as(&first.model)).collect();
        FittedModel::share(&alike, &pool)?;
        let rows = pool.rows();
        let predict = |model: &FittedModel| -> Result<Vec<f64>, ScoreError> {
            if model.pools_as(&first.model) { Ok(model.predict_rows(&rows)?) } else { Ok(model.predict(slice)?) }
        };
        let of = |target: Target| find(target).map(|found| predict(&found.model)).transpose();
        let required = |target: Target| of(target)?.ok_or(ScoreError::NoModel { target });
        let refits_of = |target: Target| find(target).map_or(&[][..], |model| model.refits.as_slice());
        let (expected_revenue, stretch_revenue, peer_revenue) =
            (required(Target::ExpectedRevenue)?, of(Target::Stretch)?, of(Target::PeerLevel)?);
        let stated = slice.features().numbers("stated_share")?;
        let last_12 = slice.baselines().numbers("last_12_scaled_revenue")?;
        let inputs = LevelInputs {
            expected: &expected_revenue,
            last_12: &last_12,
            stretch: stretch_revenue.as_deref(),
            peers: peer_revenue.as_deref(),
            offset: slice.baselines().threshold(),
            stated: &stated,
            believe: true,
        };
        let level = [level, Level::Stretch]
            .into_iter()
            .find_map(|level| level_revenue(level, &inputs).map(|revenue| (level, revenue)));
        let above = match level {
            Some((Level::Peer | Level::Blend, _)) => refits_of(Target::PeerLevel),
            _ => refits_of(Target::Stretch),
        };
        let refit = |(expected, above): (&FittedModel, &FittedModel)| {
            let (expected_revenue, above) = (predict(expected)?, predict(above)?);
            let inputs =
                LevelInputs { expected: &expected_revenue, stretch: Some(&above), peers: Some(&above), ..inputs };
            let level_revenue = level.as_ref().and_then(|(level, _)| level_revenue(*level, &inputs));
            Ok(level_revenue.map(|level_revenue| Refit { expected_revenue, level_revenue }))
        };
        let refits: Option<Vec<Refit>> =
            refits_of(Target::ExpectedRevenue).par_iter().zip(above).map(refit).collect::<Result<_, ScoreError>>()?;
        let interval = match &first.interval {
            Some(model) => {
                let interval = model.predict_rows(&rows)?;
                Some(expected_revenue.iter().enumerate().map(|(row, e)| interval.around(row, *e)).unzip())
            }
            None => None,
        };
        Ok(Self {
            interval,
            expected_margin: required(Target::ExpectedMargin)?,
            stretch_revenue,
            peer_revenue,
            level,
            growth: of(Target::Growth)?,
            inactivity: of(Target::Inactivity)?,
            refits: refits.unwrap_or_default(),
            expected_revenue,
        })
    }

    /// Refuses forecasts of another number of accounts.
    pub(super) fn check(&self, accounts: usize) -> Result<(), ScoreError> {
        let mut columns: Vec<(&'static str, usize)> =
            vec![("expected_revenue", self.expected_revenue.len()), ("expected_margin", self.expected_margin.len())];
        if let Some((low, high)) = &self.interval {
            columns.extend([("expected_revenue_low", low.len()), ("expected_revenue_high", high.len())]);
        }
        let optional = [
            ("stretch_revenue", &self.stretch_revenue),
            ("peer_revenue", &self.peer_revenue),
            ("growth_probability", &self.growth),
            ("inactivity_probability", &self.inactivity),
        ];
        columns.extend(optional.iter().filter_map(|(name, values)| Some((*name, values.as_ref()?.len()))));
        columns.extend(self.level.as_ref().map(|(_, level)| ("level_revenue", level.len())));
        for refit in &self.refits {
            columns.push(("expected_revenue of a refit", refit.expected_revenue.len()));
            columns.push(("level_revenue of a refit", refit.level_revenue.len()));
        }
        match columns.into_iter().find(|(_, found)| *found != accounts) {
            None => Ok(()),
            Some((column, found)) => Err(ScoreError::Length { column, found, expected: accounts }),
        }
    }
}
