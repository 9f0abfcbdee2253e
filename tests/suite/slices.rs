//! Slices of a made-up company, without a warehouse: for tests of training and backtesting that must be quick.
//!
//! Features are computed from monthly sums by slow, obvious code; whatever the catalogue has beyond them is unknown.

use std::collections::BTreeMap;

use headroom::{
    domain::{AsOf, Horizon, Month, Seed},
    features::{
        ACCOUNT_ID, BASELINE_COLUMNS, BaselineFrame, FeatureFrame, LABEL_COLUMNS, LabelFrame, Slice,
        catalogue::{Kind, features},
    },
};
use polars::prelude::*;
use rand::Rng;

/// What one account did, month by month.
#[derive(Debug, Clone, Default)]
pub struct Account {
    pub revenue: Vec<f64>,
    pub orders: Vec<u32>,
    pub log_employees: f64,
    pub industry: &'static str,
}

/// A company with its accounts.
#[derive(Debug, Clone)]
pub struct Company {
    pub accounts: Vec<Account>,
    pub first: Month,
    pub months: usize,
    /// Share of revenue that is margin.
    pub margin: f64,
}

/// How accounts differ and last.
#[derive(Debug, Clone, Copy)]
pub struct Nature {
    /// Deviation of the log of an account's usual monthly revenue.
    pub spread: f64,
    /// Monthly probability of leaving for good.
    pub churn: f64,
    /// Deviation of the monthly drift of an account's log level, which persists: what a model can learn of trends.
    pub drift: f64,
    /// Orders a month.
    pub rate: f64,
}

/// Every account is the same, and every order is chance.
pub const NOISE: Nature = Nature { spread: 0.0, churn: 0.0, drift: 0.0, rate: 0.5 };
/// Accounts differ, trend and leave.
pub const SIGNAL: Nature = Nature { spread: 1.0, churn: 0.01, drift: 0.02, rate: 1.0 };

impl Company {
    pub fn new(accounts: usize, months: usize, nature: Nature, seed: u64) -> Self {
        let mut rng = Seed(seed).derive("company").rng();
        let mut normal = {
            let mut rng = Seed(seed).derive("normal").rng();
            move || {
                // Box and Muller
                let (u, v): (f64, f64) = (rng.random::<f64>().max(1e-12), rng.random());
                (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
            }
        };
        let accounts = (0..accounts)
            .map(|i| {
                let size = nature.spread * normal();
                let trend = nature.drift * normal();
                let (mut revenue, mut orders) = (vec![0.0; months], vec![0; months]);
                let start = if i % 5 == 4 { rng.random_range(0..months * 2 / 3) } else { 0 };
                for month in start..months {
                    if rng.random::<f64>() < nature.churn {
                        break;
                    }
                    let n = (0..4).filter(|_| rng.random::<f64>() < nature.rate / 4.0).count();
                    orders[month] = n as u32;
                    let level = (size + trend * (month - start) as f64).clamp(-4.0, 4.0).exp();
                    revenue[month] = (0..n).map(|_| 1000.0 * level * (0.5 * normal()).exp()).sum();
                }
                let industry = ["trade", "crafts", "industry"][i % 3];
                Account { revenue, orders, log_employees: 3.0 + size, industry }
            })
            .collect();
        Self { accounts, first: Month::new(2010, 1).unwrap(), months, margin: 0.3 }
    }

    /// The last month with data.
    pub fn last(&self) -> Month {
        self.first.plus(self.months as i32 - 1)
    }

    /// The slice as of `at`, with labels if its window has closed.
    pub fn slice(&self, at: Month, horizon: Horizon) -> Slice {
        let t = at.since(self.first) as usize;
        let h = horizon.months() as usize;
        let population: Vec<usize> = (0..self.accounts.len())
            .filter(|&i| self.accounts[i].orders[(t + 1).saturating_sub(24)..=t].iter().any(|n| *n > 0))
            .collect();
        let names: Vec<String> = population.iter().map(|i| format!("account-{i:06}")).collect();
        let histories: Vec<History<'_>> =
            population.iter().map(|&i| History { account: &self.accounts[i], t, margin: self.margin }).collect();
        let of_all =
            |of: &dyn Fn(&History<'_>) -> f64| histories.iter().map(of).sum::<f64>() / histories.len().max(1) as f64;
        let mean_base = of_all(&|a| a.base(h)).max(1e-9);
        let mean_revenue = of_all(&|a| a.window(0, 12.min(t + 1)) / 12.min(t + 1) as f64 * h as f64);

        let mut columns = vec![Column::new(ACCOUNT_ID.into(), names.clone())];
        let values: Vec<BTreeMap<&str, f64>> = histories.iter().map(History::features).collect();
        for feature in features() {
            columns.push(match feature.kind {
                Kind::Number => Column::new(
                    feature.name.into(),
                    values.iter().map(|v| v.get(feature.name).copied().filter(|v| v.is_finite())).collect::<Vec<_>>(),
                ),
                Kind::Category => Column::new(
                    feature.name.into(),
                    histories
                        .iter()
                        .map(|a| (feature.name == "industry").then_some(a.account.industry))
                        .collect::<Vec<Option<&str>>>(),
                ),
            });
        }
        let as_of = AsOf::end_of(at);
        let frame = DataFrame::new(names.len(), columns).unwrap();
        let features = FeatureFrame::new(as_of, frame).unwrap();

        let mut columns = vec![Column::new(ACCOUNT_ID.into(), names.clone())];
        for name in BASELINE_COLUMNS {
            let values: Vec<f64> = histories.iter().map(|a| a.baseline(name, h, mean_revenue)).collect();
            columns.push(Column::new(name.into(), values));
        }
        let frame = DataFrame::new(names.len(), columns).unwrap();
        let baselines = BaselineFrame::new(as_of, horizon, 0.01 * mean_base, frame).unwrap();

        let labels = (t + h < self.months).then(|| {
            let mut columns = vec![Column::new(ACCOUNT_ID.into(), names.clone())];
            for name in LABEL_COLUMNS {
                let values: Vec<f64> = histories.iter().map(|a| a.label(name, h, 0.01 * mean_base)).collect();
                columns.push(Column::new(name.into(), values));
            }
            let frame = DataFrame::new(names.len(), columns).unwrap();
            LabelFrame::new(as_of, horizon, self.last(), frame).unwrap()
        });
        Slice::new(features, baselines, labels).unwrap()
    }

    /// Slices of all `origins`.
    pub fn panel(&self, origins: &[Month], horizon: Horizon) -> Vec<Slice> {
        origins.iter().map(|&origin| self.slice(origin, horizon)).collect()
    }
}

/// What is known of one account at the end of month `t`.
struct History<'a> {
    account: &'a Account,
    t: usize,
    margin: f64,
}

impl History<'_> {
    /// Revenue of `length` months that end `back` months before `t`.
    fn window(&self, back: usize, length: usize) -> f64 {
        let end = (self.t + 1).saturating_sub(back);
        self.account.revenue[end.saturating_sub(length)..end].iter().sum()
    }

    fn known(&self, length: usize) -> usize {
        length.min(self.t + 1)
    }

    fn base(&self, h: usize) -> f64 {
        let year_ago = if self.t + 1 >= 12 { self.window(12usize.saturating_sub(h), h.min(12)) } else { 0.0 };
        let mean = self.window(0, 24) / self.known(24) as f64 * h as f64;
        0.5 * year_ago * h as f64 / h.min(12) as f64 + 0.5 * mean
    }

    fn active(&self) -> Vec<usize> {
        (0..=self.t).filter(|&m| self.account.orders[m] > 0).collect()
    }

    fn baseline(&self, name: &str, h: usize, mean_revenue: f64) -> f64 {
        let per = |window: f64, length: usize| window / length as f64 * h as f64;
        let revenue = match name.trim_end_matches("_revenue").trim_end_matches("_margin") {
            "portfolio_mean" => mean_revenue,
            "last_horizon" => self.window(0, h),
            "last_12_scaled" | "last_12_seasonal" => per(self.window(0, 12), self.known(12)),
            "same_months_last_year" if self.t + 1 >= 12 => self.window(12usize.saturating_sub(h), h),
            "same_months_last_year" => 0.0,
            "mean_24_scaled" => per(self.window(0, 24), self.known(24)),
            "base" => self.base(h),
            _ => return f64::from(u8::from(self.active().first().is_none_or(|first| self.t - first < 12))),
        };
        if name.ends_with("_margin") { self.margin * revenue } else { revenue }
    }

    fn label(&self, name: &str, h: usize, threshold: f64) -> f64 {
        let future = self.t + 1..=self.t + h;
        let revenue: f64 = self.account.revenue[future.clone()].iter().sum();
        let base = self.base(h);
        match name {
            "revenue" => revenue,
            "margin" => self.margin * revenue,
            "grew" => f64::from(u8::from(revenue > base + threshold.max(0.15 * base))),
            _ => f64::from(u8::from(self.account.orders[future].iter().all(|n| *n == 0))),
        }
    }

    fn features(&self) -> BTreeMap<&'static str, f64> {
        let active = self.active();
        let (first, last) = (active[0], active[active.len() - 1]);
        let recent: Vec<usize> = active.iter().copied().filter(|m| m + 24 > self.t).collect();
        let gap = if recent.len() > 1 {
            30.0 * (recent[recent.len() - 1] - recent[0]) as f64 / (recent.len() - 1) as f64
        } else {
            f64::NAN
        };
        let since = 30.0 * (self.t - last) as f64 + 15.0;
        let orders = |length: usize| {
            f64::from(self.account.orders[(self.t + 1).saturating_sub(length)..=self.t].iter().sum::<u32>())
        };
        let full = |length: usize, value: f64| if self.t + 1 >= length { value } else { f64::NAN };
        let months = |length: usize| active.iter().filter(|m| *m + length > self.t).count() as f64;
        let log = |above: f64, below: f64| ((above + 1.0) / (below + 1.0)).ln();
        BTreeMap::from([
            ("days_since_last_order", since),
            ("order_gap_mean_24", gap),
            ("hiatus_ratio", since / gap),
            ("active_months_12", full(12, months(12))),
            ("active_months_24", full(24, months(24))),
            ("orders_3", full(3, orders(3))),
            ("orders_12", full(12, orders(12))),
            ("margin_rate_12", self.margin),
            ("log_ratio_3_to_12", full(12, log(4.0 * self.window(0, 3), self.window(0, 12)))),
            ("log_ratio_12_to_24", full(24, log(self.window(0, 12), 0.5 * self.window(0, 24)))),
            ("months_since_first_order", (self.t - first) as f64),
            ("log_employees", self.account.log_employees),
            ("repeat_order_days", active.len() as f64 - 1.0),
            ("recency_days", 30.0 * (last - first) as f64),
            ("age_days", 30.0 * (self.t - first) as f64 + 15.0),
            ("value_per_order_day", self.window(0, self.t + 1) / active.len() as f64),
        ])
    }
}
