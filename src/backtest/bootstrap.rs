//! The bootstrap by account: how far a figure would move with other accounts.
//!
//! An account is drawn with all its rows, and two things that are compared are computed on the same draws. The draws
//! of a replicate depend on the seed and its number only, so that threads change nothing.

use rand::Rng;
use rayon::prelude::*;

use super::report::Estimate;
use crate::domain::Seed;

/// Two-sided level of reported intervals.
pub(super) const LEVEL: f64 = 0.9;

/// Replicates of weights over the accounts of a panel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bootstrap {
    accounts: usize,
    replicates: usize,
    seed: Seed,
}

impl Bootstrap {
    pub(super) const fn new(accounts: usize, replicates: usize, seed: Seed) -> Self {
        Self { accounts, replicates, seed }
    }

    /// `figures` of the data with each row weighing as often as its account was drawn, once per replicate.
    /// `account` numbers the account of each row.
    pub(super) fn draw<T: Send>(&self, account: &[u32], figures: impl Fn(&[f64]) -> T + Sync) -> Vec<T> {
        self.draw_accounts(|times| {
            let weight: Vec<f64> = account.iter().map(|&a| times[a as usize]).collect();
            figures(&weight)
        })
    }

    /// `figures` of how often each account was drawn, once per replicate: for sums that were taken by account before.
    pub(super) fn draw_accounts<T: Send>(&self, figures: impl Fn(&[f64]) -> T + Sync) -> Vec<T> {
        (0..self.replicates)
            .into_par_iter()
            .map(|replicate| {
                let mut rng = self.seed.derive(&replicate.to_string()).rng();
                let mut times = vec![0.0; self.accounts];
                for _ in 0..self.accounts {
                    times[rng.random_range(0..self.accounts)] += 1.0;
                }
                figures(&times)
            })
            .collect()
    }

    /// The figure on the data as it is, with its two-sided interval.
    pub(super) fn estimate(&self, account: &[u32], figure: impl Fn(&[f64]) -> f64 + Sync) -> Estimate {
        let value = figure(&vec![1.0; account.len()]);
        interval(value, self.draw(account, figure))
    }
}

/// `value` between the percentiles of its replicates; those that are not a number (nobody of a kind was drawn) are
/// left out, and without any left the interval is the value.
pub(super) fn interval(value: f64, mut replicates: Vec<f64>) -> Estimate {
    replicates.retain(|v| v.is_finite());
    replicates.sort_unstable_by(f64::total_cmp);
    let tail = 0.5 * (1.0 - LEVEL);
    Estimate {
        value,
        low: percentile(&replicates, tail).unwrap_or(value),
        high: percentile(&replicates, 1.0 - tail).unwrap_or(value),
    }
}

/// One-sided lower bound at `level`.
pub(super) fn lower_bound(mut replicates: Vec<f64>, level: f64) -> Option<f64> {
    replicates.retain(|v| v.is_finite());
    replicates.sort_unstable_by(f64::total_cmp);
    percentile(&replicates, 1.0 - level)
}

fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let at = share * last as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    Some(below + (at - at.floor()) * (above - below))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backtest::metrics::mean;

    #[test]
    fn the_interval_of_a_mean_is_that_of_theory() {
        // 400 accounts, deviation .5 (0 or 1): standard error .025, 90 % interval of 2 * 1.645 * .025 = .0822
        let values: Vec<f64> = (0..400).map(|i| f64::from(i % 2)).collect();
        let account: Vec<u32> = (0..400).collect();
        let estimate = Bootstrap::new(400, 2000, Seed(1)).estimate(&account, |w| mean(&values, w));
        assert_eq!(estimate.value, 0.5);
        assert!((estimate.high - estimate.low - 0.0822).abs() < 0.008, "{estimate:?}");
    }

    #[test]
    fn rows_of_one_account_are_drawn_together() {
        // two rows per account: the interval must not shrink as if there were twice as many accounts
        let values: Vec<f64> = (0..800).map(|i| f64::from((i / 2) % 2)).collect();
        let account: Vec<u32> = (0..800).map(|i| i / 2).collect();
        let estimate = Bootstrap::new(400, 2000, Seed(1)).estimate(&account, |w| mean(&values, w));
        assert!((estimate.high - estimate.low - 0.0822).abs() < 0.008, "{estimate:?}");
    }

    #[test]
    fn the_same_seed_draws_the_same_on_any_number_of_threads() {
        let account: Vec<u32> = (0..50).collect();
        let draw = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| Bootstrap::new(50, 64, Seed(3)).draw(&account, <[f64]>::to_vec))
        };
        assert_eq!(draw(1), draw(3));
    }
}
