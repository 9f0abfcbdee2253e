//! The level of an industry: the quantile of its accounts' revenue, shrunk towards that of all accounts.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::FOLDS;
use crate::{
    domain::Target,
    train::{
        Rows, TrainError,
        fit::Task,
        rungs::{
            baseline::STRETCH_LEVEL,
            label,
            ratio::{from_log_ratio, log_ratio, order_statistic},
            too_few,
        },
    },
};

/// The quantile of all accounts weighs as much as that of so many accounts of the industry.
const PRIOR_ACCOUNTS: f64 = 30.0;

/// Quantiles of `log((max(Y, 0) + c) / (M + c))`, `M` the portfolio's mean at the row's origin, by fold and industry.
///
/// `z(industry) = w * own + (1 - w) * all` with `w = accounts / (accounts + 30)`; without any industry, all are one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct IndustryQuantiles {
    /// In ascending order; an unknown industry is one more.
    industries: Vec<String>,
    /// `(folds, industries + 1)`, learned from the accounts of the other folds.
    quantiles: Vec<Vec<f64>>,
}

const PORTFOLIO: &str = "portfolio_mean_revenue";

impl IndustryQuantiles {
    pub(crate) fn learn(task: &Task<'_>, rows: &Rows<'_>, by_industry: bool) -> Result<Self, TrainError> {
        if rows.is_empty() {
            return Err(too_few(task, "rows", 0, 1));
        }
        let (mean, c, y) = (rows.baseline(PORTFOLIO)?, rows.offset(), rows.label(label(Target::PeerLevel))?);
        let z: Vec<f64> = (0..y.len()).map(|i| log_ratio(y[i], mean[i].max(0.0), c[i])).collect();
        let industry = rows.category("industry")?;
        let industries: BTreeSet<String> =
            if by_industry { industry.iter().flatten().cloned().collect() } else { BTreeSet::new() };
        let mut this = Self { industries: industries.into_iter().collect(), quantiles: Vec::new() };
        let code: Vec<usize> = industry.iter().map(|industry| this.code(industry.as_deref())).collect();
        let (fold, account) = (rows.fold_of_account(FOLDS), rows.account());
        for out in 0..FOLDS {
            // where one fold holds all accounts, there is nobody else to learn from
            let others = |i: &usize| fold[*i] != out || fold.iter().all(|f| *f == out);
            let quantile = |of: &dyn Fn(usize) -> bool| {
                let members: Vec<usize> = (0..z.len()).filter(|i| others(i) && of(*i)).collect();
                let accounts: BTreeSet<u32> = members.iter().map(|&i| account[i]).collect();
                let mut z: Vec<f64> = members.iter().map(|&i| z[i]).collect();
                z.sort_unstable_by(f64::total_cmp);
                (order_statistic(&z, STRETCH_LEVEL), accounts.len() as f64)
            };
            let (all, _) = quantile(&|_| true);
            let shrunk = |k: usize| {
                let (own, accounts) = quantile(&|i| code[i] == k);
                (accounts * own + PRIOR_ACCOUNTS * all) / (accounts + PRIOR_ACCOUNTS)
            };
            this.quantiles.push((0..=this.industries.len()).map(shrunk).collect());
        }
        Ok(this)
    }

    fn code(&self, industry: Option<&str>) -> usize {
        let known = industry.and_then(|name| self.industries.binary_search_by(|k| k.as_str().cmp(name)).ok());
        known.unwrap_or(self.industries.len())
    }

    /// The level per row, in currency, never negative.
    pub(crate) fn values(&self, rows: &Rows<'_>) -> Result<Vec<f64>, TrainError> {
        let fold = rows.fold_of_account(FOLDS);
        self.values_of(rows, |i| fold[i])
    }

    /// The same, as the accounts outside of a fold that is named per row say it.
    pub(super) fn values_of(&self, rows: &Rows<'_>, fold: impl Fn(usize) -> u32) -> Result<Vec<f64>, TrainError> {
        let (mean, c, (industries, industry)) = (rows.baseline(PORTFOLIO)?, rows.offset(), rows.codes("industry")?);
        let known = industries.iter().map(|name| self.code(Some(name)));
        let code: Vec<usize> = known.chain([self.code(None)]).collect();
        let level = |i: usize| {
            let z = self.quantiles[fold(i) as usize][code[industry[i] as usize]];
            from_log_ratio(z, mean[i].max(0.0), c[i])
        };
        Ok((0..mean.len()).map(level).collect())
    }
}
