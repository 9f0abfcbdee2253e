//! A tree laid out for many rows: every step is the same few instructions, without a branch that depends on a value.
//!
//! All rows of a block take as many steps as the tree is deep; a leaf steps to itself. What a step costs is then the
//! loads, not the mispredicted branches, and rows run side by side through the processor.

use super::node::{Node, Rule, Tree};

/// Rows that walk together: their cursors, their values and the tree stay in the first-level cache.
const BLOCK: usize = 64;
/// Added to a code below it, it leaves the code in the lowest bits of the sum.
const TWO_TO_52: f64 = 4_503_599_627_370_496.0;

/// A node; numbers above `bound` go right, and codes without a bit in `mask`.
#[derive(Debug, Clone, Copy)]
struct Step {
    bound: f64,
    mask: u64,
    column: u32,
    left: u32,
    right: u32,
    missing: u32,
}

/// A tree for prediction.
pub(in crate::learners) struct FlatTree {
    steps: Vec<Step>,
    values: Vec<f64>,
    depth: usize,
    has_codes: bool,
}

impl FlatTree {
    /// `None` where a category has codes that a mask of 64 bits does not hold.
    pub(in crate::learners) fn of(tree: &Tree) -> Option<Self> {
        let nodes = tree.nodes();
        let mut steps = Vec::with_capacity(nodes.len());
        let mut values = vec![0.0; nodes.len()];
        // children come after their parents
        let mut depths = vec![0; nodes.len()];
        let mut has_codes = false;
        for (at, node) in nodes.iter().enumerate() {
            let here = at as u32;
            let leaf = Step { bound: f64::INFINITY, mask: u64::MAX, column: 0, left: here, right: here, missing: here };
            steps.push(match node {
                Node::Leaf { value, .. } => {
                    values[at] = *value;
                    leaf
                }
                Node::Split { column, rule, missing_left, left, right, .. } => {
                    depths[*left] = depths[at] + 1;
                    depths[*right] = depths[at] + 1;
                    let (bound, mask) = match rule {
                        Rule::AtMost(bound) => (*bound, u64::MAX),
                        Rule::OneOf(codes) if codes.iter().all(|code| *code < 63) => {
                            has_codes = true;
                            (62.0, codes.iter().fold(0, |mask, code| mask | 1 << code))
                        }
                        Rule::OneOf(_) => return None,
                    };
                    let (left, right) = (*left as u32, *right as u32);
                    let missing = if *missing_left { left } else { right };
                    Step { bound, mask, column: *column as u32, left, right, missing }
                }
            });
        }
        Some(Self { steps, values, depth: depths.into_iter().max().unwrap_or(0), has_codes })
    }

    /// Adds the tree's value to each score; `rows` holds as many rows of `columns` values.
    pub(in crate::learners) fn add(&self, rows: &[f64], columns: usize, scores: &mut [f64]) {
        if self.has_codes {
            self.walk::<true>(rows, columns, scores)
        } else {
            self.walk::<false>(rows, columns, scores)
        }
    }

    fn walk<const CODES: bool>(&self, rows: &[f64], columns: usize, scores: &mut [f64]) {
        for (rows, scores) in rows.chunks(BLOCK * columns).zip(scores.chunks_mut(BLOCK)) {
            let mut at = [0u32; BLOCK];
            for _ in 0..self.depth {
                for (at, row) in at.iter_mut().zip(rows.chunks_exact(columns)) {
                    let step = &self.steps[*at as usize];
                    let value = row[step.column as usize];
                    let mut right = value > step.bound;
                    if CODES {
                        // a number's mask is full, so that its own bit never matters
                        right |= step.mask >> ((value + TWO_TO_52).to_bits() & 63) & 1 == 0;
                    }
                    let next = if right { step.right } else { step.left };
                    *at = if value.is_nan() { step.missing } else { next };
                }
            }
            for (score, at) in scores.iter_mut().zip(at) {
                *score += self.values[at as usize];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn leaf(value: f64) -> Node {
        Node::Leaf { value, cover: 1.0 }
    }

    fn split(column: usize, rule: Rule, missing_left: bool, left: usize, right: usize) -> Node {
        Node::Split { column, rule, missing_left, left, right, cover: 2.0 }
    }

    #[test]
    fn codes_beyond_the_mask_are_left_to_the_plain_walk() {
        let of = |codes: Vec<u32>| {
            FlatTree::of(&Tree::from_nodes(vec![split(0, Rule::OneOf(codes), true, 1, 2), leaf(1.0), leaf(2.0)]))
        };
        assert!(of(vec![3, 62]).is_some() && of(vec![3, 63]).is_none());
    }

    proptest! {
        #[test]
        fn every_row_reaches_the_leaf_of_the_plain_walk(
            rows in prop::collection::vec((prop::option::of(-3.0..3.0f64), prop::option::of(0u8..80)), 1..600),
            bound in -2.0..2.0f64, codes in prop::collection::vec(0u32..63, 0..9), sides in any::<[bool; 3]>(),
        ) {
            let mut codes = codes;
            codes.sort_unstable();
            codes.dedup();
            let tree = Tree::from_nodes(vec![
                split(0, Rule::AtMost(bound), sides[0], 1, 2),
                split(1, Rule::OneOf(codes), sides[1], 3, 4),
                leaf(5.0),
                leaf(7.0),
                split(0, Rule::AtMost(bound - 1.0), sides[2], 5, 6),
                leaf(11.0),
                leaf(13.0),
            ]);
            let values: Vec<f64> = rows
                .iter()
                .flat_map(|(number, code)| [number.unwrap_or(f64::NAN), code.map_or(f64::NAN, f64::from)])
                .collect();
            let mut scores = vec![1.0; rows.len()];
            FlatTree::of(&tree).unwrap().add(&values, 2, &mut scores);
            for (row, score) in values.chunks_exact(2).zip(scores) {
                prop_assert_eq!(score, 1.0 + tree.value(row));
            }
        }
    }
}
