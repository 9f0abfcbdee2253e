//! Which records are the same company: probabilistic record linkage.
//!
//! ```text
//! [Record] ─ normalise ─▶ Profiles ─ block ─▶ pairs ─ compare ─▶ patterns ─ estimate ─▶ Weights
//!                                               └─────────── weigh, term frequencies ─────┘
//!                                                                  │ links
//!                                                                  ▼
//!                                                       clusters, and pairs for a clerk
//! ```
//!
//! The model is that of Fellegi & Sunter (1969, A theory for record linkage, JASA 64) with term frequencies (Winkler
//! 1989); nothing is labelled and no setting depends on the data. The same records give the same clusters on any number
//! of threads. It knows nothing of files, accounts or the warehouse.

mod block;
mod cluster;
mod compare;
mod contact;
mod estimate;
mod frequency;
mod name;
mod profile;
mod street;
mod text;

pub use cluster::Link;
pub use compare::Field;
pub use estimate::{Kind, Weights};
use rayon::prelude::*;

use self::{
    cluster::Rules,
    compare::{OTHER_VAT_ID, Pattern},
    frequency::Frequencies,
    profile::Profiles,
};

/// A source's record of a customer; an empty text is a missing one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Record {
    pub name: String,
    pub street: String,
    pub postal_code: String,
    pub city: String,
    pub country: String,
    pub phone: String,
    pub website: String,
    pub email: String,
    pub vat_id: String,
}

/// What is known of pairs before they are compared.
#[derive(Debug, Clone, Default)]
pub struct Constraints {
    /// Pairs decided to be one company, earlier record first, ascending.
    pub same: Vec<(u32, u32)>,
    /// Pairs decided to be two companies.
    pub different: Vec<(u32, u32)>,
    /// Pairs with the same customer id in two sources: one company unless their fields speak against it.
    pub same_id: Vec<(u32, u32)>,
}

/// What a field of a pair says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// The field.
    pub field: Field,
    /// In words.
    pub level: &'static str,
    /// Bits that it adds to the odds of a match, beside all other fields (negative: that it takes away).
    pub bits: f64,
}

/// Compared records.
#[derive(Debug)]
pub struct Linkage {
    profiles: Profiles,
    frequencies: Frequencies,
    weights: Weights,
    constraints: Constraints,
    /// Every pair of at least [`FAINTEST`] probability, ascending.
    pub links: Vec<Link>,
    /// Pairs that were compared.
    pub compared: usize,
}

/// Pairs under this probability are not kept.
pub const FAINTEST: f64 = 1e-3;

/// Odds, in bits, that the same customer id in two sources means one customer: nine to one.
const SAME_ID_BITS: f64 = 3.17;

impl Linkage {
    /// Compares `records` and estimates what their agreements are worth.
    pub fn of(records: &[Record], constraints: Constraints) -> Self {
        let profiles = Profiles::of(records);
        let always: Vec<_> =
            [&constraints.same, &constraints.different, &constraints.same_id].into_iter().flatten().copied().collect();
        let pairs = block::candidates(&profiles, &always);
        let patterns: Vec<Pattern> = pairs.par_iter().map(|(a, b)| profiles.compare(*a, *b)).collect();
        let weights = Weights::estimate(&profiles, &pairs, &patterns);
        let frequencies = Frequencies::of(&profiles);
        let mut linkage =
            Self { profiles, frequencies, weights, constraints, links: Vec::new(), compared: pairs.len() };
        linkage.links = pairs
            .par_iter()
            .zip(&patterns)
            .filter_map(|((a, b), pattern)| {
                let probability = linkage.probability_of(*a, *b, *pattern);
                (probability >= FAINTEST).then_some(Link { a: *a, b: *b, probability })
            })
            .collect();
        linkage
    }

    /// The clusters of two records or more at a threshold, each ascending, in order of their first record.
    pub fn clusters(&self, threshold: f64) -> Vec<Vec<u32>> {
        let contradict = |a: u32, b: u32| self.contradict(a, b);
        let compare = |a: u32, b: u32| self.probability(a, b);
        let rules = Rules { threshold, contradict: &contradict, compare: &compare };
        cluster::clusters(self.profiles.rows.len(), &self.links, &rules)
    }

    /// The probability that two records are one company.
    pub fn probability(&self, a: u32, b: u32) -> f64 {
        let (a, b) = (a.min(b), a.max(b));
        self.probability_of(a, b, self.profiles.compare(a, b))
    }

    /// What each field says of a pair; fields that a record lacks are left out.
    pub fn evidence(&self, a: u32, b: u32) -> Vec<Evidence> {
        let pattern = self.profiles.compare(a, b);
        let odds = self.odds(a, b, pattern);
        Field::ALL
            .into_iter()
            .filter(|field| pattern.level(*field) > 0)
            .map(|field| {
                let bits = odds - self.odds(a, b, pattern.without(field));
                Evidence { field, level: field.levels()[pattern.level(field) - 1], bits }
            })
            .collect()
    }

    /// What agreements are worth on these records.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// Whether two records must not be one company: decided so, or two tax numbers.
    pub fn contradict(&self, a: u32, b: u32) -> bool {
        let pair = (a.min(b), a.max(b));
        if self.constraints.same.binary_search(&pair).is_ok() {
            return false;
        }
        let pattern = || self.profiles.compare(pair.0, pair.1);
        self.constraints.different.binary_search(&pair).is_ok() || pattern().level(Field::VatId) == OTHER_VAT_ID
    }

    fn probability_of(&self, a: u32, b: u32, pattern: Pattern) -> f64 {
        let pair = (a, b);
        if self.constraints.same.binary_search(&pair).is_ok() {
            return 1.0;
        }
        if self.constraints.different.binary_search(&pair).is_ok() {
            return 0.0;
        }
        1.0 / (1.0 + (-self.odds(a, b, pattern)).exp2())
    }

    /// `log2` of the odds that two records are one company.
    fn odds(&self, a: u32, b: u32, pattern: Pattern) -> f64 {
        let mut likelihoods = self.weights.likelihoods(pattern);
        self.frequencies.adjust(&mut likelihoods, pattern, a, b);
        let [_, others @ ..] = likelihoods;
        let highest = others.into_iter().fold(f64::NEG_INFINITY, f64::max);
        let against = highest + others.iter().map(|bits| (bits - highest).exp2()).sum::<f64>().log2();
        let is_same_id = self.constraints.same_id.binary_search(&(a.min(b), a.max(b))).is_ok();
        // nine to one before the fields are looked at, whatever the share of matches
        let prior = if is_same_id { SAME_ID_BITS - self.weights.prior_bits() } else { 0.0 };
        likelihoods[Kind::Match as usize] - against + prior
    }
}
