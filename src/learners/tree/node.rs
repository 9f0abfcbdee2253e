//! A finished tree: decides on raw values, so that a model needs no bins to predict.

use serde::{Deserialize, Serialize};

use super::binning::{Binned, Bins};
use super::grow::GrownNode;
use super::split::BinRule;

/// Which known values go left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::learners) enum Rule {
    /// Numbers up to this one.
    AtMost(f64),
    /// These codes, ascending.
    OneOf(Vec<u32>),
}

/// A node; `cover` is the number of training rows that reached it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::learners) enum Node {
    Leaf { value: f64, cover: f64 },
    Split { column: usize, rule: Rule, missing_left: bool, left: usize, right: usize, cover: f64 },
}

/// Nodes, the root first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::learners) struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    /// The tree of grown nodes, leaf values times `shrinkage`.
    pub(in crate::learners) fn new(grown: &[GrownNode], binned: &Binned, shrinkage: f64) -> Self {
        let columns = binned.columns();
        let nodes = grown.iter().map(|node| {
            let cover = node.rows.len() as f64;
            match &node.split {
                None => Node::Leaf { value: node.value * shrinkage, cover },
                Some(split) => Node::Split {
                    column: split.column,
                    rule: rule(split.rule, &columns[split.column]),
                    missing_left: split.missing_left,
                    left: split.left,
                    right: split.right,
                    cover,
                },
            }
        });
        Self { nodes: nodes.collect() }
    }

    #[cfg(test)]
    pub(super) const fn from_nodes(nodes: Vec<Node>) -> Self {
        Self { nodes }
    }

    pub(in crate::learners) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The value of the leaf that a row falls into.
    #[inline]
    pub(in crate::learners) fn value(&self, row: &[f64]) -> f64 {
        self.leaf(row).1
    }

    /// The position among the nodes, and the value, of the leaf that a row falls into.
    #[inline]
    pub(in crate::learners) fn leaf(&self, row: &[f64]) -> (usize, f64) {
        let mut at = 0;
        loop {
            match &self.nodes[at] {
                Node::Leaf { value, .. } => return (at, *value),
                Node::Split { column, rule, missing_left, left, right, .. } => {
                    at = if goes_left(rule, *missing_left, row[*column]) { *left } else { *right };
                }
            }
        }
    }

    /// The mean value over training rows.
    pub(in crate::learners) fn expected(&self) -> f64 {
        let (mut sum, mut rows) = (0.0, 0.0);
        for node in &self.nodes {
            if let Node::Leaf { value, cover } = node {
                sum += value * cover;
                rows += cover;
            }
        }
        sum / rows
    }
}

#[inline]
pub(super) fn goes_left(rule: &Rule, missing_left: bool, value: f64) -> bool {
    if value.is_nan() {
        return missing_left;
    }
    match rule {
        Rule::AtMost(bound) => value <= *bound,
        // a code that is no whole number from 0 was never seen: it goes right like any other
        Rule::OneOf(codes) => {
            let code = value as u32;
            f64::from(code) == value && codes.binary_search(&code).is_ok()
        }
    }
}

fn rule(rule: BinRule, bins: &Bins) -> Rule {
    match (rule, bins) {
        // the bin above the last bound holds all that is left: the split tells known from missing
        (BinRule::AtMost(bin), Bins::Numeric(bounds)) => {
            Rule::AtMost(bounds.get(usize::from(bin) - 1).copied().unwrap_or(f64::MAX))
        }
        (BinRule::OneOf(_), Bins::Categorical { codes, .. }) => {
            let listed = codes.iter().zip(1u8..).filter(|(_, bin)| rule.left(*bin)).map(|(code, _)| *code);
            Rule::OneOf(listed.collect())
        }
        _ => unreachable!("numbers are split by threshold, categories by set"),
    }
}
