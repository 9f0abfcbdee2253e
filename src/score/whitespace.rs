//! What an account could buy for the first time, in money: `whitespace.parquet` of METHOD section 11.
//!
//! Expected revenue of a group is its probability times the mean first purchase. An account's groups together never
//! exceed its headroom: all of them are scaled alike.

use polars::prelude::*;

use super::{ScoreError, ScoreFrame};
use crate::{
    backtest::{Breadth, FirstPurchase},
    features::Slice,
};

/// The group that is worth most to offer to an account.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// The product group.
    pub product_group: String,
    /// Probability of a first purchase within the horizon.
    pub probability: f64,
    /// Expected revenue, capped by headroom.
    pub expected_revenue: f64,
    /// How many of the nearest peers buy it, if there are peers.
    pub peers: Option<u32>,
}

/// First purchases of the accounts of a slice.
#[derive(Debug, Clone)]
pub struct WhitespaceScores {
    /// `customer_id, product_group, probability, expected_revenue, expected_margin`, by account and group.
    pub table: DataFrame,
    /// Sum of expected revenue per account of the slice.
    pub total: Vec<f64>,
    /// Per account of the slice; `None` where it buys all groups.
    pub best: Vec<Option<Suggestion>>,
    /// Per account of the slice, where accounts can be compared.
    pub breadth: Option<Vec<Breadth>>,
}

/// Puts `found` (by account and group) into money for the accounts of `slice`, which `scores` speak of.
///
/// # Errors
/// If an account of the slice has no scores.
pub fn whitespace(
    found: &[FirstPurchase],
    breadth: Option<Vec<Breadth>>,
    groups: &[String],
    slice: &Slice,
    scores: &ScoreFrame,
) -> Result<WhitespaceScores, ScoreError> {
    let ids: Vec<&str> = slice.features().accounts().iter().map(Option::unwrap_or_default).collect();
    let scored = scores.accounts();
    let (headroom, rate) = (scores.numbers("headroom_revenue"), scores.numbers("margin_rate"));
    let position =
        |id: &str| scored.binary_search(&id).map_err(|_| ScoreError::UnknownAccount { account: id.to_owned() });
    let mut total = vec![0.0; ids.len()];
    for purchase in found {
        total[purchase.account] += purchase.probability * purchase.spend;
    }
    let mut scale = Vec::with_capacity(ids.len());
    let mut rates = Vec::with_capacity(ids.len());
    for (id, total) in ids.iter().zip(&mut total) {
        let at = position(id)?;
        let cap = headroom[at].unwrap_or(*total).min(*total);
        scale.push(if *total > 0.0 { cap / *total } else { 0.0 });
        rates.push(rate[at]);
        *total = cap;
    }
    let mut best: Vec<Option<Suggestion>> = vec![None; ids.len()];
    let (mut revenue, mut margin) = (Vec::with_capacity(found.len()), Vec::with_capacity(found.len()));
    for purchase in found {
        let expected = scale[purchase.account] * purchase.probability * purchase.spend;
        revenue.push(expected);
        margin.push(rates[purchase.account].map(|rate| rate * expected));
        let most = &mut best[purchase.account];
        if most.as_ref().is_none_or(|most| expected > most.expected_revenue) {
            *most = Some(Suggestion {
                product_group: groups[purchase.group].clone(),
                probability: purchase.probability,
                expected_revenue: expected,
                peers: purchase.peers,
            });
        }
    }
    let table = df! {
        "customer_id" => found.iter().map(|purchase| ids[purchase.account]).collect::<Vec<_>>(),
        "product_group" => found.iter().map(|purchase| groups[purchase.group].as_str()).collect::<Vec<_>>(),
        "probability" => found.iter().map(|purchase| purchase.probability).collect::<Vec<_>>(),
        "expected_revenue" => revenue,
        "expected_margin" => margin,
    }?;
    Ok(WhitespaceScores { table, total, best, breadth })
}
