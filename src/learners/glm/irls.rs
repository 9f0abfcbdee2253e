//! Iteratively reweighted least squares with a step that never worsens the penalised deviance.
//!
//! Each step solves the weighted normal equations of the working response: by Cholesky under a ridge, by coordinate
//! descent on the (small) normal matrix under a lasso; then it is halved until the objective does not rise.

use ndarray::{Array1, Array2, ArrayView2};

use super::GlmValidParams;
use crate::learners::normal_equations::{Cholesky, gram, transposed_times};

/// Where the iteration ended.
pub(super) struct Solution {
    /// Intercept first.
    pub(super) coefficients: Array1<f64>,
    pub(super) iterations: usize,
    /// Largest violation of the optimality conditions.
    pub(super) gradient_norm: f64,
    pub(super) converged: bool,
}

/// Solves for `y` of weighted mean one on `z`, whose first column is one; `weights` sum to one.
pub(super) fn solve(z: ArrayView2<'_, f64>, y: &[f64], weights: &[f64], params: &GlmValidParams) -> Solution {
    let power = params.family.power();
    let l1 = params.penalty * params.l1_ratio;
    let l2 = params.penalty * (1.0 - params.l1_ratio);
    let objective = |b: &Array1<f64>, scores: &Array1<f64>| {
        let deviance: f64 =
            y.iter().zip(scores).zip(weights).map(|((y, s), w)| w * params.family.half_deviance(*y, *s)).sum();
        let (sizes, squares) = b.iter().skip(1).fold((0.0, 0.0), |(s, q), b| (s + b.abs(), q + b * b));
        deviance + l1 * sizes + 0.5 * l2 * squares
    };
    // the mean is one, so the best constant is zero
    let mut b = Array1::zeros(z.ncols());
    let mut scores = Array1::zeros(y.len());
    let mut value = objective(&b, &scores);
    let mut gradient_norm = f64::INFINITY;
    for iterations in 0..=params.max_iterations {
        // half the deviance falls by (y - mean) mean^(1 - power) per unit of score, expected curvature mean^(2 - power)
        let pull: Array1<f64> =
            (0..y.len()).map(|i| weights[i] * (y[i] - scores[i].exp()) * ((1.0 - power) * scores[i]).exp()).collect();
        let mut descent = transposed_times(z, pull.view());
        descent.iter_mut().zip(&b).skip(1).for_each(|(d, b)| *d -= l2 * b);
        gradient_norm = violation(&descent, &b, l1);
        if gradient_norm <= params.tolerance {
            return Solution { coefficients: b, iterations, gradient_norm, converged: true };
        }
        if iterations == params.max_iterations || !gradient_norm.is_finite() {
            break;
        }
        let curvature: Array1<f64> = (0..y.len()).map(|i| weights[i] * ((2.0 - power) * scores[i]).exp()).collect();
        let mut normal = gram(z, curvature.view());
        for j in 1..b.len() {
            normal[[j, j]] += l2;
        }
        let target = if l1 > 0.0 {
            let right = normal.dot(&b) + &descent;
            lasso(&normal, &right, &b, l1)
        } else {
            &b + &Cholesky::new(normal).solve(&descent)
        };
        let direction = target - &b;
        let along = z.dot(&direction);
        let mut length = 1.0;
        let moved = loop {
            let (next, next_scores) = (&b + &(&direction * length), &scores + &(&along * length));
            let next_value = objective(&next, &next_scores);
            if next_value <= value + 1e-14 * value.abs() {
                break Some((next, next_scores, next_value));
            }
            length *= 0.5;
            if length < 1e-10 {
                break None;
            }
        };
        let Some(moved) = moved else { break };
        (b, scores, value) = moved;
    }
    Solution { coefficients: b, iterations: params.max_iterations, gradient_norm, converged: false }
}

/// Minimises `b'Ab / 2 - r'b + l1 |b|_1` (the first element free) from `start`, coordinate by coordinate.
fn lasso(normal: &Array2<f64>, right: &Array1<f64>, start: &Array1<f64>, l1: f64) -> Array1<f64> {
    let mut b = start.clone();
    let mut product = normal.dot(&b);
    for _ in 0..10_000 {
        let mut largest: f64 = 0.0;
        for j in 0..b.len() {
            let curvature = normal[[j, j]];
            if curvature <= 0.0 {
                continue;
            }
            let pull = right[j] - product[j] + curvature * b[j];
            let threshold = if j == 0 { 0.0 } else { l1 };
            let next = pull.signum() * (pull.abs() - threshold).max(0.0) / curvature;
            let change = next - b[j];
            if change != 0.0 {
                product.scaled_add(change, &normal.column(j));
                b[j] = next;
                largest = largest.max(change.abs() * curvature.sqrt());
            }
        }
        if largest < 1e-12 {
            break;
        }
    }
    b
}

/// Largest violation of the optimality conditions: a coefficient off zero needs a pull equal to its penalty, one at zero
/// a pull not above it.
fn violation(descent: &Array1<f64>, b: &Array1<f64>, l1: f64) -> f64 {
    descent.iter().zip(b).enumerate().fold(0.0, |most: f64, (j, (pull, b))| {
        let excess = match j {
            0 => pull.abs(),
            _ if *b == 0.0 => (pull.abs() - l1).max(0.0),
            _ => (pull - l1 * b.signum()).abs(),
        };
        if excess.is_nan() { f64::INFINITY } else { most.max(excess) }
    })
}
