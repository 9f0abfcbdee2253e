//! The best split of one leaf: by threshold for numbers, by set for categories.
//!
//! Gain is the fall of the second-order loss, `score(left) + score(right) - score(parent)` with
//! `score(G, H) = G^2 / (H + l2)`, or its value at the nearest allowed leaf value where a monotone column above bounds
//! it. Categories are put in order of `G / (H + smooth)` and split along it, which finds the best of all sets for convex
//! losses (W. D. Fisher 1958), with extra shrinkage against sets made of noise, as in LightGBM.

use super::Monotone;
use super::binning::Bins;
use super::histogram::{Histogram, Sums};

/// Least curvature of a leaf.
const MIN_CURVATURE: f64 = 1e-3;
/// Least gain worth a split: below it, rounding of sums decides.
const MIN_GAIN: f64 = 1e-9;
/// Prior curvature of a category when categories are put in order.
const CATEGORY_SMOOTH: f64 = 10.0;
/// Additional penalty of leaf values under a split by category.
const CATEGORY_L2: f64 = 10.0;
/// Categories on the smaller side of a split.
const MAX_CATEGORIES: usize = 32;

/// Which bins go left; "missing" apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum BinRule {
    /// Bins 1 to this one.
    AtMost(u8),
    /// Bins whose bit is set.
    OneOf([u64; 4]),
}

impl BinRule {
    #[inline]
    pub(super) const fn left(&self, bin: u8) -> bool {
        match self {
            Self::AtMost(last) => bin <= *last,
            Self::OneOf(set) => set[bin as usize / 64] >> (bin % 64) & 1 == 1,
        }
    }
}

/// A split and what it gains.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Candidate {
    pub(super) gain: f64,
    pub(super) column: usize,
    pub(super) rule: BinRule,
    pub(super) missing_left: bool,
    pub(super) left: Sums,
    pub(super) right: Sums,
}

/// What a leaf allows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) sums: Sums,
    /// Rows per unit of curvature in this leaf.
    pub(super) rows_per_curvature: f64,
    pub(super) min_rows: f64,
    pub(super) l2: f64,
    /// Allowed leaf values.
    pub(super) bounds: (f64, f64),
}

impl Limits {
    /// The allowed value of a leaf with least loss.
    pub(super) fn value(&self, [gradient, curvature]: Sums) -> f64 {
        (-gradient / (curvature + self.l2)).clamp(self.bounds.0, self.bounds.1)
    }

    fn score(&self, sums: Sums, l2: f64) -> f64 {
        let [gradient, curvature] = sums;
        if self.is_free() {
            return gradient * gradient / (curvature + l2);
        }
        let value = (-gradient / (curvature + l2)).clamp(self.bounds.0, self.bounds.1);
        -(2.0 * gradient * value + (curvature + l2) * value * value)
    }

    fn is_free(&self) -> bool {
        self.bounds == (f64::NEG_INFINITY, f64::INFINITY)
    }

    /// Whether two free leaves score less than `least` together. Told without a division, since nearly all candidates
    /// are turned down here; what it lets pass is compared exactly.
    fn falls_short(&self, left: Sums, right: Sums, least: f64) -> bool {
        let (below, above) = (left[1] + self.l2, right[1] + self.l2);
        left[0] * left[0] * above + right[0] * right[0] * below < least * below * above
    }

    fn large_enough(&self, sums: Sums) -> bool {
        sums[1] >= MIN_CURVATURE && sums[1] * self.rows_per_curvature >= self.min_rows - 0.5
    }
}

/// The split with the largest gain, the first column winning ties; `None` where no split gains anything.
pub(super) fn best(
    histogram: &Histogram,
    columns: &[Bins],
    used: &[usize],
    monotone: &[Option<Monotone>],
    limits: &Limits,
) -> Option<Candidate> {
    if !limits.large_enough([0.0, limits.sums[1] / 2.0]) {
        return None;
    }
    let of_column = |&column: &usize| {
        let bins = &histogram.column(column)[..columns[column].len()];
        match &columns[column] {
            Bins::Numeric(_) => by_threshold(bins, column, monotone[column], limits),
            Bins::Categorical { .. } => by_category(bins, column, limits),
        }
    };
    used.iter().filter_map(of_column).fold(None, |best: Option<Candidate>, next| match best {
        Some(best) if best.gain >= next.gain => Some(best),
        _ => Some(next),
    })
}

fn by_threshold(bins: &[Sums], column: usize, direction: Option<Monotone>, limits: &Limits) -> Option<Candidate> {
    let total = limits.sums;
    let parent = limits.score(total, limits.l2);
    let missing = bins[0];
    // subtraction leaves crumbs in empty bins
    let has_missing = missing[1] * limits.rows_per_curvature > 0.5;
    let is_free = limits.is_free();
    let mut best: Option<(f64, usize, bool, Sums)> = None;
    for missing_left in [false, true] {
        if missing_left && !has_missing {
            break;
        }
        let mut left = if missing_left { missing } else { [0.0; 2] };
        // the last bin can be an edge only against missing values on the other side
        let last = if has_missing && !missing_left { bins.len() } else { bins.len() - 1 };
        for (bin, sums) in bins.iter().enumerate().take(last).skip(1) {
            left = [left[0] + sums[0], left[1] + sums[1]];
            if !limits.large_enough(left) {
                continue;
            }
            let right = [total[0] - left[0], total[1] - left[1]];
            if !limits.large_enough(right) {
                break;
            }
            let so_far = best.map_or(MIN_GAIN, |best| best.0);
            if is_free && limits.falls_short(left, right, parent + so_far) {
                continue;
            }
            let gain = limits.score(left, limits.l2) + limits.score(right, limits.l2) - parent;
            if gain <= so_far {
                continue;
            }
            let allowed = match direction {
                None => true,
                Some(Monotone::Increasing) => limits.value(left) <= limits.value(right),
                Some(Monotone::Decreasing) => limits.value(left) >= limits.value(right),
            };
            if allowed {
                best = Some((gain, bin, missing_left, left));
            }
        }
    }
    best.map(|(gain, bin, missing_left, left)| {
        let right = [total[0] - left[0], total[1] - left[1]];
        // a value missing for the first time goes with the majority
        let missing_left = if has_missing { missing_left } else { left[1] >= right[1] };
        Candidate { gain, column, rule: BinRule::AtMost(bin as u8), missing_left, left, right }
    })
}

fn by_category(bins: &[Sums], column: usize, limits: &Limits) -> Option<Candidate> {
    let total = limits.sums;
    let l2 = limits.l2 + CATEGORY_L2;
    let parent = limits.score(total, limits.l2);
    let filled = |bin: usize| bins[bin][1] * limits.rows_per_curvature > 0.5;
    // the bin of rare and unseen codes always stays right, so that unseen codes have a place to go
    let mut order: Vec<usize> = (0..bins.len() - 1).filter(|bin| filled(*bin)).collect();
    let rate = |bin: &usize| bins[*bin][0] / (bins[*bin][1] + CATEGORY_SMOOTH);
    order.sort_by(|a, b| rate(a).total_cmp(&rate(b)).then(a.cmp(b)));
    let mut best: Option<(f64, Vec<usize>, Sums)> = None;
    for backwards in [false, true] {
        if backwards {
            order.reverse();
        }
        let mut left = [0.0; 2];
        for (taken, bin) in order.iter().enumerate().take(MAX_CATEGORIES) {
            left = [left[0] + bins[*bin][0], left[1] + bins[*bin][1]];
            let right = [total[0] - left[0], total[1] - left[1]];
            if !limits.large_enough(left) {
                continue;
            }
            if !limits.large_enough(right) {
                break;
            }
            let gain = limits.score(left, l2) + limits.score(right, l2) - parent;
            if gain > best.as_ref().map_or(MIN_GAIN, |best| best.0) {
                best = Some((gain, order[..=taken].to_vec(), left));
            }
        }
    }
    best.map(|(gain, bins_left, left)| {
        let mut set = [0u64; 4];
        for bin in &bins_left {
            set[bin / 64] |= 1 << (bin % 64);
        }
        let right = [total[0] - left[0], total[1] - left[1]];
        let missing_left = bins_left.contains(&0) || (!filled(0) && left[1] >= right[1]);
        Candidate { gain, column, rule: BinRule::OneOf(set), missing_left, left, right }
    })
}
