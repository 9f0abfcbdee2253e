//! N(g): which product group an account will buy for the first time, and what that brings.
//!
//! A row is an account and a product group that it has not bought for 24 months; the outcome is a purchase within the
//! horizon. Three candidates: how often this group is taken up at all (popularity), how many of the 20 nearest peers buy
//! it, and boosted trees on both and on what the account buys. They are compared by log loss on the selection origins,
//! the simplest within one standard error of the best is used and judged on the locked origin, as every target is.
//! What a purchase brings is the mean of first purchases, winsorised at their 95 % and shrunk by group and industry.

mod candidates;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use ndarray::{Array1, Array2};
use polars::prelude::*;
use serde::{Deserialize, Serialize};

pub use self::rows::nearest_accounts;
use self::{
    candidates::{Candidate, Fitted},
    rows::{GroupRows, Surroundings},
};
use super::{
    BacktestError, Setting,
    bootstrap::{Bootstrap, lower_bound},
    choose::{Entry, choose},
    metrics::{Order, deciles, mean, probability, skill},
    origins::MOST_REPEATED,
    report::{CalibrationBin, Estimate},
};
use crate::{
    domain::{AbcThresholds, Month, Seed},
    features::{Purchases, Slice},
    learners::shrinkage::ShrunkMeans,
    train::{MAX_ROWS, pairs},
};

/// Peers that are asked what they buy.
pub const PEERS: usize = 20;
/// Purchases above this share of a group's first purchases count as that one.
const WINSORISED: f64 = 0.95;
/// First purchases below which nothing can be learned of them.
const FEWEST_PURCHASES: usize = 50;
/// Groups of an account that are offered to it.
const OFFERED: usize = 5;
/// Top share of the lift.
const TOP: f64 = 0.1;
const REPLICATES: usize = 300;

/// One origin: what was known, and what was bought by group.
pub type Origin<'a> = (&'a Slice, &'a Purchases);

/// One figure of the judged origin beside popularity's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WhitespaceMetric {
    /// `log_loss`, `auc`, `average_precision`, `lift_10`, `precision_at_5` or `base_rate`.
    pub metric: String,
    /// The published candidate's.
    pub value: f64,
    /// Popularity's.
    pub popularity: f64,
}

/// A candidate on the selection origins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// Its name.
    pub candidate: String,
    /// Mean log loss; `None` without a selection origin.
    pub loss: Option<f64>,
    /// Why it is published or not.
    pub outcome: String,
}

/// How well first purchases could be foretold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WhitespaceReport {
    /// `popularity`, `peers` or `boosted`.
    pub published: String,
    /// Those compared on the selection origins, simplest first.
    pub candidates: Vec<Tried>,
    /// The judged origin; the locked one where there is one.
    pub origin: Option<Month>,
    /// Rows judged: accounts times groups not bought.
    pub rows: usize,
    /// All figures of the judged origin.
    pub metrics: Vec<WhitespaceMetric>,
    /// `1 - log loss / popularity's` there, with its 90 % interval by account.
    pub skill: Option<Estimate>,
    /// Whether it may be claimed: a one-sided 95 % bound above 0 on the locked origin.
    pub claimed: bool,
    /// Predicted and true rate by decile.
    pub calibration: Vec<CalibrationBin>,
    /// The verdict in one sentence.
    pub verdict: String,
}

/// The recipe, refit on everything known, with its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Whitespace {
    fitted: Fitted,
    spend: ShrunkMeans,
    /// Ascending; an unknown industry is one more.
    industries: Vec<String>,
    /// The evidence.
    pub report: WhitespaceReport,
}

/// One account's first purchase of one group, foretold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FirstPurchase {
    /// Position of the account in the slice.
    pub account: usize,
    /// Position of the group among those of the purchases.
    pub group: usize,
    /// Probability within the horizon.
    pub probability: f64,
    /// Expected revenue given that it happens.
    pub spend: f64,
    /// How many of the nearest peers buy the group, if there are peers.
    pub peers: Option<u32>,
}

/// How many product groups an account buys within 24 months, beside its nearest peers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Breadth {
    /// Groups it buys.
    pub own: u32,
    /// Mean number that its nearest peers buy.
    pub peers: f64,
    /// Groups that anybody buys.
    pub of: u32,
}

/// What is said of the accounts of one origin.
#[derive(Debug, Clone, PartialEq)]
pub struct Foretold {
    /// Every group that an account has not bought for 24 months, by account and group.
    pub purchases: Vec<FirstPurchase>,
    /// Per account; `None` where accounts cannot be compared.
    pub breadth: Option<Vec<Breadth>>,
}

/// Breadth of every account, given the positions of its nearest peers.
fn breadth(purchases: &Purchases, nearest: &[Vec<usize>]) -> Vec<Breadth> {
    let bought = |account: usize| purchases.before(account).iter().filter(|(_, revenue)| *revenue > 0.0);
    let own: Vec<u32> = (0..purchases.accounts()).map(|account| bought(account).count() as u32).collect();
    let all: BTreeSet<u32> =
        (0..purchases.accounts()).flat_map(|account| bought(account).map(|(group, _)| *group)).collect();
    (own.iter().zip(nearest))
        .map(|(&own_count, peers)| Breadth {
            own: own_count,
            peers: peers.iter().map(|&peer| f64::from(own[peer])).sum::<f64>() / peers.len().max(1) as f64,
            of: all.len() as u32,
        })
        .collect()
}

impl Whitespace {
    /// What the accounts of `origin` will buy for the first time, and how broad they buy now.
    ///
    /// # Errors
    /// If a feature is missing.
    pub fn predict(&self, origin: Origin<'_>, abc: AbcThresholds) -> Result<Foretold, BacktestError> {
        let rows = GroupRows::of(&[&Surroundings::new(origin, abc)?], Seed(0), usize::MAX)?;
        let probability = self.fitted.predict(&rows);
        let keys = spend_keys(&rows, &self.industries);
        let purchases = (0..rows.len())
            .map(|i| FirstPurchase {
                account: rows.row[i] as usize,
                group: rows.group[i] as usize,
                probability: probability[i],
                spend: self.spend.estimate(&keys[i]).max(0.0),
                peers: rows.peers_buy(i),
            })
            .collect();
        Ok(Foretold { purchases, breadth: rows.into_nearest().map(|nearest| breadth(origin.1, &nearest)) })
    }
}

/// Chooses, judges and refits; `origins` are those of the plan, each with outcomes. `None` where no line has a product
/// group, or where hardly anything is ever bought for the first time.
///
/// # Errors
/// If a feature is missing.
pub fn whitespace(origins: &[Origin<'_>], setting: &Setting<'_>) -> Result<Option<Whitespace>, BacktestError> {
    let plan = setting.plan;
    let surroundings: Vec<Surroundings<'_>> =
        origins.iter().map(|origin| Surroundings::new(*origin, setting.abc)).collect::<Result<_, _>>()?;
    let pick = |of: &[Month]| -> Result<GroupRows, BacktestError> {
        let chosen: Vec<&Surroundings<'_>> = surroundings.iter().filter(|at| of.contains(&at.at())).collect();
        let skip = chosen.len().saturating_sub(MOST_REPEATED);
        GroupRows::of(&chosen[skip..], setting.seed, MAX_ROWS)
    };
    let mut before: Vec<Month> = plan.train.iter().chain(&plan.calibrate).copied().collect();
    before.sort_unstable();
    let train = pick(&before)?;
    if train.purchases() < FEWEST_PURCHASES {
        return Ok(None);
    }
    let (used, candidates) = compare(&train, &pick(&plan.choose)?)?;
    before.extend(&plan.choose);
    let judged = match plan.locked {
        Some(locked) => {
            let test = pick(&[locked])?;
            let known = pick(&before)?;
            Some((
                locked,
                Fitted::fit(used, &known)?.predict(&test),
                Fitted::fit(Candidate::Popularity, &known)?.predict(&test),
                test,
            ))
        }
        None => None,
    };
    let mut report = WhitespaceReport {
        published: used.name().into(),
        candidates,
        origin: None,
        rows: 0,
        metrics: Vec::new(),
        skill: None,
        claimed: false,
        calibration: Vec::new(),
        verdict: format!("{} is published for first purchases; no origin is left to judge it on", used.name()),
    };
    if let Some((origin, own, popularity, test)) = judged {
        judge(&mut report, origin, &own, &popularity, &test, setting);
    }
    let newest = pick(&plan.origins())?;
    let industries = newest.industries();
    let spend = spend(&newest, &industries)?;
    Ok(Some(Whitespace { fitted: Fitted::fit(used, &newest)?, spend, industries, report }))
}

/// The candidate that is used, and how all did on the selection origins.
fn compare(train: &GroupRows, test: &GroupRows) -> Result<(Candidate, Vec<Tried>), BacktestError> {
    if test.is_empty() {
        let popularity = Candidate::Popularity;
        let outcome = "published: no selection origin to compare on".into();
        return Ok((popularity, vec![Tried { candidate: popularity.name().into(), loss: None, outcome }]));
    }
    let tried: Vec<Candidate> = Candidate::ALL
        .into_iter()
        .filter(|c| *c != Candidate::Peers || train.has_peers() && test.has_peers())
        .collect();
    let losses = tried
        .iter()
        .map(|candidate| Ok(probability::log_loss(&Fitted::fit(*candidate, train)?.predict(test), &test.bought)))
        .collect::<Result<Vec<_>, BacktestError>>()?;
    let entries: Vec<Entry<'_>> = losses.iter().map(|losses| Entry { losses, order: None }).collect();
    let choice = choose(&entries, &test.account);
    let results = (tried.iter().zip(&losses).zip(choice.outcomes))
        .map(|((candidate, losses), outcome)| Tried {
            candidate: candidate.name().into(),
            loss: Some(losses.iter().sum::<f64>() / losses.len() as f64),
            outcome,
        })
        .collect();
    Ok((tried[choice.chosen], results))
}

fn judge(
    report: &mut WhitespaceReport,
    origin: Month,
    own: &[f64],
    popularity: &[f64],
    test: &GroupRows,
    setting: &Setting<'_>,
) {
    if test.is_empty() {
        return;
    }
    let ones = vec![1.0; test.len()];
    let figures = |predicted: &[f64]| {
        let order = Order::descending(predicted);
        vec![
            ("log_loss", mean(&probability::log_loss(predicted, &test.bought), &ones)),
            ("auc", probability::auc(&order, &test.bought, &ones)),
            ("average_precision", probability::average_precision(&order, &test.bought, &ones)),
            ("lift_10", probability::lift(&order, &test.bought, &ones, TOP)),
            ("precision_at_5", precision_at(OFFERED, predicted, test)),
            ("base_rate", mean(&test.bought, &ones)),
        ]
    };
    report.metrics = (figures(own).into_iter().zip(figures(popularity)))
        .map(|((metric, value), (_, popularity))| WhitespaceMetric { metric: metric.into(), value, popularity })
        .collect();
    let (own_loss, base_loss) =
        (probability::log_loss(own, &test.bought), probability::log_loss(popularity, &test.bought));
    let accounts = test.account.iter().max().map_or(0, |&last| last as usize + 1);
    let bootstrap = Bootstrap::new(accounts, REPLICATES, setting.seed.derive("whitespace"));
    let gain = |weight: &[f64]| skill(mean(&own_loss, weight), mean(&base_loss, weight));
    let draws = bootstrap.draw(&test.account, gain);
    let estimate = bootstrap.estimate(&test.account, gain);
    report.claimed =
        report.published != Candidate::Popularity.name() && lower_bound(draws, 0.95).is_some_and(|bound| bound > 0.0);
    report.calibration = deciles(own, &test.bought)
        .into_iter()
        .map(|(predicted, actual, n)| CalibrationBin { predicted, actual, n })
        .collect();
    (report.origin, report.rows, report.skill) = (Some(origin), test.len(), Some(estimate));
    let precision = &report.metrics[4];
    report.verdict = format!(
        "{} {} first purchases as of {origin}: {:.1} % off the log loss of popularity (90 % interval {:.1} to {:.1} %); of \
         five groups offered to each account {:.1} % were bought, by popularity {:.1} %",
        report.published,
        if report.claimed { "foretells" } else { "is published, but no skill can be claimed for" },
        100.0 * estimate.value,
        100.0 * estimate.low,
        100.0 * estimate.high,
        100.0 * precision.value,
        100.0 * precision.popularity,
    );
}

/// Share bought among the `k` groups that are likeliest for each account, over all accounts.
fn precision_at(k: usize, predicted: &[f64], rows: &GroupRows) -> f64 {
    let mut of: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (i, account) in rows.account.iter().enumerate() {
        of.entry(*account).or_default().push(i);
    }
    let (mut hits, mut offered) = (0.0, 0.0);
    for mut own in of.into_values() {
        own.sort_by(|&a, &b| predicted[b].total_cmp(&predicted[a]).then(a.cmp(&b)));
        for &i in own.iter().take(k) {
            hits += rows.bought[i];
            offered += 1.0;
        }
    }
    if offered > 0.0 { hits / offered } else { 0.0 }
}

fn spend_keys(rows: &GroupRows, industries: &[String]) -> Vec<[usize; 2]> {
    (0..rows.len())
        .map(|i| {
            let known =
                rows.industry(i).and_then(|name| industries.binary_search_by(|known| known.as_str().cmp(name)).ok());
            [rows.group[i] as usize, known.unwrap_or(industries.len())]
        })
        .collect()
}

/// Mean of first purchases, winsorised by group, shrunk by group and then by industry within it.
fn spend(rows: &GroupRows, industries: &[String]) -> Result<ShrunkMeans, BacktestError> {
    let bought: Vec<usize> = (0..rows.len()).filter(|&i| rows.bought[i] > 0.5).collect();
    let mut by_group: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for &i in &bought {
        by_group.entry(rows.group[i]).or_default().push(rows.spend[i]);
    }
    let limit: BTreeMap<u32, f64> = by_group
        .into_iter()
        .map(|(group, mut spend)| {
            spend.sort_unstable_by(f64::total_cmp);
            let rank = (WINSORISED * spend.len() as f64).ceil() as usize;
            (group, spend[rank.clamp(1, spend.len()) - 1])
        })
        .collect();
    let all = spend_keys(rows, industries);
    let keys = Array2::from_shape_fn((bought.len(), 2), |(k, j)| all[bought[k]][j]);
    let y: Array1<f64> = bought.iter().map(|&i| rows.spend[i].min(limit[&rows.group[i]])).collect();
    pairs::shrunk_means(keys, y).map_err(|reason| BacktestError::Whitespace { reason })
}

impl WhitespaceReport {
    /// The judged origin's figures as rows of `backtest.parquet`.
    ///
    /// # Errors
    /// If Polars fails.
    pub fn table(&self, setting: &Setting<'_>) -> PolarsResult<DataFrame> {
        let n = if self.origin.is_some() { self.metrics.len() } else { 0 };
        let of = |value: &dyn Fn(&WhitespaceMetric) -> f64| self.metrics[..n].iter().map(value).collect::<Vec<f64>>();
        let origin = self.origin.map_or_else(String::new, |origin| origin.to_string());
        df! {
            "target" => vec!["whitespace"; n],
            "origin" => vec![origin; n],
            "horizon_months" => vec![setting.plan.horizon.months(); n],
            "rung" => vec![self.published.as_str(); n],
            "segment" => vec!["all"; n],
            "metric" => self.metrics[..n].iter().map(|m| m.metric.as_str()).collect::<Vec<_>>(),
            "value" => of(&|m| m.value),
            "baseline_value" => of(&|m| m.popularity),
            "ci_low" => vec![None::<f64>; n],
            "ci_high" => vec![None::<f64>; n],
            "n" => vec![self.rows as i64; n],
        }
    }
}
