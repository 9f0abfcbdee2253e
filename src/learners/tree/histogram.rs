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

    /// Sums `derivatives` (one pair per element of `rows`) into the bins of `rows`, for the columns in use; without
    /// `rows` one pair per record, all of them in order.
    pub(super) fn fill(&mut self, binned: &Binned, rows: Option<&[u32]>, derivatives: &[[f32; 2]], used: &Used) {
        let work = self.groups.iter_mut().zip(self.bins.chunks(GROUP)).zip(binned.groups()).zip(&used.0);
        let work = work.filter(|(_, used)| !used.is_empty());
        if derivatives.len() < PARALLEL_ROWS {
            work.for_each(|(((cells, lengths), bins), used)| sum(cells, (lengths, used), bins, rows, derivatives));
        } else {
            let work: Vec<_> = work.collect();
            work.into_par_iter()
                .for_each(|(((cells, lengths), bins), used)| sum(cells, (lengths, used), bins, rows, derivatives));
        }
    }

    /// Turns a parent into the sibling of `child`, in the columns in use.
    pub(super) fn subtract(&mut self, child: &Self, used: &Used) {
        let groups = self.groups.iter_mut().zip(&child.groups).zip(self.bins.chunks(GROUP)).zip(&used.0);
        for (((cells, other), lengths), used) in groups {
            for &k in used {
                let bins = k * BINS..k * BINS + lengths[k];
                for (cell, other) in cells[bins.clone()].iter_mut().zip(&other[bins]) {
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

/// The columns that a tree may split by, as positions within each group.
pub(super) struct Used(Vec<Vec<usize>>);

impl Used {
    /// Of `columns`, ascending, in a matrix of `groups` groups.
    pub(super) fn new(columns: &[usize], groups: usize) -> Self {
        let mut used = vec![Vec::with_capacity(GROUP); groups];
        for column in columns {
            used[column / GROUP].push(column % GROUP);
        }
        Self(used)
    }
}

fn sum(
    cells: &mut Cells,
    (lengths, used): (&[usize], &[usize]),
    bins: &[[u8; GROUP]],
    rows: Option<&[u32]>,
    derivatives: &[[f32; 2]],
) {
    for &k in used {
        cells[k * BINS..k * BINS + lengths[k]].fill([0.0; 2]);
    }
    // a loop over as many columns as the compiler knows of
    match used.len() {
        1 => sum_of::<1>(cells, used, bins, rows, derivatives),
        2 => sum_of::<2>(cells, used, bins, rows, derivatives),
        3 => sum_of::<3>(cells, used, bins, rows, derivatives),
        4 => sum_of::<4>(cells, used, bins, rows, derivatives),
        5 => sum_of::<5>(cells, used, bins, rows, derivatives),
        6 => sum_of::<6>(cells, used, bins, rows, derivatives),
        7 => sum_of::<7>(cells, used, bins, rows, derivatives),
        _ => {
            // known beforehand, so that the whole group is read at once
            let all: [usize; GROUP] = std::array::from_fn(|k| k);
            each(bins, rows, derivatives, |bins, d| add(cells, all, bins, d));
        }
    }
}

fn each(
    bins: &[[u8; GROUP]],
    rows: Option<&[u32]>,
    derivatives: &[[f32; 2]],
    mut add: impl FnMut(&[u8; GROUP], [f32; 2]),
) {
    match rows {
        None => bins.iter().zip(derivatives).for_each(|(bins, d)| add(bins, *d)),
        Some(rows) => rows.iter().zip(derivatives).for_each(|(row, d)| add(&bins[*row as usize], *d)),
    }
}

fn sum_of<const N: usize>(
    cells: &mut Cells,
    used: &[usize],
    bins: &[[u8; GROUP]],
    rows: Option<&[u32]>,
    derivatives: &[[f32; 2]],
) {
    let used: [usize; N] = std::array::from_fn(|at| used[at]);
    each(bins, rows, derivatives, |bins, d| add(cells, used, bins, d));
}

#[inline(always)]
fn add<const N: usize>(cells: &mut Cells, used: [usize; N], bins: &[u8; GROUP], [gradient, curvature]: [f32; 2]) {
    let (gradient, curvature) = (f64::from(gradient), f64::from(curvature));
    for k in used {
        let k = k % GROUP;
        let cell = &mut cells[k * BINS + usize::from(bins[k])];
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
        let of = |rows: &[u32], used: &Used| {
            let mut histogram = Histogram::new(&binned);
            let d: Vec<_> = rows.iter().map(|row| d[*row as usize]).collect();
            histogram.fill(&binned, Some(rows), &d, used);
            histogram
        };
        let used = &Used::new(&(0..11).collect::<Vec<_>>(), 2);
        let (mut parent, child, sibling) = (of(&all, used), of(&even, used), of(&odd, used));
        for some in [vec![3], vec![0, 9], vec![1, 2, 4, 5, 6, 7, 8, 10]] {
            let drawn = of(&all, &Used::new(&some, 2));
            assert!(some.iter().all(|column| drawn.column(*column) == parent.column(*column)));
        }
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
        parent.subtract(&child, used);
        for column in 0..11 {
            for (a, b) in parent.column(column).iter().zip(sibling.column(column)) {
                assert!((a[0] - b[0]).abs() < 1e-9 && (a[1] - b[1]).abs() < 1e-9);
            }
        }
    }
}
