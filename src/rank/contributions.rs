//! Reasons of a linear model: its contributions, summed by family of features, since related columns cancel out.

use super::{Explanation, RankError, Reason, ReasonKind, Stance, facts::known};
use crate::features::{Slice, catalogue};

/// Contributions below this (log ratio or log odds, 5 %) move nobody.
const SMALLEST_CONTRIBUTION: f64 = 0.05;

/// A linear model's contributions with the family of each column.
pub(super) struct ByFamily<'a> {
    explanation: &'a Explanation,
    families: Vec<(&'static str, Vec<usize>)>,
    columns: Vec<NamedColumn>,
}

/// The feature a column of the design was made from.
struct NamedColumn {
    feature: String,
    values: Option<Vec<f64>>,
    median: Option<f64>,
}

impl<'a> ByFamily<'a> {
    pub(super) fn of(explanation: &'a Explanation, slice: &Slice) -> Result<Self, RankError> {
        let mut families: Vec<(&'static str, Vec<usize>)> = Vec::new();
        let mut columns = Vec::new();
        for (at, name) in explanation.contributions.names.iter().enumerate() {
            // `feature`, `feature=level`, `feature?` (missing) or `baseline/anchor`
            let stem = name.split(['=', '?', '/']).next().unwrap_or(name);
            let declared = catalogue::features().iter().find(|feature| feature.name == stem);
            let family = declared.map_or("history", |feature| feature.family);
            match families.iter_mut().find(|(known, _)| *known == family) {
                Some((_, members)) => members.push(at),
                None => families.push((family, vec![at])),
            }
            let number = declared.filter(|feature| feature.kind == catalogue::Kind::Number);
            let values = number.map(|feature| slice.features().numbers(feature.name)).transpose()?;
            let median = values.as_deref().and_then(median);
            columns.push(NamedColumn { feature: name.clone(), values, median });
        }
        Ok(Self { explanation, families, columns })
    }

    /// The families that moved account `i`, strongest first.
    pub(super) fn reasons(&self, i: usize) -> Vec<Reason> {
        let row = self.explanation.contributions.values.row(i);
        let mut found: Vec<(f64, Reason)> = Vec::new();
        for (family, members) in &self.families {
            let contribution: f64 = members.iter().map(|&j| row[j]).sum();
            // The member that pulls the same way as the family, and hardest.
            let leading = members.iter().copied().max_by(|&a, &b| {
                let pull = |j: usize| row[j] * contribution.signum();
                pull(a).total_cmp(&pull(b)).then(b.cmp(&a))
            });
            if let Some(leading) = leading
                && contribution.abs() >= SMALLEST_CONTRIBUTION
            {
                let column = &self.columns[leading];
                let stance = if contribution > 0.0 { Stance::For } else { Stance::Against };
                let kind = ReasonKind::Model {
                    target: self.explanation.target,
                    family: (*family).into(),
                    feature: column.feature.clone(),
                    value: column.values.as_ref().and_then(|values| known(values[i])),
                    typical: column.median,
                    contribution,
                };
                found.push((contribution.abs(), Reason { stance, kind }));
            }
        }
        // Families keep their order where weights are equal: the sort is stable.
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        found.into_iter().map(|(_, reason)| reason).collect()
    }
}

fn median(values: &[f64]) -> Option<f64> {
    let mut known: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    known.sort_unstable_by(f64::total_cmp);
    known.get(known.len() / 2).copied()
}
