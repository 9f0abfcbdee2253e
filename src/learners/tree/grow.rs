//! One tree, grown leaf by leaf: the leaf with the largest gain is split next.

use std::ops::Range;

use rayon::prelude::*;

use super::Monotone;
use super::binning::Binned;
use super::histogram::{Histogram, PARALLEL_ROWS, Sums, Used};
use super::split::{self, BinRule, Candidate, Limits};

/// Ranges longer than this are divided by several threads, in pieces of this length.
const PIECE: usize = 65_536;

/// A node of a grown tree; its rows are a range of the row order.
#[derive(Debug, Clone)]
pub(in crate::learners) struct GrownNode {
    pub(in crate::learners) rows: Range<usize>,
    pub(in crate::learners) value: f64,
    pub(in crate::learners) split: Option<GrownSplit>,
}

/// How a node was split.
#[derive(Debug, Clone)]
pub(in crate::learners) struct GrownSplit {
    pub(in crate::learners) column: usize,
    pub(super) rule: BinRule,
    pub(in crate::learners) missing_left: bool,
    pub(in crate::learners) left: usize,
    pub(in crate::learners) right: usize,
}

/// A leaf that may still be split.
struct Open {
    node: usize,
    histogram: Histogram,
    best: Option<Candidate>,
    sums: Sums,
    bounds: (f64, f64),
}

/// Where a tree stops, and what it must respect.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::learners) struct GrowthLimits {
    pub(in crate::learners) leaves: usize,
    pub(in crate::learners) min_leaf_rows: usize,
    pub(in crate::learners) l2: f64,
    pub(in crate::learners) monotone: Vec<(usize, Monotone)>,
}

/// Grows trees on one binned matrix, keeping buffers between them.
pub(in crate::learners) struct Grower<'a> {
    binned: &'a Binned,
    limits: &'a GrowthLimits,
    monotone: Vec<Option<Monotone>>,
    spare: Vec<Histogram>,
    scratch: Vec<u32>,
    gathered: Vec<[f32; 2]>,
}

impl<'a> Grower<'a> {
    pub(in crate::learners) fn new(binned: &'a Binned, limits: &'a GrowthLimits) -> Self {
        let mut monotone = vec![None; binned.columns().len()];
        for (column, direction) in &limits.monotone {
            monotone[*column] = Some(*direction);
        }
        Self { binned, limits, monotone, spare: Vec::new(), scratch: Vec::new(), gathered: Vec::new() }
    }

    /// Grows a tree on `rows` (ascending, possibly repeated; reordered so that each node's rows are a range) by
    /// `columns`; `derivatives` has one pair per record. Node 0 is the root; leaf values are Newton steps, unshrunken.
    pub(in crate::learners) fn grow(
        &mut self,
        rows: &mut [u32],
        derivatives: &[[f32; 2]],
        columns: &[usize],
    ) -> Vec<GrownNode> {
        let used = Used::new(columns, self.binned.groups().len());
        let mut histogram = self.histogram();
        if rows.len() == derivatives.len() && rows.iter().zip(0..).all(|(row, at)| *row == at) {
            histogram.fill(self.binned, None, derivatives, &used);
        } else {
            self.fill(&mut histogram, rows, derivatives, &used);
        }
        let sums = histogram.column(columns[0]).iter().fold([0.0; 2], |s, c| [s[0] + c[0], s[1] + c[1]]);
        let bounds = (f64::NEG_INFINITY, f64::INFINITY);
        let mut nodes = vec![GrownNode { rows: 0..rows.len(), value: 0.0, split: None }];
        let root = self.open(0, rows.len(), histogram, sums, bounds, columns);
        nodes[0].value = root.1;
        let mut leaves = vec![root.0];
        while leaves.len() < self.limits.leaves {
            let gain = |leaf: &Open| leaf.best.as_ref().map_or(0.0, |best| best.gain);
            let Some(at) = (0..leaves.len())
                .filter(|at| gain(&leaves[*at]) > 0.0)
                .reduce(|best, next| if gain(&leaves[next]) > gain(&leaves[best]) { next } else { best })
            else {
                break;
            };
            let leaf = leaves.swap_remove(at);
            let last = leaves.len() + 2 == self.limits.leaves;
            let children = self.split(leaf, &mut nodes, rows, derivatives, (columns, &used), last);
            leaves.extend(children);
        }
        self.spare.extend(leaves.into_iter().map(|leaf| leaf.histogram));
        nodes
    }

    fn split(
        &mut self,
        leaf: Open,
        nodes: &mut Vec<GrownNode>,
        rows: &mut [u32],
        derivatives: &[[f32; 2]],
        (columns, used): (&[usize], &Used),
        last: bool,
    ) -> [Open; 2] {
        let best = leaf.best.expect("only leaves with a split are chosen");
        let range = nodes[leaf.node].rows.clone();
        let middle = range.start + self.partition(&mut rows[range.clone()], &best);
        let limits = self.limits(range.len(), leaf.sums, leaf.bounds);
        let (low, high) = leaf.bounds;
        let between = 0.5 * (limits.value(best.left) + limits.value(best.right));
        let (left_bounds, right_bounds) = match self.monotone[best.column] {
            None => (leaf.bounds, leaf.bounds),
            Some(Monotone::Increasing) => ((low, between), (between, high)),
            Some(Monotone::Decreasing) => ((between, high), (low, between)),
        };
        let (left, right) = (nodes.len(), nodes.len() + 1);
        let (left_rows, right_rows) = (range.start..middle, middle..range.end);
        nodes.push(GrownNode { rows: left_rows.clone(), value: 0.0, split: None });
        nodes.push(GrownNode { rows: right_rows.clone(), value: 0.0, split: None });
        let (column, rule, missing_left) = (best.column, best.rule, best.missing_left);
        nodes[leaf.node].split = Some(GrownSplit { column, rule, missing_left, left, right });

        let mut large = leaf.histogram;
        let mut small = self.histogram();
        // the children of the last split are never split: their histograms would be read by nobody
        if !last {
            let smaller = if left_rows.len() <= right_rows.len() { &left_rows } else { &right_rows };
            self.fill(&mut small, &rows[smaller.clone()], derivatives, used);
            large.subtract(&small, used);
        }
        let (of_left, of_right) = if left_rows.len() <= right_rows.len() { (small, large) } else { (large, small) };
        let columns = if last { &[] } else { columns };
        let open_left = || self.open(left, left_rows.len(), of_left, best.left, left_bounds, columns);
        let open_right = || self.open(right, right_rows.len(), of_right, best.right, right_bounds, columns);
        let (left_open, right_open) =
            if range.len() < PARALLEL_ROWS { (open_left(), open_right()) } else { rayon::join(open_left, open_right) };
        nodes[left].value = left_open.1;
        nodes[right].value = right_open.1;
        [left_open.0, right_open.0]
    }

    /// A leaf with its best split, and its value.
    fn open(
        &self,
        node: usize,
        rows: usize,
        histogram: Histogram,
        sums: Sums,
        bounds: (f64, f64),
        columns: &[usize],
    ) -> (Open, f64) {
        let limits = self.limits(rows, sums, bounds);
        let best = split::best(&histogram, self.binned.columns(), columns, &self.monotone, &limits);
        (Open { node, histogram, best, sums, bounds }, limits.value(sums))
    }

    fn limits(&self, rows: usize, sums: Sums, bounds: (f64, f64)) -> Limits {
        let rows_per_curvature = if sums[1] > 0.0 { rows as f64 / sums[1] } else { 0.0 };
        let min_rows = self.limits.min_leaf_rows as f64;
        Limits { sums, rows_per_curvature, min_rows, l2: self.limits.l2, bounds }
    }

    fn histogram(&mut self) -> Histogram {
        self.spare.pop().unwrap_or_else(|| Histogram::new(self.binned))
    }

    fn fill(&mut self, histogram: &mut Histogram, rows: &[u32], derivatives: &[[f32; 2]], used: &Used) {
        // gathered once here instead of once per group of columns
        self.gathered.clear();
        self.gathered.extend(rows.iter().map(|row| derivatives[*row as usize]));
        histogram.fill(self.binned, Some(rows), &self.gathered, used);
    }

    /// Moves the rows that go left before the others, keeping order on both sides; returns how many went left.
    fn partition(&mut self, rows: &mut [u32], best: &Candidate) -> usize {
        let goes_left = |row: u32| match self.binned.bin(row, best.column) {
            0 => best.missing_left,
            bin => best.rule.left(bin),
        };
        if rows.len() <= PIECE {
            self.scratch.clear();
            let mut kept = 0;
            for at in 0..rows.len() {
                let row = rows[at];
                if goes_left(row) {
                    rows[kept] = row;
                    kept += 1;
                } else {
                    self.scratch.push(row);
                }
            }
            rows[kept..].copy_from_slice(&self.scratch);
            return kept;
        }
        let pieces: Vec<(Vec<u32>, Vec<u32>)> =
            rows.par_chunks(PIECE).map(|piece| piece.iter().partition(|row| goes_left(**row))).collect();
        let mut at = 0;
        for side in pieces.iter().map(|piece| &piece.0).chain(pieces.iter().map(|piece| &piece.1)) {
            rows[at..at + side.len()].copy_from_slice(side);
            at += side.len();
        }
        pieces.iter().map(|piece| piece.0.len()).sum()
    }
}

/// The value of the leaf that a record falls into.
pub(in crate::learners) fn value_of(nodes: &[GrownNode], binned: &Binned, row: u32) -> f64 {
    let mut node = &nodes[0];
    while let Some(split) = &node.split {
        let goes_left = match binned.bin(row, split.column) {
            0 => split.missing_left,
            bin => split.rule.left(bin),
        };
        node = &nodes[if goes_left { split.left } else { split.right }];
    }
    node.value
}

/// Sets the value of every leaf by `renew(rows)` in place of its Newton step, within what monotone columns allow: each
/// split by one divides the allowed values midway between its sides.
pub(in crate::learners) fn renew(
    nodes: &mut [GrownNode],
    monotone: &[(usize, Monotone)],
    renew: impl Fn(Range<usize>) -> f64 + Sync,
) {
    let leaves: Vec<usize> = (0..nodes.len()).filter(|at| nodes[*at].split.is_none() || !monotone.is_empty()).collect();
    let values: Vec<f64> = leaves.par_iter().map(|at| renew(nodes[*at].rows.clone())).collect();
    for (at, value) in leaves.into_iter().zip(values) {
        nodes[at].value = value;
    }
    if monotone.is_empty() {
        return;
    }
    let mut open = vec![(0, f64::NEG_INFINITY, f64::INFINITY)];
    while let Some((at, low, high)) = open.pop() {
        nodes[at].value = nodes[at].value.clamp(low, high);
        let Some(split) = nodes[at].split.clone() else { continue };
        let direction = monotone.iter().find(|(column, _)| *column == split.column).map(|(_, direction)| *direction);
        let between = (0.5 * (nodes[split.left].value + nodes[split.right].value)).clamp(low, high);
        let (left, right) = match direction {
            None => ((low, high), (low, high)),
            Some(Monotone::Increasing) => ((low, between), (between, high)),
            Some(Monotone::Decreasing) => ((between, high), (low, between)),
        };
        open.push((split.left, left.0, left.1));
        open.push((split.right, right.0, right.1));
    }
}
