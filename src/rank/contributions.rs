//! Reasons of a model: its contributions, summed by family of features, since related columns cancel out.
//!
//! A family is named by a figure that a reader can check: a number beside the median, or how the revenue of the accounts
//! of a category moved beside that of all. A family without any gives way to the next.

use std::collections::BTreeMap;

use super::{Explanation, RankError, Reason, ReasonKind, Stance, facts::known};
use crate::features::{Slice, catalogue};

/// Contributions below this (log ratio or log odds, 5 %) move nobody.
const SMALLEST_CONTRIBUTION: f64 = 0.05;

/// Units that a reader knows; a logarithm or an index says nothing to him.
pub const READABLE_UNITS: [&str; 10] =
    ["days", "months", "share", "currency", "orders", "count", "points", "ratio", "accounts", "level"];
/// A category of fewer accounts says more about these than about itself.
const ENOUGH_ACCOUNTS: usize = 30;
/// Growth that differs by less is the same.
const SMALLEST_DIFFERENCE: f64 = 0.01;

/// A model's contributions with the family of each column.
pub(super) struct ByFamily<'a> {
    explanation: &'a Explanation,
    families: Vec<(&'static str, Vec<usize>)>,
    columns: Vec<Column>,
}

/// The feature a column of the design was made from, and the figures that say of it what a reader understands.
struct Column {
    feature: &'static str,
    figures: Figures,
}

enum Figures {
    Number { values: Vec<f64>, typical: f64 },
    Level { levels: Vec<Option<String>>, only: Option<String>, growth: LevelGrowth },
    Nothing,
}

/// How revenue changed within a year, by level of a category.
struct LevelGrowth {
    of: BTreeMap<String, f64>,
    all: f64,
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
            let figures = match declared {
                Some(feature) if !name.ends_with('?') => Figures::of(feature, name, slice)?,
                _ => Figures::Nothing,
            };
            columns.push(Column { feature: declared.map_or("", |feature| feature.name), figures });
        }
        Ok(Self { explanation, families, columns })
    }

    /// The families that moved account `i`, strongest first; those that no figure speaks of are left out.
    pub(super) fn reasons(&self, i: usize) -> Vec<Reason> {
        let row = self.explanation.contributions.values.row(i);
        let mut found: Vec<(f64, Reason)> = Vec::new();
        for (family, members) in &self.families {
            let contribution: f64 = members.iter().map(|&j| row[j]).sum();
            if contribution.abs() < SMALLEST_CONTRIBUTION {
                continue;
            }
            let stance = if contribution > 0.0 { Stance::For } else { Stance::Against };
            // the member that pulls the same way as the family, and hardest, of those that have a figure
            let pull = |j: usize| row[j] * contribution.signum();
            let told = members.iter().copied().filter(|&j| pull(j) > 0.0);
            let leading = told
                .filter_map(|j| Some((j, self.kind(j, i, stance, family, contribution)?)))
                .max_by(|(a, _), (b, _)| pull(*a).total_cmp(&pull(*b)).then(b.cmp(a)));
            found.extend(leading.map(|(_, kind)| (contribution.abs(), Reason { stance, kind })));
        }
        // Families keep their order where weights are equal: the sort is stable.
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        found.into_iter().map(|(_, reason)| reason).collect()
    }

    fn kind(&self, j: usize, i: usize, stance: Stance, family: &str, contribution: f64) -> Option<ReasonKind> {
        let (target, family) = (self.explanation.target, family.to_owned());
        let Column { feature, figures } = &self.columns[j];
        let feature = (*feature).to_owned();
        match figures {
            Figures::Number { values, typical } => {
                let value = known(values[i]).filter(|value| value != typical)?;
                Some(ReasonKind::Model { target, family, feature, value, typical: *typical, contribution })
            }
            Figures::Level { levels, only, growth } => {
                let level = levels[i].clone().filter(|level| only.as_ref().is_none_or(|only| only == level))?;
                let (growth, typical) = (growth.said(&level, stance)?, growth.all);
                Some(ReasonKind::Level { target, family, feature, level, growth, typical, contribution })
            }
            Figures::Nothing => None,
        }
    }
}

impl Figures {
    fn of(feature: &catalogue::Feature, column: &str, slice: &Slice) -> Result<Self, RankError> {
        Ok(match feature.kind {
            catalogue::Kind::Number if READABLE_UNITS.contains(&feature.unit) => {
                let values = slice.features().numbers(feature.name)?;
                match median(&values) {
                    Some(typical) => Self::Number { values, typical },
                    None => Self::Nothing,
                }
            }
            catalogue::Kind::Number => Self::Nothing,
            catalogue::Kind::Category => {
                let levels = slice.features().categories(feature.name)?;
                let numbers = |name: &str| slice.features().numbers(name);
                match LevelGrowth::of(&levels, &numbers("revenue_12")?, &numbers("revenue_24")?) {
                    Some(growth) => {
                        Self::Level { levels, only: column.split_once('=').map(|(_, level)| level.to_owned()), growth }
                    }
                    None => Self::Nothing,
                }
            }
        })
    }
}

impl LevelGrowth {
    /// From revenue of the last 12 and 24 months; `None` without any in the year before.
    fn of(levels: &[Option<String>], revenue_12: &[f64], revenue_24: &[f64]) -> Option<Self> {
        let known = |i: &usize| !revenue_24[*i].is_nan() && !revenue_12[*i].is_nan();
        let growth = |rows: &[usize]| {
            let last: f64 = rows.iter().map(|&i| revenue_12[i]).sum();
            let both: f64 = rows.iter().map(|&i| revenue_24[i]).sum();
            (both > last).then(|| last / (both - last) - 1.0)
        };
        let mut rows_of: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let rows: Vec<usize> = (0..levels.len()).filter(known).collect();
        for &i in &rows {
            if let Some(level) = &levels[i] {
                rows_of.entry(level).or_default().push(i);
            }
        }
        let large = rows_of.into_iter().filter(|(_, rows)| rows.len() >= ENOUGH_ACCOUNTS);
        let of = large.filter_map(|(level, rows)| Some((level.to_owned(), growth(&rows)?))).collect();
        Some(Self { of, all: growth(&rows)? })
    }

    /// The growth of a level, where it speaks for what the model says.
    fn said(&self, level: &str, stance: Stance) -> Option<f64> {
        let growth = *self.of.get(level)?;
        let ahead = growth - self.all;
        let agrees = if stance == Stance::For { ahead > 0.0 } else { ahead < 0.0 };
        (agrees && ahead.abs() >= SMALLEST_DIFFERENCE).then_some(growth)
    }
}

fn median(values: &[f64]) -> Option<f64> {
    let mut known: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    known.sort_unstable_by(f64::total_cmp);
    known.get(known.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_is_a_reason_only_where_its_accounts_moved_as_the_model_says() {
        let levels: Vec<Option<String>> =
            (0..90).map(|i| (i >= 5).then(|| if i < 45 { "North" } else { "South" }.to_owned())).collect();
        let before = vec![100.0; 90];
        let with = |north: f64| {
            let last: Vec<f64> = (0..90).map(|i| if i < 45 { north } else { 100.0 }).collect();
            let both: Vec<f64> = last.iter().zip(&before).map(|(last, before)| last + before).collect();
            LevelGrowth::of(&levels, &last, &both).unwrap()
        };
        let grown = with(120.0);
        assert!((grown.said("North", Stance::For).unwrap() - 0.2).abs() < 1e-9 && (grown.all - 0.1).abs() < 1e-9);
        assert_eq!(grown.said("North", Stance::Against), None, "figures that say the opposite are no reason");
        assert!(grown.said("South", Stance::Against).is_some_and(|growth| growth.abs() < 1e-9));
        assert!((with(140.0).said("North", Stance::For).unwrap() - 0.4).abs() < 1e-9, "the figure follows the fact");
        assert_eq!(with(100.0).said("North", Stance::For), None);
        assert_eq!(grown.said("East", Stance::For), None);
        let few: Vec<Option<String>> = (0..90).map(|i| (i < 29).then(|| "North".to_owned())).collect();
        assert!(LevelGrowth::of(&few, &before, &[220.0; 90]).unwrap().of.is_empty(), "too few accounts");
        assert!(LevelGrowth::of(&few, &before, &before).is_none(), "no year before");
    }
}
