//! Weighted normal equations of a row-major matrix, and their solution by Cholesky.
//!
//! The kernel of quantile regression and of iteratively reweighted least squares: `X' W X` costs `n p^2` and is where
//! both spend their time. Sums are taken in a fixed order.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

/// `X' diag(w) X` as a full symmetric `(p, p)` matrix, for row-major `x`.
///
/// Rows go block by block through ndarray's matrix product, whose kernel uses the vector units of the machine: twice
/// the multiplications of a symmetric loop in a third of its time.
pub(super) fn gram(x: ArrayView2<'_, f64>, weights: ArrayView1<'_, f64>) -> Array2<f64> {
    const ROWS: usize = 512;
    let p = x.ncols();
    let x = x.as_standard_layout();
    let (values, weights) = (x.as_slice().unwrap_or_default(), weights.to_vec());
    let mut sum = Array2::zeros((p, p));
    let mut weighted = vec![0.0; ROWS.min(weights.len()) * p];
    for (block, w) in values.chunks(ROWS * p).zip(weights.chunks(ROWS)) {
        let weighted = &mut weighted[..block.len()];
        // plain slices: iterators over the rows of arrays cost more than the products themselves
        for ((to, from), w) in weighted.chunks_exact_mut(p).zip(block.chunks_exact(p)).zip(w) {
            to.iter_mut().zip(from).for_each(|(to, from)| *to = w * from);
        }
        let shape = (w.len(), p);
        if let (Ok(weighted), Ok(block)) =
            (ArrayView2::from_shape(shape, &*weighted), ArrayView2::from_shape(shape, block))
        {
            general_mat_mul(1.0, &weighted.t(), &block, 1.0, &mut sum);
        }
    }
    // the product is symmetric only up to rounding
    for i in 0..p {
        for j in 0..i {
            sum[[i, j]] = sum[[j, i]];
        }
    }
    sum
}

/// `X' v` for row-major `x`: ndarray's own product strides down each column, which is slow for many rows.
pub(super) fn transposed_times(x: ArrayView2<'_, f64>, v: ArrayView1<'_, f64>) -> Array1<f64> {
    let x = x.as_standard_layout();
    let mut sum = vec![0.0; x.ncols()];
    for (row, factor) in x.as_slice().unwrap_or_default().chunks_exact(x.ncols().max(1)).zip(v) {
        sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += factor * value);
    }
    Array1::from_vec(sum)
}

/// Stands for a pivot that vanished.
const HUGE: f64 = 1e64;

/// A Cholesky factor `L` with `L L' = A`.
#[derive(Debug, Clone)]
pub(super) struct Cholesky(Array2<f64>);

impl Cholesky {
    /// Factorises a symmetric positive semi-definite matrix. Pivots that vanish against their diagonal (collinear
    /// columns) are replaced by a huge one, which fixes that unknown at zero, as LIPSOL does.
    pub(super) fn new(mut a: Array2<f64>) -> Self {
        let p = a.nrows();
        for j in 0..p {
            let diagonal = a[[j, j]];
            let mut pivot = diagonal;
            for k in 0..j {
                pivot -= a[[j, k]] * a[[j, k]];
            }
            let root = if pivot > 1e-13 * diagonal && pivot > 0.0 { pivot.sqrt() } else { HUGE };
            a[[j, j]] = root;
            for i in j + 1..p {
                let mut sum = a[[i, j]];
                for k in 0..j {
                    sum -= a[[i, k]] * a[[j, k]];
                }
                a[[i, j]] = sum / root;
            }
        }
        Self(a)
    }

    /// The upper triangular `R` with `R' R = A`; the rows of vanished pivots are zero.
    pub(super) fn upper(&self) -> Array2<f64> {
        let l = &self.0;
        Array2::from_shape_fn(l.dim(), |(i, j)| if j < i || l[[i, i]] == HUGE { 0.0 } else { l[[j, i]] })
    }

    /// Solves `A x = b`.
    pub(super) fn solve(&self, b: &Array1<f64>) -> Array1<f64> {
        let p = b.len();
        let mut x = b.clone();
        for i in 0..p {
            let mut sum = x[i];
            for k in 0..i {
                sum -= self.0[[i, k]] * x[k];
            }
            x[i] = sum / self.0[[i, i]];
        }
        for i in (0..p).rev() {
            let mut sum = x[i];
            for k in i + 1..p {
                sum -= self.0[[k, i]] * x[k];
            }
            x[i] = sum / self.0[[i, i]];
        }
        x
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn gram_equals_the_plain_product_for_any_number_of_rows() {
        for n in [1, 2, 9, 512, 1025] {
            let x = Array2::from_shape_fn((n, 3), |(i, j)| ((i * 3 + j) as f64 * 0.7).sin() - (j * j) as f64);
            let w = Array1::from_shape_fn(n, |i| 1.0 + (i as f64).cos());
            let plain = x.t().dot(&(&x * &w.view().insert_axis(ndarray::Axis(1))));
            let difference = (&gram(x.view(), w.view()) - &plain).mapv(f64::abs).sum();
            assert!(difference < 1e-9, "{n} rows: {difference}");
        }
    }

    #[test]
    fn a_collinear_column_gets_zero_and_the_rest_is_solved() {
        let a = array![[2.0, 2.0, 0.0], [2.0, 2.0, 0.0], [0.0, 0.0, 4.0]];
        let x = Cholesky::new(a).solve(&array![2.0, 2.0, 8.0]);
        assert!((x[0] - 1.0).abs() < 1e-12 && x[1].abs() < 1e-12 && (x[2] - 2.0).abs() < 1e-12, "{x}");
    }
}
