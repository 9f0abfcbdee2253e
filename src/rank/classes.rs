//! ABC classes and potential bands, their matrix, and the accounts that moved between classes.
//!
//! Classes are always raw. Hysteresis applies to *reported* movements only: one is named when the classes at `t` and
//! `t - 1` agree and differ from that at `t - 2`, all recomputed from the ledger.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    domain::{AbcClass, AbcThresholds, PotentialBand, ServiceLevel, cumulative_classes},
    score::{Account, Standing},
};

/// Totals over one class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassSummary {
    /// The class.
    pub class: AbcClass,
    /// Accounts in it.
    pub accounts: usize,
    /// Net revenue of the last 12 months.
    pub revenue_last: f64,
    /// Contribution margin of the last 12 months.
    pub margin_last: f64,
    /// Share of all positive values of what the class is by.
    pub share: f64,
    /// Expected revenue over the horizon.
    pub expected_revenue: f64,
    /// Expected margin over the horizon.
    pub expected_margin: f64,
}

/// One cell of the ABC x potential matrix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// The class.
    pub class: AbcClass,
    /// The band.
    pub band: PotentialBand,
    /// What its accounts get, before the rule for overdue A accounts.
    pub service_level: ServiceLevel,
    /// Accounts in it.
    pub accounts: usize,
    /// Contribution margin of the last 12 months.
    pub margin_last: f64,
    /// Headroom in revenue over the horizon.
    pub headroom_revenue: f64,
    /// Headroom in margin over the horizon.
    pub headroom_margin: f64,
}

/// An account that changed its ABC class and stayed there for two months.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Movement {
    /// The account.
    pub customer_id: String,
    /// Its class at `t - 2`.
    pub from: AbcClass,
    /// Its class at `t - 1` and `t`.
    pub to: AbcClass,
    /// Its margin of 12 months at `t - 2`.
    pub margin_before: f64,
    /// Its margin of 12 months at `t`.
    pub margin_now: f64,
}

/// Class and margin of every account of a month's population.
pub type Classes = BTreeMap<String, (AbcClass, f64)>;

/// ABC class by contribution margin of the last 12 months, within the population of one month.
pub fn classes_at(accounts: &[Account], thresholds: AbcThresholds) -> Classes {
    let members = || accounts.iter().filter(|account| account.standing == Standing::Active);
    let margin: Vec<f64> = members().map(|account| account.margin_last).collect();
    let classes = cumulative_classes(&margin, thresholds);
    members().map(|account| account.id.clone()).zip(classes.into_iter().zip(margin)).collect()
}

/// The accounts that moved, in order of id; `before` are the classes at `t - 1` and `t - 2`.
pub(super) fn movements(now: &Classes, before: [&Classes; 2]) -> Vec<Movement> {
    let [last, earlier] = before;
    now.iter()
        .filter_map(|(id, (class, margin))| {
            let (previous, _) = last.get(id)?;
            let (first, margin_before) = earlier.get(id)?;
            (previous == class && first != class).then(|| Movement {
                customer_id: id.clone(),
                from: *first,
                to: *class,
                margin_before: *margin_before,
                margin_now: *margin,
            })
        })
        .collect()
}

/// One account's figures as the summaries add them up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figures {
    pub revenue_last: f64,
    pub margin_last: f64,
    pub expected_revenue: f64,
    pub expected_margin: f64,
    pub headroom_revenue: f64,
    pub headroom_margin: f64,
}

/// Each value's share of the positive total; zero for the others, and for all if nothing is positive.
pub(super) fn positive_shares(values: &[f64]) -> Vec<f64> {
    let total: f64 = values.iter().map(|v| v.max(0.0)).sum();
    values.iter().map(|v| if total > 0.0 { v.max(0.0) / total } else { 0.0 }).collect()
}

/// Totals by class; `by` is what the classes were made of.
pub(super) fn summaries(figures: &[Figures], classes: &[AbcClass], by: &[f64]) -> Vec<ClassSummary> {
    let shares = positive_shares(by);
    AbcClass::ALL
        .into_iter()
        .map(|class| {
            let of_class = || (0..figures.len()).filter(|&i| classes[i] == class);
            let sum = |figure: fn(&Figures) -> f64| of_class().map(|i| figure(&figures[i])).sum();
            ClassSummary {
                class,
                accounts: of_class().count(),
                revenue_last: sum(|f| f.revenue_last),
                margin_last: sum(|f| f.margin_last),
                share: of_class().map(|i| shares[i]).sum(),
                expected_revenue: sum(|f| f.expected_revenue),
                expected_margin: sum(|f| f.expected_margin),
            }
        })
        .collect()
}

/// All nine cells, best class and band first.
pub(super) fn matrix(figures: &[Figures], classes: &[AbcClass], bands: &[PotentialBand]) -> Vec<Cell> {
    let mut cells = Vec::with_capacity(9);
    for class in AbcClass::ALL {
        for band in PotentialBand::ALL {
            let of_cell = || (0..figures.len()).filter(|&i| classes[i] == class && bands[i] == band);
            let sum = |figure: fn(&Figures) -> f64| of_cell().map(|i| figure(&figures[i])).sum();
            cells.push(Cell {
                class,
                band,
                service_level: ServiceLevel::of(class, band),
                accounts: of_cell().count(),
                margin_last: sum(|f| f.margin_last),
                headroom_revenue: sum(|f| f.headroom_revenue),
                headroom_margin: sum(|f| f.headroom_margin),
            });
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(of: &[(&str, AbcClass)]) -> Classes {
        of.iter().map(|(id, class)| ((*id).to_owned(), (*class, 1.0))).collect()
    }

    #[test]
    fn a_movement_is_named_only_when_the_new_class_has_lasted_two_months() {
        use AbcClass::{A, B, C};
        let now = classes(&[("flickers", A), ("moved", A), ("new", A), ("stays", B), ("two steps", A)]);
        let last = classes(&[("flickers", B), ("moved", A), ("new", A), ("stays", B), ("two steps", B)]);
        let earlier = classes(&[("flickers", A), ("moved", B), ("stays", B), ("two steps", C)]);
        let found = movements(&now, [&last, &earlier]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].customer_id.as_str(), found[0].from, found[0].to), ("moved", B, A));
    }

    #[test]
    fn shares_of_what_is_positive_sum_to_one_or_nothing() {
        assert_eq!(positive_shares(&[3.0, -5.0, 1.0]), [0.75, 0.0, 0.25]);
        assert_eq!(positive_shares(&[-3.0, 0.0]), [0.0, 0.0]);
    }
}
