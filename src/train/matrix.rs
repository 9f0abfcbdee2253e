//! A matrix row by row from columns that are given for any rows.
//!
//! It is filled block by block: a column of all rows beside the matrix would be as much memory again. What a column holds
//! is the encodings' business.

use ndarray::Array2;
use rayon::prelude::*;

use super::{Rows, TrainError};

/// Rows taken at a time: their part of the matrix stays in a processor's cache while the columns are written.
const BLOCK: usize = 2048;

/// The matrix `(n, width)` of `rows`, row-major; `column` gives the values of a column for any of them.
pub(super) fn matrix(
    rows: &Rows<'_>,
    width: usize,
    column: impl Fn(usize, &Rows<'_>) -> Result<Vec<f64>, TrainError> + Sync,
) -> Result<Array2<f64>, TrainError> {
    let mut x = Array2::zeros((rows.len(), width));
    if let Some(values) = x.as_slice_mut().filter(|_| width > 0) {
        // asked for no row, the pool reads a column from its frames: once, not once a thread
        (0..width).into_par_iter().try_for_each(|at| column(at, &rows.part(0..0)).map(drop))?;
        values.par_chunks_mut(BLOCK * width).enumerate().try_for_each(|(block, to)| {
            let start = block * BLOCK;
            let rows = rows.part(start..start + to.len() / width);
            for at in 0..width {
                let values = column(at, &rows)?;
                to.iter_mut().skip(at).step_by(width).zip(values).for_each(|(to, value)| *to = value);
            }
            Ok::<_, TrainError>(())
        })?;
    }
    Ok(x)
}
