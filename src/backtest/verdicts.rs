//! The three verdicts, each with its evidence: does E rank, is there skill, is there potential to rank?
//!
//! A claim needs a one-sided lower bound above 0 on the locked origin, at level `1 - .05 / number of claims`, and the
//! same sign on every origin that does not overlap with it. A ranking must moreover be more than a trace. Potential moreover needs the first verdict: where nothing is
//! known of any account, whoever bought little by chance "grows" by regression to the mean.

use super::{
    bootstrap::{Bootstrap, interval, lower_bound},
    losses::{TOP, losses, ordering},
    metrics::{self, Order, mean, ranking},
    report::{Estimate, OriginPlan, Realised, Verdict, Verdicts},
    track::Track,
};
use crate::domain::{Month, Seed};

/// Verdicts that share the 5 % of false claims.
const VERDICTS: f64 = 3.0;
/// An order that explains less than 1 % of the variance of ranks, on any origin, is no order worth a visit.
const LEAST_ORDER: f64 = 0.1;
/// Replicates behind a claim: the bound of a verdict is the 17th lowest.
const REPLICATES: usize = 1000;
/// From so many rows on, chance is small and fewer replicates find its size.
const MANY_ROWS: usize = 20_000;
const FEWER_REPLICATES: usize = 300;
/// Random lists of the top decile's length.
const RANDOM_LISTS: usize = 200;

const fn replicates(rows: usize) -> usize {
    if rows > MANY_ROWS { FEWER_REPLICATES } else { REPLICATES }
}

/// A figure on the locked origin, and whether it may be claimed.
pub(super) struct Claim {
    pub figure: Estimate,
    pub holds: bool,
    /// The sign on the other origins, newest first.
    pub elsewhere: Vec<(Month, f64)>,
}

/// Tests `figure` (of a track and weights per row) on the locked track and its sign on the others.
fn claim(
    locked: &Track,
    others: &[&Track],
    claims: f64,
    seed: Seed,
    figure: impl Fn(&Track) -> Box<dyn Fn(&[f64]) -> f64 + Sync + '_>,
) -> Claim {
    let accounts = locked.account.iter().max().map_or(0, |&last| last as usize + 1);
    let of_locked = figure(locked);
    let value = of_locked(&vec![1.0; locked.actual.len()]);
    let draws = Bootstrap::new(accounts, replicates(locked.actual.len()), seed).draw(&locked.account, &of_locked);
    let bound = lower_bound(draws.clone(), 1.0 - 0.05 / claims);
    let elsewhere: Vec<(Month, f64)> =
        others.iter().map(|track| (track.origin, figure(track)(&vec![1.0; track.actual.len()]))).collect();
    let holds = bound.is_some_and(|bound| bound > 0.0) && elsewhere.iter().all(|(_, value)| *value > 0.0);
    Claim { figure: interval(value, draws), holds, elsewhere }
}

/// Skill of the published rung over the baseline.
pub(super) fn skill(locked: &Track, others: &[&Track], claims: f64, seed: Seed) -> Claim {
    claim(locked, others, claims, seed, |track| {
        let own = losses(track.target, &track.published, &track.actual);
        let base = losses(track.target, &track.baseline, &track.actual);
        Box::new(move |weight| metrics::skill(mean(&own, weight), mean(&base, weight)))
    })
}

/// Ordering of the published rung minus the baseline's, on the locked origin.
pub(super) fn order_gain(locked: &Track, seed: Seed) -> Estimate {
    claim(locked, &[], 1.0, seed, |track| {
        let (own, base) = (Order::descending(&track.published), Order::descending(&track.baseline));
        let actual = Order::descending(&track.actual);
        Box::new(move |weight| {
            ordering(track.target, &own, &actual, &track.actual, weight)
                - ordering(track.target, &base, &actual, &track.actual, weight)
        })
    })
    .figure
}

/// Expected revenue and a level of one origin, joined into headroom, with what the lists compete on.
pub(super) struct Listing {
    pub origin: Month,
    pub account: Vec<u32>,
    pub headroom: Vec<f64>,
    pub expected: Vec<f64>,
    pub actual: Vec<f64>,
    /// B, the base of growth.
    pub base: Vec<f64>,
    /// Revenue of the last 12 months.
    pub size: Vec<f64>,
    /// How far the last horizon lies below the account's own mean of 24 months.
    pub below_mean: Vec<f64>,
    /// METHOD's d per account.
    pub threshold: Vec<f64>,
    /// The share of its demand that the account says we have, else NaN.
    pub stated: Vec<f64>,
    /// What our own people say of the account's potential, else NaN.
    pub judged: Vec<f64>,
}

impl Listing {
    /// `headroom / (B + d)` and the later `log((max(Y, 0) + d) / (B + d))` of one account.
    pub(super) fn relative(&self, i: usize) -> (f64, f64) {
        let (b, d) = (self.base[i].max(0.0), self.threshold[i]);
        (self.headroom[i] / (b + d), ((self.actual[i].max(0.0) + d) / (b + d)).ln())
    }

    /// What the choice of a level for headroom goes by: Spearman of `headroom / (B + d)` with the later
    /// `log((max(Y, 0) + d) / (B + d))` within quintiles of spend, their mean; NaN with fewer accounts than quintiles.
    pub(super) fn order_within_spend(&self) -> f64 {
        let correlations = quintiles(&self.size).map(|rows| {
            let (headroom, growth): (Vec<f64>, Vec<f64>) = rows.iter().map(|&i| self.relative(i)).unzip();
            let ones = vec![1.0; rows.len()];
            ranking::spearman(&Order::descending(&headroom), &Order::descending(&growth), &ones)
        });
        if self.size.len() < 5 { f64::NAN } else { correlations.iter().sum::<f64>() / 5.0 }
    }

    /// Mean gain per decile of headroom, highest first, with the number of accounts.
    pub(super) fn gain_by_decile(&self) -> Vec<(f64, usize)> {
        let (n, gain) = (self.headroom.len(), self.gain());
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&i, &j| self.headroom[j].total_cmp(&self.headroom[i]));
        let bins = n.min(10);
        (0..bins)
            .map(|bin| {
                let rows = &order[n * bin / bins..n * (bin + 1) / bins];
                (rows.iter().map(|&i| gain[i]).sum::<f64>() / rows.len() as f64, rows.len())
            })
            .collect()
    }

    pub(super) fn gain(&self) -> Vec<f64> {
        self.actual.iter().zip(&self.base).map(|(y, b)| y - b).collect()
    }

    /// Mean gain of the top decile by headroom minus the better of all accounts' mean and the biggest decile's.
    fn advantage(&self) -> impl Fn(&[f64]) -> f64 + Sync + use<> {
        let (by_headroom, by_size) = (Order::descending(&self.headroom), Order::descending(&self.size));
        let gain = self.gain();
        move |weight: &[f64]| {
            let k = TOP * weight.iter().sum::<f64>();
            let list = by_headroom.top_sum(&gain, weight, k) / k;
            list - (by_size.top_sum(&gain, weight, k) / k).max(mean(&gain, weight))
        }
    }

    /// What came of the list.
    pub(super) fn realised(&self, seed: Seed) -> Realised {
        use rand::Rng;
        let n = self.headroom.len();
        let (weight, gain) = (vec![1.0; n], self.gain());
        let k = (TOP * n as f64).max(1.0);
        let caught: Vec<f64> =
            (0..n).map(|i| (self.actual[i] - self.expected[i]).max(0.0).min(self.headroom[i])).collect();
        let by_headroom = Order::descending(&self.headroom);
        let share = |caught: f64, headroom: f64| if headroom > 0.0 { caught / headroom } else { 0.0 };
        let mut rng = seed.derive("random lists").rng();
        let random = (0..RANDOM_LISTS)
            .map(|_| {
                let mut sums = (0.0, 0.0);
                for _ in 0..k as usize {
                    let i = rng.random_range(0..n);
                    sums = (sums.0 + caught[i], sums.1 + self.headroom[i]);
                }
                share(sums.0, sums.1)
            })
            .sum::<f64>()
            / RANDOM_LISTS as f64;
        let accounts = self.account.iter().max().map_or(0, |&last| last as usize + 1);
        let bootstrap = Bootstrap::new(accounts, replicates(n) / 2, seed.derive("realised"));
        let top = |order: &Order| order.top_sum(&gain, &weight, k) / k;
        Realised {
            origin: self.origin,
            list: share(by_headroom.top_sum(&caught, &weight, k), by_headroom.top_sum(&self.headroom, &weight, k)),
            random,
            growth_list: bootstrap.estimate(&self.account, |weight| {
                let k = TOP * weight.iter().sum::<f64>();
                by_headroom.top_sum(&gain, weight, k) / k
            }),
            growth_random: mean(&gain, &weight),
            growth_biggest: top(&Order::descending(&self.size)),
            growth_below_mean: top(&Order::descending(&self.below_mean)),
            n: k.round() as usize,
        }
    }
}

/// Positions by quintile of `values`, lowest first.
pub(super) fn quintiles(values: &[f64]) -> [Vec<usize>; 5] {
    let n = values.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| values[i].total_cmp(&values[j]));
    std::array::from_fn(|k| order[n * k / 5..n * (k + 1) / 5].to_vec())
}

/// What the verdicts are drawn from.
pub(super) struct Evidence<'a> {
    pub plan: &'a OriginPlan,
    /// Expected revenue at every test origin.
    pub expected: Vec<&'a Track>,
    /// Headroom at every test origin.
    pub listings: &'a [Listing],
    /// Names of the published rung and of the baseline of expected revenue.
    pub published: &'a str,
    pub baseline: &'a str,
    pub seed: Seed,
}

/// Draws the three verdicts.
pub(super) fn verdicts(evidence: &Evidence<'_>) -> Verdicts {
    let Some(locked) = evidence.expected.iter().find(|track| track.locked) else {
        let why = "cannot be told: the history leaves no origin to judge on";
        let no = || Verdict { holds: false, figure: None, evidence: why.into() };
        return Verdicts { ranks: no(), skill: no(), potential: no() };
    };
    let apart = evidence.plan.non_overlapping();
    let others: Vec<&Track> =
        evidence.expected.iter().filter(|t| !t.locked && apart.contains(&t.origin)).copied().collect();
    let n = locked.actual.len();

    let ranks = claim(locked, &others, VERDICTS, evidence.seed.derive("ranks"), |track| {
        let (own, actual) = (Order::descending(&track.published), Order::descending(&track.actual));
        Box::new(move |weight| ranking::spearman(&own, &actual, weight))
    });
    let gain = skill(locked, &others, VERDICTS, evidence.seed.derive("skill"));
    let percent = |e: Estimate| format!("{:.1} % ({:.1} to {:.1} %)", 100.0 * e.value, 100.0 * e.low, 100.0 * e.high);
    let strong = std::iter::once(ranks.figure.value).chain(ranks.elsewhere.iter().map(|(_, value)| *value));
    let ranks = Verdict {
        holds: ranks.holds && strong.into_iter().all(|value| value >= LEAST_ORDER),
        evidence: format!(
            "expected revenue as of {} and what {n} accounts bought: rank correlation {:.2} ({:.2} to {:.2}){}",
            locked.origin,
            ranks.figure.value,
            ranks.figure.low,
            ranks.figure.high,
            elsewhere(&ranks.elsewhere, |value| format!("{value:.2}"))
        ),
        figure: Some(ranks.figure),
    };
    let skill = if evidence.published == evidence.baseline {
        Verdict {
            holds: false,
            figure: Some(gain.figure),
            evidence: format!("no skill beyond the baseline: {} is published as it is", evidence.baseline),
        }
    } else {
        Verdict {
            holds: gain.holds,
            evidence: format!(
                "{} takes {} off the loss of {} as of {}{}",
                evidence.published,
                percent(gain.figure),
                evidence.baseline,
                locked.origin,
                elsewhere(&gain.elsewhere, |value| format!("{:.1} %", 100.0 * value))
            ),
            figure: Some(gain.figure),
        }
    };
    let potential = potential(evidence, &apart, ranks.holds);
    Verdicts { ranks, skill, potential }
}

fn elsewhere(others: &[(Month, f64)], text: impl Fn(f64) -> String) -> String {
    let list: Vec<String> = others.iter().map(|(origin, value)| format!("{} as of {origin}", text(*value))).collect();
    if list.is_empty() { String::new() } else { format!("; {}", list.join(", ")) }
}

fn potential(evidence: &Evidence<'_>, apart: &[Month], ranks: bool) -> Verdict {
    let find = |origin: &Month| evidence.listings.iter().find(|listing| listing.origin == *origin);
    let Some(locked) = evidence.plan.locked.as_ref().and_then(find) else {
        let why = "cannot be told: there is no level to take headroom from";
        return Verdict { holds: false, figure: None, evidence: why.into() };
    };
    if Order::descending(&locked.headroom).is_flat() {
        let why = "all accounts have the same headroom: there is nothing to rank";
        return Verdict { holds: false, figure: None, evidence: why.into() };
    }
    let accounts = locked.account.iter().max().map_or(0, |&last| last as usize + 1);
    let advantage = locked.advantage();
    let value = advantage(&vec![1.0; locked.account.len()]);
    let seed = evidence.seed.derive("potential");
    let draws = Bootstrap::new(accounts, replicates(locked.account.len()), seed).draw(&locked.account, &advantage);
    let beyond = lower_bound(draws.clone(), 1.0 - 0.05 / VERDICTS).is_some_and(|bound| bound > 0.0);
    let others: Vec<(Month, f64)> = apart
        .iter()
        .filter(|origin| Some(**origin) != evidence.plan.locked)
        .filter_map(find)
        .map(|listing| (listing.origin, listing.advantage()(&vec![1.0; listing.account.len()])))
        .collect();
    let same_sign = others.iter().all(|(_, value)| *value > 0.0);
    let figure = interval(value, draws);
    let mut text = format!(
        "the tenth of accounts with most headroom as of {} grew by {:.0} ({:.0} to {:.0}) more per account than the \
         better of a random and the biggest tenth{}",
        locked.origin,
        figure.value,
        figure.low,
        figure.high,
        elsewhere(&others, |value| format!("{value:.0}"))
    );
    if !ranks && beyond && same_sign {
        text.push_str("; not claimed, since expected revenue does not rank the accounts");
    }
    Verdict { holds: beyond && same_sign && ranks, figure: Some(figure), evidence: text }
}
