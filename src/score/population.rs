//! What scores need to know of each account of the population beside what models say: kept as features pass by.

use std::collections::BTreeMap;

use super::ScoreError;
use crate::features::{BaselineFrame, Parts, Slice};

/// The features that are kept.
const KEPT: [&str; 5] = ["stated_share", "overdue_amount", "payment_known", "revenue_24", "margin_24"];

/// The population of one origin: its baselines and a few of its features.
#[derive(Debug, Clone)]
pub struct Population {
    baselines: BaselineFrame,
    features: BTreeMap<&'static str, Vec<f64>>,
}

impl Population {
    /// Of all accounts of `slice`.
    ///
    /// # Errors
    /// None in practice; the columns exist by construction.
    pub fn of(slice: &Slice) -> Result<Self, ScoreError> {
        let mut population = Self::without_features(slice);
        population.keep(slice)?;
        Ok(population)
    }

    /// Features are still to be kept, part by part.
    pub(super) fn without_features(parts: &impl Parts) -> Self {
        let room = || Vec::with_capacity(parts.height());
        Self { baselines: parts.baselines().clone(), features: KEPT.map(|name| (name, room())).into() }
    }

    pub(super) fn keep(&mut self, part: &Slice) -> Result<(), ScoreError> {
        for (name, values) in &mut self.features {
            values.extend(part.features().numbers(name)?);
        }
        Ok(())
    }

    pub(super) const fn baselines(&self) -> &BaselineFrame {
        &self.baselines
    }

    /// One of [`KEPT`], unknown values as NaN.
    pub(super) fn feature(&self, name: &'static str) -> &[f64] {
        &self.features[name]
    }

    pub(super) fn height(&self) -> usize {
        self.baselines.height()
    }
}
