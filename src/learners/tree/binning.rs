//! Columns to bins of one byte: what a tree can tell apart.
//!
//! Bin 0 is "missing". A number falls into the first of up to 255 bins whose upper bound it does not exceed; bounds lie
//! midway between neighbouring values where there are few, and at equal shares of a sample where there are many. A code
//! has a bin of its own, by falling frequency; codes beyond the limit share the last one.

use ndarray::{ArrayView1, ArrayView2};
use rayon::prelude::*;

use super::CategoryError;

/// Columns whose bins lie side by side: one row of a group is eight bytes, its histograms fit the first-level cache.
pub(super) const GROUP: usize = 8;
/// Bins of a column.
pub(super) const BINS: usize = 256;
/// Rows (at equal distances) from which bounds are learned.
const SAMPLE: usize = 200_000;

/// How one column is binned.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Bins {
    /// Upper bounds, ascending; bin `b` holds `bounds[b - 2] < x <= bounds[b - 1]`, the last one what lies above.
    Numeric(Vec<f64>),
    /// Codes, bin `b` holding `codes[b - 1]`; `other` is the bin of all further codes.
    Categorical { codes: Vec<u32>, other: usize },
}

impl Bins {
    /// Number of bins in use, "missing" included.
    pub(super) const fn len(&self) -> usize {
        match self {
            Self::Numeric(bounds) => bounds.len() + 2,
            Self::Categorical { other, .. } => *other + 1,
        }
    }

    fn numeric(column: ArrayView1<'_, f64>, max_bins: usize) -> Self {
        let stride = column.len().div_ceil(SAMPLE).max(1);
        let mut values: Vec<f64> = column.iter().step_by(stride).copied().filter(|v| !v.is_nan()).collect();
        values.sort_unstable_by(f64::total_cmp);
        let mut distinct: Vec<(f64, usize)> = Vec::new();
        for value in &values {
            match distinct.last_mut() {
                Some((last, count)) if *last == *value => *count += 1,
                _ => distinct.push((*value, 1)),
            }
        }
        let mut bounds = Vec::new();
        let mut rest = values.len();
        let mut filled = 0;
        for pair in distinct.windows(2) {
            filled += pair[0].1;
            let bins_left = max_bins - bounds.len();
            let full = distinct.len() <= max_bins || filled * bins_left >= rest;
            if full && bins_left > 1 {
                bounds.push(between(pair[0].0, pair[1].0));
                rest -= filled;
                filled = 0;
            }
        }
        Self::Numeric(bounds)
    }

    fn categorical(column: ArrayView1<'_, f64>, max_bins: usize) -> Self {
        let mut values: Vec<u32> = column.iter().filter(|v| !v.is_nan()).map(|v| *v as u32).collect();
        values.sort_unstable();
        let mut counts: Vec<(usize, u32)> = values.chunk_by(|a, b| a == b).map(|same| (same.len(), same[0])).collect();
        counts.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        // one bin is kept for codes that are rare or never seen
        let mut codes: Vec<u32> = counts.into_iter().take(max_bins - 1).map(|(_, code)| code).collect();
        codes.sort_unstable();
        let other = codes.len() + 1;
        Self::Categorical { codes, other }
    }

    fn bin(&self, value: f64) -> u8 {
        if value.is_nan() {
            return 0;
        }
        let bin = match self {
            Self::Numeric(bounds) => bounds.partition_point(|bound| *bound < value) + 1,
            Self::Categorical { codes, other } => codes.binary_search(&(value as u32)).map_or(*other, |at| at + 1),
        };
        bin as u8
    }
}

/// A number that `low` does not exceed and `high` does.
fn between(low: f64, high: f64) -> f64 {
    let middle = 0.5 * low + 0.5 * high;
    if middle < high && middle >= low { middle } else { low }
}

/// A binned training matrix.
pub(in crate::learners) struct Binned {
    columns: Vec<Bins>,
    groups: Vec<Vec<[u8; GROUP]>>,
}

impl Binned {
    /// Learns bins and applies them.
    ///
    /// # Errors
    /// If a categorical column holds something else than codes or NaN.
    pub(in crate::learners) fn new(
        x: ArrayView2<'_, f64>,
        categorical: &[usize],
        max_bins: usize,
    ) -> Result<Self, CategoryError> {
        for &column in categorical {
            let is_code = |v: &f64| (0.0..=f64::from(u32::MAX)).contains(v) && v.fract() == 0.0;
            if let Some((row, &value)) = x.column(column).iter().enumerate().find(|(_, v)| !(v.is_nan() || is_code(v)))
            {
                return Err(CategoryError { row, column, value });
            }
        }
        let learn = |column: usize| {
            if categorical.contains(&column) {
                Bins::categorical(x.column(column), max_bins)
            } else {
                Bins::numeric(x.column(column), max_bins)
            }
        };
        let columns: Vec<Bins> = (0..x.ncols()).into_par_iter().map(learn).collect();
        let assign = |(group, bins): (usize, &[Bins])| {
            let first = group * GROUP;
            let mut rows = vec![[0u8; GROUP]; x.nrows()];
            for (to, from) in rows.iter_mut().zip(x.rows()) {
                for (k, bins) in bins.iter().enumerate() {
                    to[k] = bins.bin(from[first + k]);
                }
            }
            rows
        };
        let groups = columns.par_chunks(GROUP).enumerate().map(assign).collect();
        Ok(Self { columns, groups })
    }

    pub(super) fn columns(&self) -> &[Bins] {
        &self.columns
    }

    pub(super) fn groups(&self) -> &[Vec<[u8; GROUP]>] {
        &self.groups
    }

    #[inline]
    pub(super) fn bin(&self, row: u32, column: usize) -> u8 {
        self.groups[column / GROUP][row as usize][column % GROUP]
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, Array2, array};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn few_values_have_a_bin_each_and_missing_is_bin_zero() {
        let x = array![[3.0], [f64::NAN], [1.0], [2.0], [1.0]];
        let binned = Binned::new(x.view(), &[], 255).unwrap();
        assert_eq!((0..5).map(|row| binned.bin(row, 0)).collect::<Vec<_>>(), [3, 0, 1, 2, 1]);
        assert_eq!(binned.columns()[0], Bins::Numeric(vec![1.5, 2.5]));
    }

    #[test]
    fn rare_codes_share_the_last_bin() {
        let x = array![[7.0], [7.0], [2.0], [2.0], [2.0], [9.0], [f64::NAN]];
        let binned = Binned::new(x.view(), &[0], 3).unwrap();
        assert_eq!(binned.columns()[0], Bins::Categorical { codes: vec![2, 7], other: 3 });
        assert_eq!((0..7).map(|row| binned.bin(row, 0)).collect::<Vec<_>>(), [2, 2, 1, 1, 1, 3, 0]);
        let error = Binned::new(array![[1.0], [-2.0]].view(), &[0], 255).err().unwrap();
        assert_eq!(error, CategoryError { row: 1, column: 0, value: -2.0 });
    }

    proptest! {
        #[test]
        fn bins_keep_the_order_of_values_and_are_about_equally_full(
            values in prop::collection::vec(-1e3..1e3f64, 50..400), max_bins in 2usize..40,
        ) {
            let bins = Bins::numeric(Array1::from_vec(values.clone()).view(), max_bins);
            prop_assert!(bins.len() <= max_bins + 1);
            let mut pairs: Vec<(f64, u8)> = values.iter().map(|v| (*v, bins.bin(*v))).collect();
            pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
            prop_assert!(pairs.windows(2).all(|w| w[0].1 <= w[1].1));
            for bin in 1..bins.len() {
                let share = pairs.iter().filter(|p| usize::from(p.1) == bin).count();
                prop_assert!(share >= 1 && share <= 2 * values.len().div_ceil(max_bins) + 1);
            }
        }

        #[test]
        fn a_value_is_at_most_its_bins_bound(values in prop::collection::vec(-3i8..3, 2..30)) {
            let x = Array2::from_shape_fn((values.len(), 1), |(i, _)| f64::from(values[i]) * 1e-300);
            let binned = Binned::new(x.view(), &[], 255).unwrap();
            let Bins::Numeric(bounds) = &binned.columns()[0] else { unreachable!() };
            for row in 0..values.len() {
                let bin = usize::from(binned.bin(row as u32, 0));
                prop_assert!(bin > bounds.len() || x[[row, 0]] <= bounds[bin - 1]);
                prop_assert!(bin < 2 || x[[row, 0]] > bounds[bin - 2]);
            }
        }
    }
}
