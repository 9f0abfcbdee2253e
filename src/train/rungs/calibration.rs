//! Setting a level right by ABC class: one factor per class, and the mean outcome where the level is zero.
//!
//! Learned on training origins. Without it skill is cheap: on one history replacing zeros alone took 65 % off the
//! deviance of a baseline without any model. Small levels join the zeros' mean smoothly: an account that bought little
//! is never put below one that bought nothing (on AdventureWorks that alone would cost .011 of Spearman).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::AbcClass;

/// Fewer accounts of a class than this share the factor of all; an account's rows at many origins are one witness.
const ENOUGH: usize = 30;
/// A factor beyond this says more about a few rows than about a class.
const MOST: f64 = 20.0;

/// Factors per class (A, B, C) and the means that stand in for levels that are zero or negative.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ClassFactors {
    factor: [f64; 3],
    zero: f64,
    /// New accounts have no level because they had no time for one: their mean is the prior of METHOD section 5.
    zero_new: f64,
}

impl ClassFactors {
    /// `factor(class) = sum outcome / sum level` over rows with a positive level.
    pub(crate) fn learn(level: &[f64], outcome: &[f64], class: &[AbcClass], is_new: &[bool], account: &[u32]) -> Self {
        let ratio = |rows: &dyn Fn(usize) -> bool| {
            let of: Vec<usize> = (0..level.len()).filter(|&i| level[i] > 0.0 && rows(i)).collect();
            let (mut above, mut below) = (0.0, 0.0);
            for &i in &of {
                above += outcome[i];
                below += level[i];
            }
            (distinct(account, &of), if below > 0.0 { (above / below).clamp(0.0, MOST) } else { 1.0 })
        };
        let (_, pooled) = ratio(&|_| true);
        let factor = AbcClass::ALL.map(|c| match ratio(&|i| class[i] == c) {
            (n, factor) if n >= ENOUGH => factor,
            _ => pooled,
        });
        let mean = |rows: &dyn Fn(usize) -> bool| {
            let of: Vec<usize> = (0..level.len()).filter(|&i| level[i] <= 0.0 && rows(i)).collect();
            (distinct(account, &of), of.iter().map(|&i| outcome[i]).sum::<f64>() / of.len().max(1) as f64)
        };
        let (seen, zero) = mean(&|_| true);
        // where hardly a zero was seen (a young company), halfway between nothing and what the poorest tenth did
        let unseen = ENOUGH.saturating_sub(seen) as f64 / ENOUGH as f64;
        let zero = (1.0 - unseen) * zero + unseen * 0.5 * poorest_tenth(level, outcome);
        let split = |new: bool| match mean(&|i| is_new[i] == new) {
            (n, mean) if n >= ENOUGH => mean,
            _ => zero,
        };
        Self { factor, zero: split(false), zero_new: split(true) }
    }

    /// The level set right: the zeros' mean at zero, `factor * level` far above it, and rising in between.
    pub(crate) fn apply(&self, level: &[f64], class: &[AbcClass], is_new: &[bool]) -> Vec<f64> {
        (0..level.len())
            .map(|i| {
                let zero = if is_new[i] { self.zero_new } else { self.zero };
                match level[i] {
                    positive if positive > 0.0 => (positive * self.factor[class[i] as usize]).hypot(zero.max(0.0)),
                    _ => zero,
                }
            })
            .collect()
    }
}

/// How many accounts `rows` are of.
fn distinct(account: &[u32], rows: &[usize]) -> usize {
    rows.iter().map(|&i| account[i]).collect::<BTreeSet<u32>>().len()
}

/// Mean outcome of the tenth of rows with the lowest positive levels; 0 where no level is positive.
fn poorest_tenth(level: &[f64], outcome: &[f64]) -> f64 {
    let mut rows: Vec<usize> = (0..level.len()).filter(|&i| level[i] > 0.0).collect();
    rows.sort_by(|&i, &j| level[i].total_cmp(&level[j]));
    rows.truncate(rows.len().div_ceil(10));
    rows.iter().map(|&i| outcome[i]).sum::<f64>() / rows.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize) -> Vec<u32> {
        (0..n as u32).collect()
    }

    #[test]
    fn totals_per_class_are_met_on_the_rows_it_learned_from() {
        let n = 120;
        let class: Vec<_> = (0..n).map(|i| AbcClass::ALL[i % 3]).collect();
        let level: Vec<_> = (0..n).map(|i| if i < 30 { 0.0 } else { i as f64 }).collect();
        let outcome: Vec<_> =
            (0..n).map(|i| i as f64 * (1.0 + (i % 3) as f64) * f64::from(u8::from(i >= 30))).collect();
        let factors = ClassFactors::learn(&level, &outcome, &class, &vec![false; n], &numbers(n));
        for (got, want) in factors.apply(&level, &class, &vec![false; n]).iter().zip(&outcome) {
            assert!((got - want).abs() < 1e-9, "{got} {want}");
        }
    }

    #[test]
    fn zeros_get_their_mean_outcome_and_nobody_is_put_below_them() {
        let n = 120;
        let level: Vec<f64> = (0..n).map(|i| if i < 60 { 0.0 } else { (i - 59) as f64 * 10.0 }).collect();
        let outcome: Vec<f64> = level.iter().map(|l| if *l > 0.0 { 0.5 * l } else { 40.0 }).collect();
        let (class, is_new) = (vec![AbcClass::B; n], vec![false; n]);
        let right = ClassFactors::learn(&level, &outcome, &class, &is_new, &numbers(n)).apply(&level, &class, &is_new);
        assert_eq!(right[0], 40.0);
        assert!(right[59..].windows(2).all(|pair| pair[0] < pair[1]), "{right:?}");
        assert!((right[n - 1] / outcome[n - 1] - 1.0).abs() < 0.02, "{right:?}");
    }

    #[test]
    fn a_zero_never_seen_is_worth_half_of_the_poorest_tenth() {
        let level: Vec<f64> = (1..=100).map(f64::from).collect();
        let factors = ClassFactors::learn(&level, &level, &[AbcClass::C; 100], &[false; 100], &numbers(100));
        assert_eq!(factors.apply(&[0.0], &[AbcClass::C], &[false]), [0.5 * 5.5]);
    }

    #[test]
    fn a_class_with_few_rows_shares_the_factor_of_all() {
        let mut class = vec![AbcClass::C; 60];
        class[0] = AbcClass::A;
        let factors = ClassFactors::learn(&[10.0; 60], &[20.0; 60], &class, &[false; 60], &numbers(60));
        assert_eq!(factors.factor, [2.0; 3]);
    }

    #[test]
    fn one_account_at_many_origins_is_one_witness_of_what_a_zero_is_worth() {
        // the first account bought for nothing, and never again: 40 rows of it say no more than one
        let level: Vec<f64> = [0.0; 40].into_iter().chain((1..=100).map(f64::from)).collect();
        let account: Vec<u32> = [0; 40].into_iter().chain(1..=100).collect();
        let n = level.len();
        let factors = ClassFactors::learn(&level, &level, &vec![AbcClass::C; n], &vec![false; n], &account);
        let worth = factors.apply(&[0.0], &[AbcClass::C], &[false])[0];
        assert!((worth - 29.0 / 30.0 * 0.5 * 5.5).abs() < 1e-12, "{worth}");
    }
}
