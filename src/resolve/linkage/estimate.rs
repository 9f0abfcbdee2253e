//! What agreement is worth, estimated from the data itself without any labelled pair.
//!
//! A pair is of one of four kinds ([`Kind`]); a kind shows level `l` of field `f` with probability `p[kind][f][l]`,
//! independently (Fellegi & Sunter 1969 with the mixture of Larsen & Rubin 2001, JASA 96). With two kinds only, branches
//! that share a switchboard and firms that share a building would pass for matches, since their agreements come
//! together. Expectation maximisation runs over *all* pairs: those that a blocking rule brought together, each compared,
//! and the others, which are unrelated and known by a random sample of them. Priors worth a few pairs keep the kinds
//! what they are, and small data sensible.

use std::collections::BTreeMap;

use rand::Rng;
use rayon::prelude::*;

use super::{
    block::Pair,
    compare::{Field, Pattern},
    profile::Profiles,
};
use crate::domain::Seed;

/// What two records may be to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// One company.
    Match,
    /// Two sites of one organisation, each a customer of its own: names and numbers alike, addresses not.
    Branch,
    /// Two companies at one address.
    Neighbour,
    /// Nothing.
    Unrelated,
}

const KINDS: usize = 4;
const FIELDS: usize = Field::ALL.len();
const LEVELS: usize = 8;

/// Probabilities per field and level; level 0 (missing) is unused.
type Table = [[f64; LEVELS]; FIELDS];

/// What the pairs of a data set look like, and how many are of each kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// Share of each kind among all pairs of records.
    shares: [f64; KINDS],
    levels: [Table; KINDS],
    /// `log2` of both, as pairs are weighed.
    share_bits: [f64; KINDS],
    level_bits: [Table; KINDS],
}

/// What is expected of each kind before seeing any pair, by field and level: company records kept by hand.
const PRIORS: [[&[f64]; FIELDS]; KINDS] = [
    [
        &[0.50, 0.15, 0.10, 0.10, 0.05, 0.05, 0.05],
        &[0.90, 0.10],
        &[0.64, 0.12, 0.05, 0.06, 0.03, 0.10],
        &[0.78, 0.12, 0.03, 0.06, 0.01],
        &[0.65, 0.12, 0.23],
        &[0.30, 0.45, 0.03, 0.22],
        &[0.95, 0.03, 0.02],
    ],
    [
        &[0.20, 0.10, 0.15, 0.20, 0.15, 0.15, 0.05],
        &[0.90, 0.10],
        &[0.005, 0.005, 0.02, 0.05, 0.02, 0.90],
        &[0.10, 0.15, 0.20, 0.50, 0.05],
        &[0.35, 0.20, 0.45],
        &[0.10, 0.70, 0.05, 0.15],
        &[0.02, 0.02, 0.96],
    ],
    [
        &[0.003, 0.003, 0.01, 0.02, 0.05, 0.15, 0.764],
        &[0.35, 0.65],
        &[0.90, 0.05, 0.03, 0.005, 0.005, 0.01],
        &[0.90, 0.07, 0.01, 0.01, 0.01],
        &[0.05, 0.05, 0.90],
        &[0.01, 0.05, 0.01, 0.93],
        &[0.01, 0.01, 0.98],
    ],
    [
        &[2e-6, 2e-6, 1e-5, 2e-5, 3e-4, 1e-2, 0.99],
        &[0.35, 0.65],
        &[2e-6, 2e-6, 1e-4, 5e-4, 8e-3, 0.99],
        &[4e-3, 2e-2, 6e-2, 0.87, 5e-2],
        &[2e-6, 1e-5, 0.99999],
        &[1e-6, 3e-6, 1e-5, 0.99999],
        &[1e-7, 1e-6, 0.999999],
    ],
];

/// Pairs that each prior is worth. What defines a kind (the address of branches; address and name of neighbours), and
/// tax numbers, which are what they are on any data, weigh more.
const PRIOR_PAIRS: [[f64; FIELDS]; KINDS] = [
    [20.0, 20.0, 20.0, 20.0, 20.0, 20.0, 500.0],
    [20.0, 20.0, 500.0, 20.0, 20.0, 20.0, 500.0],
    [500.0, 20.0, 500.0, 20.0, 20.0, 20.0, 500.0],
    [1e4; FIELDS],
];

/// Unblocked pairs that are looked at.
const SAMPLE: usize = 500_000;

const ITERATIONS: usize = 300;
const CONVERGED: f64 = 1e-6;

impl Weights {
    /// The weight of a level in bits, `log2(m / u)` of a match against an unrelated pair; 0 where the field is missing.
    pub fn bits(&self, field: Field, level: usize) -> f64 {
        let bits = |kind: Kind| self.level_bits[kind as usize][field as usize][level];
        if level == 0 { 0.0 } else { bits(Kind::Match) - bits(Kind::Unrelated) }
    }

    /// `log2` of the odds that two records taken at random are one company.
    pub fn prior_bits(&self) -> f64 {
        (self.shares[0] / (1.0 - self.shares[0])).log2()
    }

    /// Share of each kind among all pairs, in the order of [`Kind`].
    pub const fn shares(&self) -> [f64; KINDS] {
        self.shares
    }

    /// `log2` of the likelihood of a pattern under each kind, times the kind's share.
    pub(super) fn likelihoods(&self, pattern: Pattern) -> [f64; KINDS] {
        let mut bits = self.share_bits;
        for (kind, bits) in bits.iter_mut().enumerate() {
            for field in Field::ALL {
                *bits += self.level_bits[kind][field as usize][pattern.level(field)];
            }
        }
        bits
    }

    /// Estimates the weights from candidate pairs (ascending) and their patterns.
    pub(super) fn estimate(profiles: &Profiles, pairs: &[Pair], patterns: &[Pattern]) -> Self {
        let records = profiles.rows.len() as f64;
        let all = (records * (records - 1.0) / 2.0).max(1.0);
        let blocked = counted(patterns);
        let (sample, sampled) = unblocked_sample(profiles, pairs);
        let each = if sampled == 0 { 0.0 } else { (all - pairs.len() as f64).max(0.0) / sampled as f64 };
        let mut totals = [[0.0; LEVELS]; FIELDS];
        for (counts, weight) in [(&blocked, 1.0), (&sample, each)] {
            for (pattern, count) in counts {
                add(&mut totals, *pattern, weight * *count as f64);
            }
        }
        let prior = Self::prior(records);
        // begin with no match at all, so that what is common among all pairs is no evidence from the first step on
        let mut weights = prior.step(&BTreeMap::new(), &totals, all, &prior);
        weights = Self::new(prior.shares, weights.levels);
        for iteration in 0..ITERATIONS {
            let next = weights.step(&blocked, &totals, all, &prior);
            let moved = next.distance(&weights);
            weights = next;
            if moved < CONVERGED {
                tracing::debug!(iteration, "converged");
                break;
            }
        }
        tracing::debug!(shares = ?weights.shares, pairs = pairs.len(), "weights estimated");
        weights
    }

    /// One record in fifty has a duplicate, as many have a branch and a neighbour.
    fn prior(records: f64) -> Self {
        let rare = (0.02 / records.max(2.0)).min(0.1);
        let mut levels = [[[0.0; LEVELS]; FIELDS]; KINDS];
        for (table, prior) in levels.iter_mut().zip(PRIORS) {
            for (row, values) in table.iter_mut().zip(prior) {
                let sum: f64 = values.iter().sum();
                for (cell, value) in row[1..].iter_mut().zip(values) {
                    *cell = value / sum;
                }
            }
        }
        Self::new([rare, rare, rare, 1.0 - 3.0 * rare], levels)
    }

    fn new(shares: [f64; KINDS], levels: [Table; KINDS]) -> Self {
        let mut level_bits = levels;
        for row in level_bits.iter_mut().flatten() {
            // a missing field says nothing
            row[0] = 0.0;
            row[1..].iter_mut().for_each(|cell| *cell = cell.max(f64::MIN_POSITIVE).log2());
        }
        Self { shares, levels, share_bits: shares.map(f64::log2), level_bits }
    }

    /// One step: what is expected of each pattern, then the most likely parameters.
    fn step(&self, blocked: &BTreeMap<Pattern, u64>, totals: &Table, all: f64, prior: &Self) -> Self {
        let mut tables = [[[0.0; LEVELS]; FIELDS]; KINDS];
        let mut counts = [0.0; KINDS];
        for (pattern, count) in blocked {
            let share = shares_of(&self.likelihoods(*pattern));
            for kind in 0..KINDS - 1 {
                let expected = share[kind] * *count as f64;
                counts[kind] += expected;
                add(&mut tables[kind], *pattern, expected);
            }
        }
        let related: f64 = counts.iter().sum();
        counts[KINDS - 1] = (all - related).max(0.0);
        for field in 0..FIELDS {
            for level in 0..LEVELS {
                let related: f64 = (0..KINDS - 1).map(|kind| tables[kind][field][level]).sum();
                tables[KINDS - 1][field][level] = (totals[field][level] - related).max(0.0);
            }
        }
        for kind in 0..KINDS {
            for field in 0..FIELDS {
                let worth = PRIOR_PAIRS[kind][field];
                let seen: f64 = tables[kind][field][1..].iter().sum();
                for (cell, expected) in tables[kind][field][1..].iter_mut().zip(&prior.levels[kind][field][1..]) {
                    *cell = (*cell + worth * expected) / (seen + worth);
                }
            }
        }
        let total = all + KINDS as f64 / 2.0;
        Self::new(counts.map(|count| (count + 0.5) / total), tables)
    }

    fn distance(&self, other: &Self) -> f64 {
        let cells = |weights: &Self| weights.levels.iter().flatten().flatten().copied().collect::<Vec<f64>>();
        let moved = cells(self).iter().zip(cells(other)).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
        let shares = self.shares.iter().zip(other.shares).map(|(x, y)| (x / y - 1.0).abs()).fold(0.0, f64::max);
        moved.max(shares)
    }
}

/// The share of each kind, from likelihoods in bits.
fn shares_of(bits: &[f64; KINDS]) -> [f64; KINDS] {
    let highest = bits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let shares = bits.map(|bits| (bits - highest).exp2());
    let sum: f64 = shares.iter().sum();
    shares.map(|share| share / sum)
}

fn add(table: &mut Table, pattern: Pattern, weight: f64) {
    for (row, field) in table.iter_mut().zip(Field::ALL) {
        row[pattern.level(field)] += weight;
    }
}

fn counted(patterns: &[Pattern]) -> BTreeMap<Pattern, u64> {
    patterns
        .par_chunks(1 << 16)
        .map(|chunk| {
            let mut counts = BTreeMap::new();
            for pattern in chunk {
                *counts.entry(*pattern).or_insert(0_u64) += 1;
            }
            counts
        })
        .reduce(BTreeMap::new, |mut all, part| {
            for (pattern, count) in part {
                *all.entry(pattern).or_insert(0) += count;
            }
            all
        })
}

/// Patterns of pairs that no rule brought together, and how many pairs those are: all of few, else a sample.
fn unblocked_sample(profiles: &Profiles, blocked: &[Pair]) -> (BTreeMap<Pattern, u64>, usize) {
    let records = profiles.rows.len() as u32;
    let is_unblocked = |pair: &Pair| blocked.binary_search(pair).is_err();
    let pairs: Vec<Pair> = if u64::from(records) * u64::from(records.saturating_sub(1)) / 2 <= SAMPLE as u64 {
        (0..records).flat_map(|a| (a + 1..records).map(move |b| (a, b))).filter(is_unblocked).collect()
    } else {
        let mut rng = Seed(1).derive("resolve/unblocked-pairs").rng();
        let drawn = (0..SAMPLE).map(|_| (rng.random_range(0..records), rng.random_range(0..records)));
        drawn.filter(|(a, b)| a != b).map(|(a, b)| (a.min(b), a.max(b))).filter(is_unblocked).collect()
    };
    let patterns: Vec<Pattern> = pairs.par_iter().map(|(a, b)| profiles.compare(*a, *b)).collect();
    (counted(&patterns), pairs.len())
}
