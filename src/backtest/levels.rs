//! Which level headroom is measured against: stretch, peer level, or the blend of peers and own history.
//!
//! METHOD section 6: on the selection origins, Spearman of `headroom / (B + d)` with the later
//! `log((max(Y, 0) + d) / (B + d))` within quintiles of spend; where at least 50 accounts have stated our share of what
//! they buy, the Spearman of headroom with what they buy elsewhere decides instead; where too few have, and our own people
//! have judged the potential of at least 50, the Spearman of the level with their judgement.
//!
//! The blend is used where it can be had, unless stated shares say that another is better by more than one standard
//! error (bootstrap by account, paired): METHOD gives ties to stretch and lets growth decide, and on simulated companies
//! that picked a level which found far less of the true headroom (docs/results.md). Without a blend the simplest level
//! within one standard error of the best is used, stretch before peer level.
//!
//! The blend is ours, not METHOD's: peer level alone knows nothing of an account that buys more than its peers, and
//! stretch nothing of what it does not buy. It never sees a stated share here, since stated shares judge it.

use std::collections::BTreeMap;

use super::{
    BacktestError,
    bootstrap::{Bootstrap, interval},
    metrics::{Order, ranking},
    report::{LevelChoice, LevelEvidence, LevelResult},
    track::Track,
    verdicts::{Listing, quintiles},
};
use crate::{
    domain::{Level, Month, Seed, Target},
    features::{ACCOUNT_ID, Slice},
    learners::attainable::{AttainableLevel, FEWEST_STATED, SharePrior},
};

/// Replicates behind a choice; fewer where chance is small.
const REPLICATES: usize = 300;
const MANY_ROWS: usize = 20_000;
const FEW_REPLICATES: usize = 60;
/// A stated share below this is a trial order, not a share.
const LEAST_SHARE: f64 = 0.02;

/// What levels are made from, one entry per account of one origin. Currency over the horizon.
#[derive(Debug, Clone, Copy)]
pub struct LevelInputs<'a> {
    /// Expected revenue.
    pub expected: &'a [f64],
    /// Stretch, where there is a model of it.
    pub stretch: Option<&'a [f64]>,
    /// Peer level, where accounts can be compared.
    pub peers: Option<&'a [f64]>,
    /// Revenue of the last 12 months: only accounts that bought show how far accounts lie from their peers.
    pub last_12: &'a [f64],
    /// METHOD's `c`: what separates a small amount from none.
    pub offset: f64,
    /// The share of its demand that an account says we have, else NaN.
    pub stated: &'a [f64],
    /// Whether an account's own answer counts for it, or only for all accounts together.
    pub believe: bool,
}

/// `level` per account; `None` where what it is made from is not known.
pub fn level_revenue(level: Level, inputs: &LevelInputs<'_>) -> Option<Vec<f64>> {
    match level {
        Level::Stretch => inputs.stretch.map(<[f64]>::to_vec),
        Level::Peer => inputs.peers.map(<[f64]>::to_vec),
        Level::Blend => {
            let logs = |values: &[f64]| values.iter().map(|v| (v.max(0.0) + inputs.offset).ln()).collect::<Vec<_>>();
            let (own, peers) = (logs(inputs.expected), logs(inputs.peers?));
            let stated: Vec<f64> = inputs.stated.iter().copied().filter(|share| !share.is_nan()).collect();
            let buying = |values: &[f64]| -> Vec<f64> {
                values.iter().zip(inputs.last_12).filter(|(_, last)| **last > 0.0).map(|(value, _)| *value).collect()
            };
            let model = AttainableLevel::learn(&buying(&own), &buying(&peers), SharePrior::of_stated(&stated))?;
            let level = |i: usize| {
                let stated = inputs.stated.get(i).copied().filter(|share| inputs.believe && !share.is_nan());
                inputs.expected[i] + own[i].exp() * model.excess(own[i], peers[i], stated)
            };
            Some((0..own.len()).map(level).collect())
        }
    }
}

/// A level with the headroom that follows at every test origin.
pub(super) struct Candidate {
    pub level: Level,
    pub listings: Vec<Listing>,
}

/// All levels that can be had at every test origin with expected revenue, simplest first.
///
/// `staff` is what our own people say of accounts' potential.
pub(super) fn candidates(
    tracks: &[Track],
    slices: &BTreeMap<Month, &Slice>,
    staff: Option<&BTreeMap<String, f64>>,
) -> Result<Vec<Candidate>, BacktestError> {
    let of = |target: Target| tracks.iter().filter(move |track| track.target == target);
    let mut found = Vec::new();
    for level in Level::ALL {
        let mut listings = Vec::new();
        for expected in of(Target::ExpectedRevenue) {
            let Some(slice) = slices.get(&expected.origin) else { continue };
            let at = |target: Target| of(target).find(|track| track.origin == expected.origin);
            let pick = |all: Vec<f64>| -> Vec<f64> { expected.row.iter().map(|&row| all[row]).collect() };
            let stated = pick(slice.features().numbers("stated_share")?);
            let size = pick(slice.baselines().numbers("last_12_scaled_revenue")?);
            let ids = slice.features().frame().column(ACCOUNT_ID)?.str()?;
            let judged = |row: &usize| staff.and_then(|staff| staff.get(ids.get(*row)?)).copied().unwrap_or(f64::NAN);
            let judged = expected.row.iter().map(judged).collect();
            let inputs = LevelInputs {
                expected: &expected.published,
                stretch: at(Target::Stretch).map(|track| track.published.as_slice()),
                peers: at(Target::PeerLevel).map(|track| track.published.as_slice()),
                last_12: &size,
                offset: slice.baselines().threshold(),
                stated: &stated,
                believe: false,
            };
            let Some(level) = level_revenue(level, &inputs) else { continue };
            let (mean, last) = (
                pick(slice.baselines().numbers("mean_24_scaled_revenue")?),
                pick(slice.baselines().numbers("last_horizon_revenue")?),
            );
            listings.push(Listing {
                origin: expected.origin,
                account: expected.account.clone(),
                headroom: expected.published.iter().zip(&level).map(|(e, level)| (level - e).max(0.0)).collect(),
                expected: expected.published.clone(),
                actual: expected.actual.clone(),
                base: pick(slice.baselines().numbers("base_revenue")?),
                size,
                threshold: pick(slice.baselines().growth_threshold()?),
                below_mean: mean.iter().zip(&last).map(|(mean, last)| mean - last).collect(),
                stated,
                judged,
            });
        }
        if !listings.is_empty() {
            found.push(Candidate { level, listings });
        }
    }
    Ok(found)
}

/// Chooses on the origins of `selection`; `None` without any level.
pub(super) fn choose_level(candidates: &[Candidate], selection: &[Month], seed: Seed) -> Option<LevelChoice> {
    let first = candidates.first()?;
    let chosen_on: Vec<usize> =
        (0..first.listings.len()).filter(|&k| selection.contains(&first.listings[k].origin)).collect();
    let stated = stated_by_account(&first.listings);
    let labelled = |is_labelled: &dyn Fn(&Listing, usize) -> bool| -> Option<Vec<usize>> {
        let listing = &first.listings[*chosen_on.last()?];
        let rows: Vec<usize> = (0..listing.account.len()).filter(|&i| is_labelled(listing, i)).collect();
        (rows.len() >= FEWEST_STATED).then_some(rows)
    };
    let by_share = labelled(&|listing, i| stated.contains_key(&listing.account[i]) && listing.size[i] > 0.0);
    let by_staff = labelled(&|listing, i| !listing.judged[i].is_nan());
    let (evidence, rows) = match (by_share, by_staff) {
        (Some(rows), _) => (LevelEvidence::StatedShares, rows),
        (None, Some(rows)) => (LevelEvidence::StaffEstimates, rows),
        (None, None) => (LevelEvidence::Growth, Vec::new()),
    };
    let by_growth = compare(&seed.derive("level/growth"), candidates, &|candidate| {
        Box::new(OverOrigins::new(chosen_on.iter().map(|&k| &candidate.listings[k])))
    });
    let by_labels = (evidence != LevelEvidence::Growth).then(|| {
        compare(&seed.derive("level/labelled"), candidates, &|candidate| {
            let listing = &candidate.listings[chosen_on[chosen_on.len() - 1]];
            Box::new(match evidence {
                LevelEvidence::StaffEstimates => Labelled::by_staff(listing, &rows),
                _ => Labelled::by_share(listing, &rows, &stated),
            })
        })
    });
    let deciding = by_labels.as_ref().unwrap_or(&by_growth);
    let best =
        (0..candidates.len()).max_by(|&i, &j| deciding[i].value.total_cmp(&deciding[j].value).then(j.cmp(&i)))?;
    let not_clearly_worse = |&i: &usize| behind(&deciding[best], &deciding[i]) <= 0.0;
    let blend = (candidates.iter().position(|candidate| candidate.level == Level::Blend))
        .filter(|i| by_labels.is_none() || not_clearly_worse(i));
    let used = blend.or_else(|| (0..candidates.len()).find(not_clearly_worse))?;
    let name = |i: usize| candidates[i].level.name();
    let results: Vec<LevelResult> = (0..candidates.len())
        .map(|i| LevelResult {
            level: candidates[i].level,
            growth: interval(by_growth[i].value, by_growth[i].draws.clone()),
            labelled: by_labels.as_ref().map(|figures| interval(figures[i].value, figures[i].draws.clone())),
        })
        .collect();
    let figures: Vec<String> =
        (0..candidates.len()).map(|i| format!("{} {:+.2}", name(i), deciding[i].value)).collect();
    let sentence = if chosen_on.is_empty() {
        format!("headroom is measured against {}: no past origin is left to compare levels on", name(used))
    } else {
        let by = match evidence {
            LevelEvidence::StatedShares => {
                format!("what {} accounts buy elsewhere, by the share they stated", rows.len())
            }
            LevelEvidence::StaffEstimates => {
                format!("what our own people say of the potential of {} accounts", rows.len())
            }
            LevelEvidence::Growth => "later growth among accounts of equal size".to_owned(),
        };
        format!("headroom is measured against {}: rank correlation with {by}: {}", name(used), figures.join(", "))
    };
    Some(LevelChoice { used: candidates[used].level, evidence, labelled: rows.len(), results, sentence })
}

/// The newest stated share of each account of the test panel.
fn stated_by_account(listings: &[Listing]) -> BTreeMap<u32, f64> {
    let mut newest = BTreeMap::new();
    for listing in listings {
        let known = listing.account.iter().zip(&listing.stated).filter(|(_, share)| **share >= LEAST_SHARE);
        newest.extend(known.map(|(account, share)| (*account, *share)));
    }
    newest
}

/// One level's figure, with its bootstrap replicates; replicate `r` draws the same accounts for all levels.
struct Figure {
    value: f64,
    draws: Vec<f64>,
}

/// How far `other` lies behind `best`, less the standard error of that.
fn behind(best: &Figure, other: &Figure) -> f64 {
    let gains: Vec<f64> =
        best.draws.iter().zip(&other.draws).map(|(b, o)| b - o).filter(|gain| gain.is_finite()).collect();
    let n = gains.len().max(1) as f64;
    let mean = gains.iter().sum::<f64>() / n;
    let error = (gains.iter().map(|gain| (gain - mean).powi(2)).sum::<f64>() / n).sqrt();
    let gain = best.value - other.value;
    if gain.is_finite() { gain - error } else { 0.0 }
}

trait Weighted: Sync {
    /// The account of each row.
    fn account(&self) -> &[u32];
    fn figure(&self, weight: &[f64]) -> f64;
}

fn compare<'a>(
    seed: &Seed,
    candidates: &'a [Candidate],
    weighted: &dyn Fn(&'a Candidate) -> Box<dyn Weighted + 'a>,
) -> Vec<Figure> {
    candidates
        .iter()
        .map(|candidate| {
            let weighted = weighted(candidate);
            let account = weighted.account();
            let value = weighted.figure(&vec![1.0; account.len()]);
            let accounts = account.iter().max().map_or(0, |&last| last as usize + 1);
            let replicates = if account.len() > MANY_ROWS { FEW_REPLICATES } else { REPLICATES };
            let draws = Bootstrap::new(accounts, replicates, *seed).draw(account, |weight| weighted.figure(weight));
            Figure { value, draws }
        })
        .collect()
}

/// METHOD's figure: order within quintiles of spend, the mean over quintiles and origins.
struct OverOrigins {
    account: Vec<u32>,
    /// Rows, predicted order and true order of each quintile.
    parts: Vec<(Vec<usize>, Order, Order)>,
}

impl OverOrigins {
    fn new<'a>(listings: impl Iterator<Item = &'a Listing>) -> Self {
        let (mut account, mut parts) = (Vec::new(), Vec::new());
        for listing in listings {
            let start = account.len();
            account.extend(&listing.account);
            for rows in quintiles(&listing.size) {
                let (headroom, growth): (Vec<f64>, Vec<f64>) = rows.iter().map(|&i| listing.relative(i)).unzip();
                let rows = rows.iter().map(|i| start + i).collect();
                parts.push((rows, Order::descending(&headroom), Order::descending(&growth)));
            }
        }
        Self { account, parts }
    }
}

impl Weighted for OverOrigins {
    fn account(&self) -> &[u32] {
        &self.account
    }

    fn figure(&self, weight: &[f64]) -> f64 {
        let of = |(rows, headroom, growth): &(Vec<usize>, Order, Order)| {
            let weight: Vec<f64> = rows.iter().map(|&row| weight[row]).collect();
            ranking::spearman(headroom, growth, &weight)
        };
        let figures: Vec<f64> = self.parts.iter().filter(|(rows, ..)| rows.len() > 1).map(of).collect();
        figures.iter().filter(|v| v.is_finite()).sum::<f64>() / figures.len().max(1) as f64
    }
}

/// What a level says of accounts against what somebody says who may know.
struct Labelled {
    account: Vec<u32>,
    level: Order,
    label: Order,
}

impl Labelled {
    /// Headroom against what an account buys elsewhere: `last 12 months * (1 - share) / share`.
    fn by_share(listing: &Listing, rows: &[usize], stated: &BTreeMap<u32, f64>) -> Self {
        let share = |i: usize| stated[&listing.account[i]];
        Self::new(listing, rows, |i| listing.headroom[i], |i| listing.size[i] * (1.0 - share(i)) / share(i))
    }

    /// The level against what our own people say of the account's potential, which is that of all it buys.
    fn by_staff(listing: &Listing, rows: &[usize]) -> Self {
        Self::new(listing, rows, |i| listing.expected[i] + listing.headroom[i], |i| listing.judged[i])
    }

    fn new(listing: &Listing, rows: &[usize], level: impl Fn(usize) -> f64, label: impl Fn(usize) -> f64) -> Self {
        let order = |of: &dyn Fn(usize) -> f64| Order::descending(&rows.iter().map(|&i| of(i)).collect::<Vec<_>>());
        Self { account: rows.iter().map(|&i| listing.account[i]).collect(), level: order(&level), label: order(&label) }
    }
}

impl Weighted for Labelled {
    fn account(&self) -> &[u32] {
        &self.account
    }

    fn figure(&self, weight: &[f64]) -> f64 {
        ranking::spearman(&self.level, &self.label, weight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 200 accounts of one size; what they grow by is `growth`, and headroom is what each candidate says.
    fn listing(headroom: Vec<f64>, growth: &[f64], stated: Vec<f64>, judged: Vec<f64>) -> Listing {
        let n = growth.len();
        Listing {
            origin: Month::new(2020, 6).unwrap(),
            account: (0..n as u32).collect(),
            headroom,
            expected: vec![100.0; n],
            actual: growth.iter().map(|g| 100.0 + g).collect(),
            base: vec![100.0; n],
            size: (0..n).map(|i| 100.0 + 1e-6 * i as f64).collect(),
            below_mean: vec![0.0; n],
            threshold: vec![1.0; n],
            stated,
            judged,
        }
    }

    fn choice(levels: Vec<Vec<f64>>, stated: &dyn Fn(usize) -> f64) -> LevelChoice {
        choice_judged(levels, stated, &|_| f64::NAN)
    }

    fn choice_judged(
        levels: Vec<Vec<f64>>,
        stated: &dyn Fn(usize) -> f64,
        judged: &dyn Fn(usize) -> f64,
    ) -> LevelChoice {
        let growth: Vec<f64> = (0..200).map(|i| f64::from(i * 37 % 101)).collect();
        let candidates: Vec<Candidate> = Level::ALL
            .into_iter()
            .zip(levels)
            .map(|(level, headroom)| Candidate {
                level,
                listings: vec![listing(
                    headroom,
                    &growth,
                    (0..200).map(stated).collect(),
                    (0..200).map(judged).collect(),
                )],
            })
            .collect();
        choose_level(&candidates, &[Month::new(2020, 6).unwrap()], Seed(1)).unwrap()
    }

    fn noise(i: i32) -> f64 {
        f64::from(i * 53 % 97)
    }

    fn like_growth(i: i32) -> f64 {
        f64::from(i * 37 % 101)
    }

    fn all(of: impl Fn(i32) -> f64) -> Vec<f64> {
        (0..200).map(of).collect()
    }

    #[test]
    fn equal_levels_leave_stretch_and_a_clearly_better_one_replaces_it() {
        let unknown = |_: usize| f64::NAN;
        assert_eq!(choice(vec![all(noise), all(noise)], &unknown).used, Level::Stretch);
        let found = choice(vec![all(noise), all(like_growth)], &unknown);
        assert_eq!((found.used, found.evidence), (Level::Peer, LevelEvidence::Growth));
        assert!(found.sentence.contains("peer +1.00"), "{}", found.sentence);
        let found = choice(vec![all(noise), all(like_growth), all(noise)], &unknown);
        assert_eq!(found.used, Level::Blend, "growth does not decide against the blend");
    }

    #[test]
    fn fifty_stated_shares_decide_instead_of_growth() {
        // shares such that what is bought elsewhere follows `noise`, not growth
        let share = |i: usize| 1.0 / (1.0 + (1.0 + noise(i as i32)) / 50.0);
        let levels = || vec![all(like_growth), all(like_growth), all(noise)];
        let some = |i: usize| if i < 49 { share(i) } else { f64::NAN };
        assert_eq!(choice(levels(), &some).evidence, LevelEvidence::Growth);
        let found = choice(levels(), &share);
        assert_eq!((found.used, found.evidence, found.labelled), (Level::Blend, LevelEvidence::StatedShares, 200));
        assert!(found.results[2].labelled.is_some_and(|figure| figure.value > 0.99), "{found:?}");
        let found = choice(vec![all(noise), all(like_growth), all(like_growth)], &share);
        assert_eq!(found.used, Level::Stretch, "a clear answer decides against the blend");
        let found = choice(vec![all(noise), all(like_growth), all(noise)], &share);
        assert_eq!(found.used, Level::Blend, "a tie leaves the blend");
    }

    #[test]
    fn where_nobody_stated_a_share_the_judgement_of_staff_decides() {
        let (unknown, some) = (|_: usize| f64::NAN, |i: usize| if i < 49 { noise(i as i32) } else { f64::NAN });
        let judged = |i: usize| noise(i as i32);
        let levels = || vec![all(like_growth), all(like_growth), all(noise)];
        assert_eq!(choice_judged(levels(), &unknown, &some).evidence, LevelEvidence::Growth);
        let found = choice_judged(levels(), &unknown, &judged);
        assert_eq!((found.used, found.evidence, found.labelled), (Level::Blend, LevelEvidence::StaffEstimates, 200));
        assert!(found.sentence.contains("our own people") && found.sentence.contains("blend +1.00"), "{found:?}");
        let found = choice_judged(vec![all(noise), all(like_growth), all(like_growth)], &unknown, &judged);
        assert_eq!(found.used, Level::Stretch, "a clear answer decides against the blend");
        let share = |i: usize| 1.0 / (1.0 + (1.0 + like_growth(i as i32)) / 50.0);
        let found = choice_judged(levels(), &share, &judged);
        assert_eq!(found.evidence, LevelEvidence::StatedShares, "what customers say comes first");
    }

    #[test]
    fn a_level_is_unknown_without_what_it_is_made_from() {
        let (expected, peers, stated) = ([100.0; 40], [150.0; 40], [f64::NAN; 40]);
        let inputs = LevelInputs {
            expected: &expected,
            stretch: None,
            peers: Some(&peers),
            last_12: &expected,
            offset: 1.0,
            stated: &stated,
            believe: true,
        };
        assert_eq!(level_revenue(Level::Stretch, &inputs), None);
        assert_eq!(level_revenue(Level::Peer, &inputs), Some(peers.to_vec()));
        assert!(level_revenue(Level::Blend, &inputs).unwrap().iter().all(|level| *level >= 100.0));
        assert_eq!(level_revenue(Level::Blend, &LevelInputs { peers: None, ..inputs }), None);
        assert_eq!(level_revenue(Level::Blend, &LevelInputs { last_12: &[0.0; 40], ..inputs }), None);
    }
}
