//! Weighted normal equations of a row-major matrix, and their solution by Cholesky.
//!
//! The kernel of quantile regression and of iteratively reweighted least squares: `X' W X` costs `n p^2 / 2` and is
//! where both spend their time, so rows are walked once and sums are taken in a fixed order.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

/// `X' diag(w) X` as a full symmetric `(p, p)` matrix.
pub(super) fn gram(x: ArrayView2<'_, f64>, weights: ArrayView1<'_, f64>) -> Array2<f64> {
    let p = x.ncols();
    let mut lower = vec![0.0; p * p];
    let x = x.as_standard_layout();
    let values = x.as_slice().unwrap_or(&[]);
    // four rows at a time: one pass over the accumulator serves four rank-one updates
    let mut rows = values.chunks_exact(p.max(1) * 4);
    let mut at = 0;
    for four in rows.by_ref() {
        let (a, rest) = four.split_at(p);
        let (b, rest) = rest.split_at(p);
        let (c, d) = rest.split_at(p);
        let w = [weights[at], weights[at + 1], weights[at + 2], weights[at + 3]];
        for i in 0..p {
            let f = [w[0] * a[i], w[1] * b[i], w[2] * c[i], w[3] * d[i]];
            let row = &mut lower[i * p..i * p + i + 1];
            for ((((sum, a), b), c), d) in row.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                *sum += (f[0] * a + f[1] * b) + (f[2] * c + f[3] * d);
            }
        }
        at += 4;
    }
    for row in rows.remainder().chunks_exact(p.max(1)) {
        for i in 0..p {
            let f = weights[at] * row[i];
            for (sum, v) in lower[i * p..i * p + i + 1].iter_mut().zip(row) {
                *sum += f * v;
            }
        }
        at += 1;
    }
    let mut full = Array2::zeros((p, p));
    for i in 0..p {
        for j in 0..=i {
            full[[i, j]] = lower[i * p + j];
            full[[j, i]] = lower[i * p + j];
        }
    }
    full
}

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
            let root = if pivot > 1e-13 * diagonal && pivot > 0.0 { pivot.sqrt() } else { 1e64 };
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
        for n in 1..10 {
            let x = Array2::from_shape_fn((n, 3), |(i, j)| (i * 3 + j) as f64 * 0.7 - (j * j) as f64);
            let w = Array1::from_shape_fn(n, |i| 1.0 + i as f64);
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
