//! Rung 0 (METHOD sections 2 and 3): what can be said without any model.
//!
//! With `H` the horizon, `s` the portfolio's mean seasonal index of the target months ([`super::season`]) and `n` the
//! months of data up to `t`, per account and for revenue and margin alike:
//!
//! - last `H` months: their sum; with `n < H`, the sum of the `n` there are times `H / n`;
//! - last 12 months times `H / 12` (with `n < 12`: the `n` there are times `H / n`), plain and times `s`;
//! - same months last year: each target month stands for the latest one of the same name up to `t`; where data do not
//!   reach back so far, for the account's mean month of the last 12;
//! - mean of the last 24 months (or of the `n` there are) times `H`;
//! - portfolio mean: the mean of "last 12 months times `s`" over the population.
//!
//! Revenue below zero is zero, since no account is expected to return more than it buys; margin keeps its sign.
//!
//! B = `trend * (same months last year / 2 + 24-month mean * H * s / 2)`, at least 0, with the largest order of a month
//! cut at five times the account's usual one. An account whose first order lies less than 12 months back is new: its
//! B is the mean B of the other accounts in its ABC class, shrunk towards the mean of all of them with the weight of
//! [`PRIOR_ACCOUNTS`] accounts. Where everybody is new, all take part.

use polars::prelude::*;
use rayon::prelude::*;

use super::{
    BASELINE_COLUMNS, BaselineFrame, FeatureError, Seasons,
    as_of::{History, MonthTotal},
    origin::Origin,
    portfolio::CHUNK,
};
use crate::domain::{AbcClass, Horizon, Money};

/// How many accounts' weight the mean of all has against that of a class.
const PRIOR_ACCOUNTS: f64 = 10.0;

/// Months of history under which an account is new.
const NEW_MONTHS: i32 = 12;

/// The least growth threshold, one cent: a portfolio without revenue has no smaller unit of interest.
const LEAST_THRESHOLD: f64 = 0.01;

/// One account's baselines in units of the currency, before anything is known of the others.
struct Own {
    /// Last H, last 12 scaled, last 12 seasonal, same months last year, 24-month mean.
    revenue: [f64; 5],
    margin: [f64; 5],
    base: f64,
    is_new: bool,
}

impl Origin<'_> {
    /// All columns of [`BASELINE_COLUMNS`] and METHOD's `d`.
    pub(super) fn baselines(&self, horizon: Horizon) -> Result<BaselineFrame, FeatureError> {
        let chunks: Vec<Vec<Own>> = self
            .portfolio()
            .members()
            .par_chunks(CHUNK)
            .map(|members| {
                let mut history = History::new();
                let own = |&account: &usize| {
                    self.known().read(account, &mut history);
                    self.own_baselines(&history, horizon)
                };
                members.iter().map(own).collect()
            })
            .collect();
        let own: Vec<Own> = chunks.into_iter().flatten().collect();
        let base = bases(&own, self.portfolio().classes());
        let mean = |value: &dyn Fn(&Own) -> f64| own.iter().map(value).sum::<f64>() / own.len().max(1) as f64;
        let (mean_revenue, mean_margin) = (mean(&|own| own.revenue[2]), mean(&|own| own.margin[2]));
        let mean_base = base.iter().sum::<f64>() / base.len().max(1) as f64;

        let mut columns = vec![self.account_ids()];
        for (position, name) in BASELINE_COLUMNS.iter().enumerate() {
            let values: Vec<f64> = match position {
                0 => vec![mean_revenue; own.len()],
                1..6 => own.iter().map(|own| own.revenue[position - 1]).collect(),
                6 => vec![mean_margin; own.len()],
                7..12 => own.iter().map(|own| own.margin[position - 7]).collect(),
                12 => base.clone(),
                _ => own.iter().map(|own| f64::from(u8::from(own.is_new))).collect(),
            };
            columns.push(Column::new((*name).into(), values));
        }
        let frame = DataFrame::new(own.len(), columns)?;
        let threshold = (0.01 * mean_base).max(LEAST_THRESHOLD);
        let (season, months) = (self.portfolio().season(), horizon.months() as usize);
        let seasons = Seasons { last: season.mean_of_last(months), next: season.mean_of_next(months) };
        Ok(BaselineFrame::new(self.known().as_of(), horizon, threshold, frame)?.with_seasons(seasons))
    }

    fn own_baselines(&self, history: &History, horizon: Horizon) -> Own {
        let months = horizon.months() as usize;
        let season = self.portfolio().season().mean_of_next(months);
        let excess = history.one_off_excess().unwrap_or([0; 24]);
        let winsorised = |ago: usize| history.month(ago).revenue - excess.get(ago).copied().unwrap_or(0);
        let ordinary = Scaled::new(history, months, winsorised);
        let base = self.portfolio().trend() * 0.5 * (ordinary.same_months() + ordinary.mean_of(24) * season);
        Own {
            revenue: five(history, months, season, |month| month.revenue).map(|value| value.max(0.0)),
            margin: five(history, months, season, |month| month.margin),
            base: base.max(0.0),
            is_new: history.months_since_first_order().is_none_or(|age| age < NEW_MONTHS),
        }
    }
}

fn five(history: &History, months: usize, season: f64, value: impl Fn(&MonthTotal) -> i64) -> [f64; 5] {
    let scaled = Scaled::new(history, months, |ago| value(history.month(ago)));
    let last_12 = scaled.mean_of(12);
    [scaled.mean_of(months), last_12, last_12 * season, scaled.same_months(), scaled.mean_of(24)]
}

/// A series of monthly amounts (ten-thousandths, by months before `t`), carried forward over a horizon.
struct Scaled<V> {
    covered: usize,
    horizon: usize,
    value: V,
}

impl<V: Fn(usize) -> i64> Scaled<V> {
    fn new(history: &History, horizon: usize, value: V) -> Self {
        Self { covered: history.covered(), horizon, value }
    }

    /// The mean of the last `months` (or of as many as there are) times the horizon, in units.
    fn mean_of(&self, months: usize) -> f64 {
        let available = months.min(self.covered);
        let sum: i64 = (0..available).map(&self.value).sum();
        Money::from_e4(sum).units() * (self.horizon as f64 / available as f64)
    }

    /// The target months as they were when last seen, in units.
    fn same_months(&self) -> f64 {
        let seen = |ahead: usize| 11 - ahead % 12;
        let sum: i64 = (0..self.horizon).map(seen).filter(|&ago| ago < self.covered).map(&self.value).sum();
        let unseen = (0..self.horizon).map(seen).filter(|&ago| ago >= self.covered).count();
        let mean = self.mean_of(12) / self.horizon as f64;
        Money::from_e4(sum).units() + if unseen > 0 { mean * unseen as f64 } else { 0.0 }
    }
}

/// B of every account: its own, or the shrunk class mean where it is new.
fn bases(own: &[Own], classes: &[AbcClass]) -> Vec<f64> {
    let nobody_old = own.iter().all(|own| own.is_new);
    let counts = |own: &Own| nobody_old || !own.is_new;
    let sum_and_count = |of: Option<AbcClass>| {
        own.iter()
            .zip(classes)
            .filter(|(own, class)| counts(own) && of.is_none_or(|of| of == **class))
            .fold((0.0, 0.0), |(sum, n), (own, _)| (sum + own.base, n + 1.0))
    };
    let (sum, n) = sum_and_count(None);
    let mean = if n > 0.0 { sum / n } else { 0.0 };
    let shrunk = AbcClass::ALL.map(|class| {
        let (sum, n) = sum_and_count(Some(class));
        (sum + PRIOR_ACCOUNTS * mean) / (n + PRIOR_ACCOUNTS)
    });
    own.iter().zip(classes).map(|(own, class)| if own.is_new { shrunk[*class as usize] } else { own.base }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(base: f64, is_new: bool) -> Own {
        Own { revenue: [0.0; 5], margin: [0.0; 5], base, is_new }
    }

    #[test]
    fn a_new_account_is_expected_to_become_like_its_class() {
        let own = [account(100.0, false), account(300.0, false), account(20.0, false), account(7.0, true)];
        let classes = [AbcClass::A, AbcClass::A, AbcClass::C, AbcClass::A];
        // mean of all 140; class A: (400 + 10 * 140) / 12
        assert_eq!(bases(&own, &classes), [100.0, 300.0, 20.0, 150.0]);
    }

    #[test]
    fn where_everybody_is_new_all_take_part() {
        let own = [account(100.0, true), account(300.0, true)];
        assert_eq!(bases(&own, &[AbcClass::A, AbcClass::A]), [200.0, 200.0]);
        assert!(bases(&[], &[]).is_empty());
    }

    #[test]
    fn target_months_are_those_of_last_year() {
        let series = |covered, horizon| Scaled { covered, horizon, value: |ago: usize| (ago as i64 + 1) * 10_000 };
        // three months after t were last seen 11, 10 and 9 months ago
        assert_eq!(series(24, 3).same_months(), 12.0 + 11.0 + 10.0);
        assert_eq!(series(24, 12).same_months(), 78.0);
        // a second year repeats the first
        assert_eq!(series(24, 24).same_months(), 156.0);
        // with 11 months of data the first target month is unseen: the mean of the 11 stands in
        assert_eq!(series(11, 3).same_months(), 6.0 + 11.0 + 10.0);
        assert_eq!(series(3, 6).mean_of(12), 2.0 * 6.0);
    }
}
