//! What happened after `t`: the outcomes that models are trained on and judged by.
//!
//! A label is read through a view as of the end of its window, known by a given month: the only place where the future
//! of an origin is looked at, and it never reaches a feature. Accounts that left stay, with zeros.

use polars::prelude::*;
use rayon::prelude::*;

use super::{
    BaselineFrame, Facts, FeatureError, LABEL_COLUMNS, LabelFrame, as_of::History, monetary::units, origin::Origin,
    portfolio::CHUNK,
};
use crate::domain::{AsOf, Month};

impl Origin<'_> {
    /// Labels of the population over the horizon of `baselines`, from records known by `known_by`.
    pub(super) fn labels(
        &self,
        facts: &Facts,
        baselines: &BaselineFrame,
        known_by: Month,
    ) -> Result<LabelFrame, FeatureError> {
        let (as_of, horizon) = (self.known().as_of(), baselines.horizon());
        let months = horizon.months() as usize;
        let end = as_of.at().plus(horizon.months());
        let last = known_by.min(facts.last_complete_month().0);
        let window = AsOf::known_by(end, known_by).map_err(|_| FeatureError::OpenWindow { as_of, horizon, last })?;
        let future = facts.as_of(window);
        let outcomes: Vec<Vec<(f64, f64, bool)>> = self
            .portfolio()
            .members()
            .par_chunks(CHUNK)
            .map(|members| {
                let mut history = History::new();
                let outcome = |&account: &usize| {
                    future.read(account, &mut history);
                    let revenue = history.sum_of_available(months, |month| month.revenue);
                    let margin = history.sum_of_available(months, |month| month.margin);
                    (units(revenue), units(margin), !history.ordered_within(months))
                };
                members.iter().map(outcome).collect()
            })
            .collect();
        let outcomes = outcomes.concat();
        let limits = baselines.numbers("base_revenue")?.into_iter().zip(baselines.growth_threshold()?);
        let grew =
            outcomes.iter().zip(limits).map(|((revenue, ..), (base, d))| f64::from(u8::from(*revenue > base + d)));
        let values: [Vec<f64>; LABEL_COLUMNS.len()] = [
            outcomes.iter().map(|outcome| outcome.0).collect(),
            outcomes.iter().map(|outcome| outcome.1).collect(),
            grew.collect(),
            outcomes.iter().map(|outcome| f64::from(u8::from(outcome.2))).collect(),
        ];
        let labels = LABEL_COLUMNS.iter().zip(values).map(|(name, values)| Column::new((*name).into(), values));
        let frame = DataFrame::new(outcomes.len(), std::iter::once(self.account_ids()).chain(labels).collect())?;
        LabelFrame::new(as_of, horizon, last, frame)
    }
}
