//! What all accounts together show at `t`: who belongs to the population, its classes, season, trend and largest groups.
//!
//! Everything here is computed from one view ([`Known`]), so that a past origin's classes and seasons are those of then.
//! Sums run over integers: neither the number of threads nor the order of accounts can change them.

use polars::prelude::DataFrame;
use rayon::prelude::*;

use super::{
    FeatureError,
    as_of::{History, Known},
    assortment::RANKED_GROUPS,
    monetary::units,
    season::{SEASON_MONTHS, SeasonalIndex},
};
use crate::domain::{AbcClass, AbcThresholds, cumulative_classes};

/// Months without an order after which an account leaves the population.
pub(super) const POPULATION_MONTHS: usize = 24;

/// Accounts handled by one thread at a time.
pub(super) const CHUNK: usize = 1024;

/// An account that is known at `t`, in the population or not.
#[derive(Debug, Clone, Copy)]
pub(super) struct KnownAccount {
    pub(super) account: usize,
    pub(super) ordered: bool,
    pub(super) in_population: bool,
    /// Over the last 12 months, or as many as there are, in ten-thousandths.
    pub(super) revenue_12: i64,
    pub(super) margin_12: i64,
}

/// The portfolio at `t`.
#[derive(Debug)]
pub(super) struct Portfolio {
    accounts: Vec<KnownAccount>,
    members: Vec<usize>,
    classes: Vec<AbcClass>,
    season: SeasonalIndex,
    trend: f64,
    small_amount: f64,
    ranked_groups: Vec<u32>,
    groups_known: bool,
}

/// Sums over one chunk of accounts.
struct Part {
    accounts: Vec<KnownAccount>,
    revenue: Vec<i64>,
    /// Revenue of the last 12 months and of the 12 before, of members that ordered in both.
    continuing: (i64, i64),
}

impl Portfolio {
    /// `customers` as [`Known::customers`] gives them.
    ///
    /// # Errors
    /// If nothing was known at `t`.
    pub(super) fn new(known: &Known<'_>, customers: &DataFrame) -> Result<Self, FeatureError> {
        let listed = Listed::new(known, customers)?;
        let starts: Vec<usize> = (0..known.account_count()).step_by(CHUNK).collect();
        let parts: Vec<Part> = starts
            .into_par_iter()
            .map(|start| part(known, &listed, start..(start + CHUNK).min(known.account_count())))
            .collect();

        let mut revenue = vec![0_i64; known.covered().min(SEASON_MONTHS)];
        let (mut recent, mut earlier) = (0, 0);
        let mut accounts = Vec::new();
        for part in parts {
            revenue.iter_mut().zip(&part.revenue).for_each(|(sum, month)| *sum += month);
            recent += part.continuing.0;
            earlier += part.continuing.1;
            accounts.extend(part.accounts);
        }
        let members: Vec<&KnownAccount> = accounts.iter().filter(|account| account.in_population).collect();
        let margins: Vec<f64> = members.iter().map(|member| units(member.margin_12)).collect();
        let yearly =
            units(members.iter().map(|member| member.revenue_12).sum()) * 12.0 / known.covered().clamp(1, 12) as f64;
        let newest_first: Vec<f64> = revenue.iter().map(|&month| units(month)).collect();
        let has_trend = known.covered() >= 24 && recent > 0 && earlier > 0;
        let members: Vec<usize> = members.iter().map(|member| member.account).collect();
        let (ranked_groups, groups_known) = rank_groups(known, &members);
        Ok(Self {
            classes: cumulative_classes(&margins, AbcThresholds::default()),
            season: SeasonalIndex::new(&newest_first),
            trend: if has_trend { (recent as f64 / earlier as f64).clamp(0.5, 2.0) } else { 1.0 },
            small_amount: (0.01 * yearly / members.len().max(1) as f64).max(0.01),
            ranked_groups,
            groups_known,
            members,
            accounts,
        })
    }

    /// Every account known at `t`, in ascending order.
    pub(super) fn accounts(&self) -> &[KnownAccount] {
        &self.accounts
    }

    /// The population: numbers of its accounts, in ascending order.
    pub(super) fn members(&self) -> &[usize] {
        &self.members
    }

    /// ABC class of each member.
    pub(super) fn classes(&self) -> &[AbcClass] {
        &self.classes
    }

    pub(super) const fn season(&self) -> &SeasonalIndex {
        &self.season
    }

    /// Revenue of the last 12 months divided by that of the 12 before, over the members that ordered in both: what
    /// prices and the economy do to everybody, apart from customers won and lost. Between 0.5 and 2; 1 without 24
    /// months of data.
    pub(super) const fn trend(&self) -> f64 {
        self.trend
    }

    /// 1 % of the members' mean yearly revenue, at least a cent: small against the portfolio, never zero.
    pub(super) const fn small_amount(&self) -> f64 {
        self.small_amount
    }

    /// The number of the group with this rank by the members' revenue of the last 24 months, from 0.
    pub(super) fn group_of_rank(&self, rank: usize) -> Option<u32> {
        self.ranked_groups.get(rank).copied()
    }

    /// Whether any line of a member known at `t` has a product group.
    pub(super) const fn groups_known(&self) -> bool {
        self.groups_known
    }
}

/// Per account: whether a customer row is known, and whether its status keeps it out of the population.
struct Listed {
    known: Vec<bool>,
    excluded: Vec<bool>,
}

impl Listed {
    fn new(known: &Known<'_>, customers: &DataFrame) -> Result<Self, FeatureError> {
        let mut listed =
            Self { known: vec![false; known.account_count()], excluded: vec![false; known.account_count()] };
        let accounts = customers.column("account")?.i32()?.into_no_null_iter();
        for (account, status) in accounts.zip(customers.column("status")?.str()?.iter()) {
            listed.known[account as usize] = true;
            listed.excluded[account as usize] = status.is_some_and(|status| status != "active");
        }
        Ok(listed)
    }
}

fn part(known: &Known<'_>, listed: &Listed, accounts: std::ops::Range<usize>) -> Part {
    let mut history = History::new();
    let months = known.covered().min(SEASON_MONTHS);
    let mut part = Part { accounts: Vec::new(), revenue: vec![0; months], continuing: (0, 0) };
    for account in accounts {
        if !known.read(account, &mut history) && !listed.known[account] {
            continue;
        }
        let ordered = history.ordered_within(POPULATION_MONTHS);
        let in_population = ordered && !listed.excluded[account];
        part.accounts.push(KnownAccount {
            account,
            ordered,
            in_population,
            revenue_12: history.sum_of_available(12, |month| month.revenue),
            margin_12: history.sum_of_available(12, |month| month.margin),
        });
        if !in_population {
            continue;
        }
        for (ago, revenue) in known.revenues(account).filter(|(ago, _)| *ago < months) {
            part.revenue[ago] += revenue;
        }
        let ordered_in = |from: usize, to: usize| (from..to).any(|ago| history.month(ago).days != 0);
        if ordered_in(0, 12) && ordered_in(12, 24) {
            let revenue = |from: usize, to: usize| (from..to).map(|ago| history.month(ago).revenue).sum::<i64>();
            part.continuing.0 += revenue(0, 12);
            part.continuing.1 += revenue(12, 24);
        }
    }
    part
}

/// The groups with the largest revenue of the last 24 months, ties by name, and whether any group is known at all.
fn rank_groups(known: &Known<'_>, members: &[usize]) -> (Vec<u32>, bool) {
    let parts: Vec<(Vec<i64>, bool)> = members
        .par_chunks(CHUNK)
        .map(|chunk| {
            let mut revenue = vec![0_i64; known.group_count()];
            let mut any = false;
            for record in chunk.iter().flat_map(|&account| known.group_records(account)) {
                any = true;
                if known.months_before_end(record.month) < 24 {
                    revenue[record.group as usize] += record.revenue;
                }
            }
            (revenue, any)
        })
        .collect();
    let mut revenue = vec![0_i64; known.group_count()];
    for (part, _) in &parts {
        revenue.iter_mut().zip(part).for_each(|(sum, group)| *sum += group);
    }
    let mut ranked: Vec<u32> = (0..known.group_count() as u32).filter(|&group| revenue[group as usize] > 0).collect();
    ranked.sort_by_key(|&group| (std::cmp::Reverse(revenue[group as usize]), group));
    ranked.truncate(RANKED_GROUPS);
    (ranked, parts.iter().any(|(_, any)| *any))
}
