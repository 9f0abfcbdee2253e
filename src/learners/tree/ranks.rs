//! Trees for many rows: every split is asked of every row of a block, and no branch depends on an answer.
//!
//! A column becomes ranks among the bounds that trees split it at. Where a split sends a row right, the leaves below its
//! left side are struck from the row's set; the first leaf that remains is the row's (C. Lucchese et al., "QuickScorer: a
//! Fast Algorithm to Rank Documents with Additive Ensembles of Regression Trees", SIGIR 2015). Whole numbers side by
//! side are compared eight at a time, and ranks once made serve all trees that split the same columns.

use super::node::{Node, Rule, Tree};

/// Rows that are asked together: their ranks stay in the cache nearest but one.
pub(in crate::learners) const BLOCK: usize = 256;
/// The rank of an unknown value; one more is the lowest rank there is.
const MISSING: i16 = i16::MAX;
/// More different bounds or codes of a column than this have no ranks.
const MOST: usize = 16_384;

/// How one column is ranked.
#[derive(Debug, Clone, PartialEq)]
enum Scale {
    /// The number of these bounds that lie below.
    Bounds(Vec<f64>),
    /// The position among these codes, or their number.
    Codes(Vec<u32>),
}

/// How the columns of some trees are ranked.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::learners) struct Ranker {
    columns: Vec<Scale>,
}

impl Ranker {
    /// By the splits of `trees`; `None` where a column has too many.
    pub(in crate::learners) fn of<'t>(trees: impl Iterator<Item = &'t Tree>, columns: usize) -> Option<Self> {
        let (mut bounds, mut codes) = (vec![Vec::new(); columns], vec![None::<Vec<u32>>; columns]);
        for node in trees.flat_map(Tree::nodes) {
            match node {
                Node::Split { column, rule: Rule::AtMost(bound), .. } => bounds[*column].push(*bound),
                Node::Split { column, rule: Rule::OneOf(listed), .. } => {
                    codes[*column].get_or_insert_default().extend(listed);
                }
                Node::Leaf { .. } => {}
            }
        }
        let scale = |(mut bounds, codes): (Vec<f64>, Option<Vec<u32>>)| {
            bounds.sort_unstable_by(f64::total_cmp);
            bounds.dedup();
            match codes {
                None => (bounds.len() <= MOST).then_some(Scale::Bounds(bounds)),
                Some(mut codes) => {
                    codes.sort_unstable();
                    codes.dedup();
                    (bounds.is_empty() && codes.len() <= MOST).then_some(Scale::Codes(codes))
                }
            }
        };
        Some(Self { columns: bounds.into_iter().zip(codes).map(scale).collect::<Option<_>>()? })
    }

    /// Number of ranks of a block.
    pub(in crate::learners) const fn block(&self) -> usize {
        self.columns.len() * BLOCK
    }

    /// Ranks up to [`BLOCK`] rows of values, row by row, into `ranks`, column by column.
    pub(in crate::learners) fn rank(&self, rows: &[f64], ranks: &mut [i16]) {
        let width = self.columns.len();
        for (column, (scale, ranks)) in self.columns.iter().zip(ranks.chunks_exact_mut(BLOCK)).enumerate() {
            let values = rows.iter().skip(column).step_by(width);
            match scale {
                Scale::Bounds(bounds) if bounds.is_empty() => {}
                Scale::Bounds(bounds) => ranks.iter_mut().zip(values).for_each(|(rank, value)| {
                    let below = bounds.partition_point(|bound| bound < value) as i16;
                    *rank = if value.is_nan() { MISSING } else { below };
                }),
                Scale::Codes(codes) => ranks.iter_mut().zip(values).for_each(|(rank, value)| {
                    let code = *value as u32;
                    let listed = codes.binary_search(&code).ok().filter(|_| f64::from(code) == *value);
                    *rank = if value.is_nan() { MISSING } else { listed.unwrap_or(codes.len()) as i16 };
                }),
            }
        }
    }
}

/// A set of leaves, numbered from the left.
trait Leaves: Copy {
    const ALL: Self;
    const MOST: usize;
    fn one(leaf: usize) -> Self;
    fn with(self, other: Self) -> Self;
    /// `self` without `struck`, if `right`.
    fn without(self, struck: Self, right: bool) -> Self;
    fn first(self) -> usize;
}

macro_rules! leaves {
    ($($bits:ty),*) => {$(
        impl Leaves for $bits {
            const ALL: Self = <$bits>::MAX;
            const MOST: usize = <$bits>::BITS as usize;

            fn one(leaf: usize) -> Self {
                1 << leaf
            }

            fn with(self, other: Self) -> Self {
                self | other
            }

            #[inline(always)]
            fn without(self, struck: Self, right: bool) -> Self {
                self & !(struck & Self::from(right).wrapping_neg())
            }

            #[inline(always)]
            fn first(self) -> usize {
                self.trailing_zeros() as usize
            }
        }
    )*};
}

leaves!(u16, u64);

/// A split at a bound: right is what ranks above it, unknown values one rank further round if they go left.
#[derive(Debug, Clone, Copy)]
struct AtMost<L> {
    column: usize,
    above: i16,
    round: i16,
    left: L,
}

/// A split by codes: the leaves struck for each rank, the unknown ones last.
#[derive(Debug, Clone)]
struct OneOf<L> {
    column: usize,
    struck: Vec<L>,
}

#[derive(Debug, Clone)]
struct Splits<L> {
    bounds: Vec<AtMost<L>>,
    codes: Vec<OneOf<L>>,
    values: Vec<f64>,
}

/// A tree that is asked by ranks.
#[derive(Debug, Clone)]
pub(in crate::learners) struct RankedTree(Size);

#[derive(Debug, Clone)]
enum Size {
    Small(Splits<u16>),
    Large(Splits<u64>),
}

impl RankedTree {
    /// `None` where `ranker` was made without its splits, or of more than 64 leaves.
    pub(in crate::learners) fn of(tree: &Tree, ranker: &Ranker) -> Option<Self> {
        let leaves = tree.nodes().iter().filter(|node| matches!(node, Node::Leaf { .. })).count();
        if leaves <= u16::MOST {
            Splits::of(tree, ranker).map(Size::Small).map(Self)
        } else if leaves <= u64::MOST {
            Splits::of(tree, ranker).map(Size::Large).map(Self)
        } else {
            None
        }
    }

    /// Adds the tree's value to each score of a block that was ranked.
    pub(in crate::learners) fn add(&self, ranks: &[i16], scores: &mut [f64]) {
        match &self.0 {
            Size::Small(splits) => splits.add(ranks, scores),
            Size::Large(splits) => splits.add(ranks, scores),
        }
    }
}

impl<L: Leaves> Splits<L> {
    fn of(tree: &Tree, ranker: &Ranker) -> Option<Self> {
        let mut splits = Self { bounds: Vec::new(), codes: Vec::new(), values: Vec::new() };
        splits.below(tree.nodes(), 0, ranker)?;
        Some(splits)
    }

    /// Takes over the nodes from `at` down; the leaves among them.
    fn below(&mut self, nodes: &[Node], at: usize, ranker: &Ranker) -> Option<L> {
        let (column, rule, missing_left, left, right) = match &nodes[at] {
            Node::Leaf { value, .. } => {
                self.values.push(*value);
                return Some(L::one(self.values.len() - 1));
            }
            Node::Split { column, rule, missing_left, left, right, .. } => {
                (*column, rule, *missing_left, *left, *right)
            }
        };
        let left = self.below(nodes, left, ranker)?;
        let right = self.below(nodes, right, ranker)?;
        match (rule, &ranker.columns[column]) {
            (Rule::AtMost(bound), Scale::Bounds(bounds)) => {
                let rank = bounds.binary_search_by(|known| known.total_cmp(bound)).ok()? as i16;
                let round = i16::from(missing_left);
                self.bounds.push(AtMost { column, above: rank + round, round, left });
            }
            (Rule::OneOf(listed), Scale::Codes(codes)) => {
                if listed.iter().any(|code| codes.binary_search(code).is_err()) {
                    return None;
                }
                let nothing = left.without(left, true);
                let strike = |goes_left: bool| if goes_left { nothing } else { left };
                let known = codes.iter().map(|code| strike(listed.binary_search(code).is_ok()));
                self.codes.push(OneOf { column, struck: known.chain([left, strike(missing_left)]).collect() });
            }
            _ => return None,
        }
        Some(left.with(right))
    }

    fn add(&self, ranks: &[i16], scores: &mut [f64]) {
        let mut open = [L::ALL; BLOCK];
        let column = |column: usize| ranks[column * BLOCK..][..BLOCK].iter();
        for split in &self.bounds {
            for (open, rank) in open.iter_mut().zip(column(split.column)) {
                *open = open.without(split.left, rank.wrapping_add(split.round) > split.above);
            }
        }
        for split in &self.codes {
            let unknown = split.struck.len() - 1;
            for (open, rank) in open.iter_mut().zip(column(split.column)) {
                *open = open.without(split.struck[(*rank as usize).min(unknown)], true);
            }
        }
        for (score, open) in scores.iter_mut().zip(open) {
            *score += self.values[open.first()];
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

    fn ranked(trees: &[&Tree], rows: &[f64], columns: usize) -> Vec<f64> {
        let ranker = Ranker::of(trees.iter().copied(), columns).unwrap();
        let mut ranks = vec![0; ranker.block()];
        let mut scores = vec![1.0; rows.len() / columns];
        for (rows, scores) in rows.chunks(BLOCK * columns).zip(scores.chunks_mut(BLOCK)) {
            ranker.rank(rows, &mut ranks);
            RankedTree::of(trees[0], &ranker).unwrap().add(&ranks, scores);
        }
        scores
    }

    /// A tree that splits one leaf after the other, as many as are wanted.
    fn comb(leaves: usize) -> Tree {
        let mut nodes = Vec::new();
        for at in 0..leaves - 1 {
            nodes.push(split(0, Rule::AtMost(at as f64 / 8.0 - 3.0), at % 2 == 0, 2 * at + 1, 2 * at + 2));
            nodes.push(leaf(at as f64));
        }
        nodes.push(leaf(-1.0));
        Tree::from_nodes(nodes)
    }

    #[test]
    fn what_has_no_ranks_is_left_to_the_plain_walk() {
        let (small, other) =
            (comb(2), Tree::from_nodes(vec![split(0, Rule::AtMost(9.0), true, 1, 2), leaf(0.0), leaf(1.0)]));
        let codes = Tree::from_nodes(vec![split(0, Rule::OneOf(vec![1]), true, 1, 2), leaf(0.0), leaf(1.0)]);
        let ranker = Ranker::of([&small].into_iter(), 1).unwrap();
        assert!(RankedTree::of(&small, &ranker).is_some());
        assert!(RankedTree::of(&other, &ranker).is_none(), "another bound");
        assert!(RankedTree::of(&codes, &ranker).is_none(), "another kind of column");
        let large = comb(65);
        assert!(RankedTree::of(&large, &Ranker::of([&large].into_iter(), 1).unwrap()).is_none(), "too many leaves");
    }

    proptest! {
        #[test]
        fn every_row_reaches_the_leaf_of_the_plain_walk(
            rows in prop::collection::vec((prop::option::of(-3.0..3.0f64), prop::option::of(0u8..80)), 1..600),
            bound in -2.0..2.0f64, codes in prop::collection::vec(0u32..90, 0..9), sides in any::<[bool; 3]>(),
            leaves in 2usize..64,
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
            // some values lie on bounds, some codes are no whole numbers
            let mut values: Vec<f64> = rows
                .iter()
                .flat_map(|(number, code)| [number.unwrap_or(f64::NAN), code.map_or(f64::NAN, f64::from)])
                .collect();
            values.extend([bound, 0.5, bound - 1.0, 3.0, f64::MAX, -1.0]);
            let other = comb(leaves);
            for tree in [&tree, &other] {
                let others = [tree, &other];
                for (row, score) in values.chunks_exact(2).zip(ranked(&others, &values, 2)) {
                    prop_assert_eq!(score, 1.0 + tree.value(row));
                }
            }
        }
    }
}
