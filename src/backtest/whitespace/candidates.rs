//! The three ways to foretell a first purchase.

use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

use super::{super::BacktestError, PEERS, rows::GroupRows};
use crate::{
    learners::{boosting::GradientBoosting, isotonic::IsotonicRegression},
    train::pairs,
};

/// A group's rate counts as if so many rows at the rate of all groups had been added.
const PRIOR_ROWS: f64 = 50.0;

/// How a first purchase may be foretold, simplest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Candidate {
    /// How often the group is taken up at all.
    Popularity,
    /// How many of the nearest peers buy it.
    Peers,
    /// Boosted trees on both, and on what the account buys.
    Boosted,
}

impl Candidate {
    pub const ALL: [Self; 3] = [Self::Popularity, Self::Peers, Self::Boosted];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Popularity => "popularity",
            Self::Peers => "peers",
            Self::Boosted => "boosted",
        }
    }
}

/// A fitted candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fitted {
    /// Rate by group, and of all groups.
    Popularity {
        rates: Vec<f64>,
        all: f64,
    },
    /// Rate by the share of peers that buy it, which never falls.
    Peers(IsotonicRegression),
    Boosted(GradientBoosting),
}

impl Fitted {
    pub fn fit(candidate: Candidate, rows: &GroupRows) -> Result<Self, BacktestError> {
        let refused = |reason: String| BacktestError::Whitespace { reason };
        let y = Array1::from(rows.bought.clone());
        Ok(match candidate {
            Candidate::Popularity => {
                let all = rows.bought.iter().sum::<f64>() / rows.len().max(1) as f64;
                let mut sums = vec![(PRIOR_ROWS * all, PRIOR_ROWS); rows.groups];
                for (group, bought) in rows.group.iter().zip(&rows.bought) {
                    let (taken, n) = &mut sums[*group as usize];
                    (*taken, *n) = (*taken + bought, *n + 1.0);
                }
                Self::Popularity { rates: sums.into_iter().map(|(taken, n)| taken / n).collect(), all }
            }
            Candidate::Peers => Self::Peers(pairs::rising_rate(peers(rows), y).map_err(refused)?),
            Candidate::Boosted => {
                let groups = rows.account.iter().map(|&account| account as usize).collect();
                Self::Boosted(pairs::boosted_probability(rows.x.clone(), y, groups).map_err(refused)?)
            }
        })
    }

    pub fn predict(&self, rows: &GroupRows) -> Vec<f64> {
        match self {
            Self::Popularity { rates, all } => {
                rows.group.iter().map(|&group| rates.get(group as usize).copied().unwrap_or(*all)).collect()
            }
            Self::Peers(isotonic) => pairs::rate_at(isotonic, &peers(rows)),
            Self::Boosted(model) => pairs::probability_at(model, &rows.x),
        }
        .into_iter()
        .map(|p| p.clamp(0.0, 1.0))
        .collect()
    }
}

/// The share of peers that buy, as the one column of an isotonic fit.
fn peers(rows: &GroupRows) -> Array2<f64> {
    Array2::from_shape_fn((rows.len(), 1), |(i, _)| f64::from(rows.peers_buy(i).unwrap_or(0)) / PEERS as f64)
}
