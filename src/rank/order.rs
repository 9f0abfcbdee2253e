//! The order of the list: by headroom in margin times the chance of growth or, without potential, by expected margin.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// What the rank follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "basis", rename_all = "snake_case")]
pub enum Basis {
    /// `headroom_margin * growth_probability`: the third verdict holds.
    Potential {
        /// Whether growth probability has skill and so takes part in `can_buy_more`.
        growth_counts: bool,
    },
    /// `expected_margin`: the third verdict does not hold, or nothing could be compared with a good year.
    ExpectedMargin {
        /// Why no potential is shown.
        because: String,
    },
}

impl Basis {
    /// What the page says of the order.
    pub fn sentence(&self) -> String {
        match self {
            Self::Potential { growth_counts: true } => {
                "ranked by headroom in margin times the probability of growth".into()
            }
            Self::Potential { growth_counts: false } => {
                "ranked by headroom in margin times the probability of growth; \
                 growth has no skill of its own, so who can buy more is decided by headroom alone"
                    .into()
            }
            Self::ExpectedMargin { because } => {
                format!("ranked by expected margin; potential not shown, because {because}")
            }
        }
    }

    /// Whether potential is shown.
    pub const fn shows_potential(&self) -> bool {
        matches!(self, Self::Potential { .. })
    }
}

/// What decides an account's place; unknown sorts last.
#[derive(Debug, Clone, Copy)]
pub(super) struct SortKey<'a> {
    pub score: Option<f64>,
    pub margin_last: Option<f64>,
    pub id: &'a str,
}

impl SortKey<'_> {
    /// Larger score first, then larger margin of the last 12 months, then id.
    pub(super) fn cmp(&self, other: &Self) -> Ordering {
        descending(self.score, other.score)
            .then_with(|| descending(self.margin_last, other.margin_last))
            .then_with(|| self.id.cmp(other.id))
    }
}

/// The figure the rank follows.
pub(super) fn score(
    basis: &Basis,
    headroom_margin: Option<f64>,
    growth: Option<f64>,
    expected_margin: Option<f64>,
) -> Option<f64> {
    match basis {
        // Without any model of growth every account has the same chance.
        Basis::Potential { .. } => headroom_margin.map(|headroom| headroom * growth.unwrap_or(1.0)),
        Basis::ExpectedMargin { .. } => expected_margin,
    }
}

fn descending(a: Option<f64>, b: Option<f64>) -> Ordering {
    // Adding zero turns minus zero into zero: the two are one value.
    let key = |value: Option<f64>| value.map_or(f64::NEG_INFINITY, |v| v + 0.0);
    key(b).total_cmp(&key(a))
}

/// Rank 1 to n of each key, in the order of `keys`.
pub(super) fn ranks(keys: &[SortKey<'_>]) -> Vec<u32> {
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by(|&i, &j| keys[i].cmp(&keys[j]));
    let mut ranks = vec![0; keys.len()];
    for (rank, account) in (1u32..).zip(order) {
        ranks[account] = rank;
    }
    ranks
}
