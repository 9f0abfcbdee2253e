//! Totals over many accounts with an interval of their own.
//!
//! A common shock (a recession, a price rise) does not average out over accounts, so the bounds of single accounts say
//! nothing about the sum. METHOD section 4: accounts are drawn with replacement, one refit is drawn where there are
//! refits, and the sum is multiplied by the ratio of actual to forecast total of a past origin, drawn likewise. The
//! bounds are the 10th and 90th percentile of [`DRAWS`] such sums. Bounds are never added.

use rand::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::headroom::quantile;
use crate::{
    backtest::BacktestReport,
    domain::{Month, Seed, Target},
};

/// Bootstrap draws.
const DRAWS: usize = 1000;

/// A sum over accounts with its 80 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Total {
    /// The sum.
    pub value: f64,
    /// 10th percentile; `None` where no past origin tells how far totals miss.
    pub low: Option<f64>,
    /// 90th percentile.
    pub high: Option<f64>,
}

/// How the total came out at a past origin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Shock {
    /// The origin.
    pub origin: Month,
    /// Actual total divided by forecast total.
    pub ratio: f64,
}

/// What is added up.
#[derive(Debug, Clone, Copy)]
pub struct Summand<'a> {
    /// One value per account.
    pub point: &'a [f64],
    /// `(refits, accounts)`, or empty if the values carry no estimation error of their own.
    pub refits: &'a [Vec<f64>],
}

/// The sums of several columns over the same accounts, all from the same draws.
///
/// Every column must have one value per account. `shocks` empty gives sums without bounds.
pub fn totals<const N: usize>(columns: [Summand<'_>; N], shocks: &[Shock], seed: Seed) -> [Total; N] {
    let accounts = columns.iter().map(|column| column.point.len()).max().unwrap_or(0);
    let draws: Vec<[f64; N]> = if shocks.is_empty() {
        Vec::new()
    } else {
        (0..DRAWS)
            .into_par_iter()
            .map(|draw| {
                let mut rng = seed.derive(&format!("portfolio/{draw}")).rng();
                let shock = shocks[rng.random_range(0..shocks.len())].ratio;
                let chosen = columns.map(|column| match column.refits.len() {
                    0 => column.point,
                    n => column.refits[rng.random_range(0..n)].as_slice(),
                });
                let mut sums = [0.0; N];
                for _ in 0..accounts {
                    let account = rng.random_range(0..accounts);
                    for (sum, values) in sums.iter_mut().zip(chosen) {
                        *sum += values[account];
                    }
                }
                sums.map(|sum| sum * shock)
            })
            .collect()
    };
    let mut column = 0;
    columns.map(|summand| {
        let mut sums: Vec<f64> = draws.iter().map(|sums| sums[column]).collect();
        column += 1;
        sums.sort_unstable_by(f64::total_cmp);
        let bound = |p| (!sums.is_empty()).then(|| quantile(&sums, p));
        Total { value: summand.point.iter().sum(), low: bound(0.1), high: bound(0.9) }
    })
}

/// Actual over forecast total of expected revenue at every tested origin, by the rung that is published.
///
/// Margin shares these shocks: its totals may be near zero or negative, where a ratio says nothing.
pub fn shocks(report: &BacktestReport) -> Vec<Shock> {
    let tested = report.totals.iter().filter(|total| total.target == Target::ExpectedRevenue && total.forecast > 0.0);
    tested.map(|total| Shock { origin: total.origin, ratio: total.actual / total.forecast }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shock(ratio: f64) -> Shock {
        Shock { origin: "2020-10".parse().unwrap(), ratio }
    }

    #[test]
    fn a_common_shock_does_not_average_out() {
        let values = vec![10.0; 5000];
        let column = Summand { point: &values, refits: &[] };
        let [calm] = totals([column], &[shock(1.0)], Seed(1));
        let [rough] = totals([column], &[shock(0.8), shock(1.0), shock(1.2)], Seed(1));
        assert_eq!((calm.value, calm.low, calm.high), (50_000.0, Some(50_000.0), Some(50_000.0)));
        assert_eq!((rough.low, rough.high), (Some(40_000.0), Some(60_000.0)));
    }

    #[test]
    fn few_uneven_accounts_are_less_certain_than_many_even_ones_and_refits_widen_it() {
        let uneven: Vec<f64> = (0..40).map(|i| if i == 0 { 1000.0 } else { 1.0 }).collect();
        let plain = Summand { point: &uneven, refits: &[] };
        let refits = vec![vec![10.0; 40], vec![40.0; 40]];
        let even = vec![25.0; 40];
        let [a, b] = totals([plain, Summand { point: &even, refits: &refits }], &[shock(1.0)], Seed(1));
        assert!(a.low.unwrap() < 0.3 * a.value && a.high.unwrap() > 1.5 * a.value, "{a:?}");
        assert_eq!((b.low, b.high), (Some(400.0), Some(1600.0)));
    }

    #[test]
    fn without_a_past_origin_there_are_no_bounds_and_nobody_sums_to_nothing() {
        let [total] = totals([Summand { point: &[1.0, 2.0], refits: &[] }], &[], Seed(1));
        assert_eq!(total, Total { value: 3.0, low: None, high: None });
        let [none] = totals([Summand { point: &[], refits: &[] }], &[shock(1.1)], Seed(1));
        assert_eq!(none, Total { value: 0.0, low: Some(0.0), high: Some(0.0) });
    }
}
