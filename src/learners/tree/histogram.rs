//! Sums of gradient and curvature per bin, for all columns of one leaf.
//!
//! The hot loop of boosting. Work is divided by groups of columns, so each cell is summed by one task in the order of
//! rows, whatever the number of threads. A sibling is the parent less the other child, cell by cell.

use rayon::prelude::*;

use super::binning::{BINS, Binned, Bins, GROUP};

/// Gradient and curvature of a set of rows.
pub(super) type Sums = [f64; 2];

/// The cells of one group of columns: column `k`, bin `b` is at `k * BINS + b`.
type Cells = [Sums; GROUP * BINS];

/// Leaves smaller than this are worked on by one thread: waking another costs more.
pub(super) const PARALLEL_ROWS: usize = 16_384;

/// One leaf's sums per column and bin.
pub(super) struct Histogram {
    groups: Vec<Box<Cells>>,
    /// Bins in use per column; cells beyond them, and those of the columns that pad the last group, are never read.
    bins: Vec<usize>,
}

impl Histogram {
    /// An empty histogram for a binned matrix.
    pub(super) fn new(binned: &Binned) -> Self {
        let empty = || -> Box<Cells> {
            // via a vector: an array literal of this size would pass over the stack
            vec![[0.0; 2]; GROUP * BINS].into_boxed_slice().try_into().expect("length is GROUP * BINS")
        };
        let groups = binned.groups().iter().map(|_| empty()).collect();
        Self { groups, bins: binned.columns().iter().map(Bins::len).collect() }
    }

    /// Sums `derivatives` (one pair per element of `rows`) into the bins of `rows`, for the groups in use; without `rows`
    /// one pair per record, all of them in order.
    pub(super) fn fill(&mut self, binned: &Binned, rows: Option<&[u32]>, derivatives: &[[f32; 2]], used: &[bool]) {
        let work = self.groups.iter_mut().zip(self.bins.chunks(GROUP)).zip(binned.groups()).zip(used);
        let work = work.filter(|(_, used)| **used);
        if derivatives.len() < PARALLEL_ROWS {
            work.for_each(|(((cells, lengths), bins), _)| sum(cells, lengths, bins, rows, derivatives));
        } else {
            let work: Vec<_> = work.map(|(task, _)| task).collect();
            work.into_par_iter().for_each(|((cells, lengths), bins)| sum(cells, lengths, bins, rows, derivatives));
        }
    }

    /// Turns a parent into the sibling of `child`.
    pub(super) fn subtract(&mut self, child: &Self) {
        for ((cells, other), lengths) in self.groups.iter_mut().zip(&child.groups).zip(self.bins.chunks(GROUP)) {
            for (k, length) in lengths.iter().enumerate() {
                let used = k * BINS..k * BINS + length;
                for (cell, other) in cells[used.clone()].iter_mut().zip(&other[used]) {
                    cell[0] -= other[0];
                    cell[1] -= other[1];
                }
            }
        }
    }

    /// The bins of one column.
    pub(super) fn column(&self, column: usize) -> &[Sums] {
        let first = column % GROUP * BINS;
        &self.groups[column / GROUP][first..first + BINS]
    }
}

fn sum(cells: &mut Cells, lengths: &[usize], bins: &[[u8; GROUP]], rows: Option<&[u32]>, derivatives: &[[f32; 2]]) {
    for (k, length) in lengths.iter().enumerate() {
        cells[k * BINS..k * BINS + length].fill([0.0; 2]);
    }
    match rows {
        None => bins.iter().zip(derivatives).for_each(|(bins, d)| add(cells, bins, *d)),
        Some(rows) => rows.iter().zip(derivatives).for_each(|(row, d)| add(cells, &bins[*row as usize], *d)),
    }
}

#[inline(always)]
fn add(cells: &mut Cells, bins: &[u8; GROUP], [gradient, curvature]: [f32; 2]) {
    let (gradient, curvature) = (f64::from(gradient), f64::from(curvature));
    for (k, bin) in bins.iter().enumerate() {
        let cell = &mut cells[k * BINS + usize::from(*bin)];
        cell[0] += gradient;
        cell[1] += curvature;
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn cells_are_the_plain_sums_and_a_sibling_is_the_difference() {
        let x = Array2::from_shape_fn((500, 11), |(i, j)| ((i * 7 + j * 13) % (3 + j)) as f64);
        let binned = Binned::new(x.view(), &[], 255).unwrap();
        let all: Vec<u32> = (0..500).collect();
        let d: Vec<[f32; 2]> = all.iter().map(|i| [(*i as f32 * 0.37).sin(), 1.0]).collect();
        let (even, odd): (Vec<u32>, Vec<u32>) = all.iter().partition(|i| *i % 2 == 0);
        let of = |rows: &[u32]| {
            let mut histogram = Histogram::new(&binned);
            let d: Vec<_> = rows.iter().map(|row| d[*row as usize]).collect();
            histogram.fill(&binned, Some(rows), &d, &[true; 2]);
            histogram
        };
        let (mut parent, child, sibling) = (of(&all), of(&even), of(&odd));
        for column in 0..11 {
            for bin in 0..BINS {
                let plain: f64 = all
                    .iter()
                    .filter(|row| usize::from(binned.bin(**row, column)) == bin)
                    .map(|row| f64::from(d[*row as usize][0]))
                    .sum();
                assert!((parent.column(column)[bin][0] - plain).abs() < 1e-12);
            }
        }
        parent.subtract(&child);
        for column in 0..11 {
            for (a, b) in parent.column(column).iter().zip(sibling.column(column)) {
                assert!((a[0] - b[0]).abs() < 1e-9 && (a[1] - b[1]).abs() < 1e-9);
            }
        }
    }
}
