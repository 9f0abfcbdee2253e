//! The primal-dual interior-point method for one regression quantile, with a ridge.
//!
//! Primal: minimise `level 1'u + (1-level) 1'v + b'Pb / 2` with `Xb + u - v = y`, `u, v >= 0`. Its dual has one
//! bounded variable per row, `level - 1 <= d <= level`, with `X'd = Pb`. Newton steps on the optimality conditions
//! with Mehrotra's predictor and corrector (S. Portnoy and R. Koenker, "The Gaussian Hare and the Laplacian
//! Tortoise", Statistical Science 12, 1997): each costs one weighted gram matrix. The duality gap certifies the end.
//! Rows whose side of the line is known enter by a linear term alone; which rows these are, `reduction` decides.

use ndarray::{Array1, ArrayView1, ArrayView2, Zip};

use crate::learners::normal_equations::{Cholesky, gram, transposed_times};

/// A solution with its certificate.
#[derive(Debug, Clone)]
pub(super) struct Solution {
    /// One per column.
    pub(super) coefficients: Array1<f64>,
    /// Duality gap relative to the objective.
    pub(super) gap: f64,
    /// Steps taken.
    pub(super) iterations: usize,
    /// Whether the gap closed and the dual is feasible.
    pub(super) converged: bool,
}

/// The iterate: `u, v` are residuals above and below, `s = level - d`, `w = 1 - level + d` the dual slacks.
struct Iterate {
    b: Array1<f64>,
    u: Array1<f64>,
    v: Array1<f64>,
    s: Array1<f64>,
    w: Array1<f64>,
}

struct Direction {
    b: Array1<f64>,
    u: Array1<f64>,
    v: Array1<f64>,
    d: Array1<f64>,
}

/// One level to be solved for.
pub(super) struct Problem<'a> {
    /// Columns, the first constant.
    pub(super) x: ArrayView2<'a, f64>,
    pub(super) y: ArrayView1<'a, f64>,
    /// The diagonal of `P`, in units of the summed loss.
    pub(super) penalty: ArrayView1<'a, f64>,
    pub(super) level: f64,
    pub(super) settled: Settled,
    pub(super) start: Option<Array1<f64>>,
}

/// Rows whose side is known: their loss is `constant - slope . b`.
#[derive(Debug, Clone)]
pub(super) struct Settled {
    pub(super) rows: usize,
    pub(super) constant: f64,
    pub(super) slope: Array1<f64>,
}

impl Settled {
    /// No such rows.
    pub(super) fn none(columns: usize) -> Self {
        Self { rows: 0, constant: 0.0, slope: Array1::zeros(columns) }
    }
}

/// Solves for one level.
pub(super) fn solve(problem: &Problem<'_>, tolerance: f64, max_iterations: usize) -> Solution {
    let &Problem { x, y, penalty, level, ref settled, .. } = problem;
    let n = (y.len() + settled.rows) as f64;
    let mut at = start(problem);
    let mut gap = f64::INFINITY;
    for iterations in 0..=max_iterations {
        let d = at.s.mapv(|s| level - s);
        let dual_residual = &penalty * &at.b - transposed_times(x, d.view()) - &settled.slope;
        let primal_residual = &y - &x.dot(&at.b) - &at.u + &at.v;
        let complementarity = at.u.dot(&at.s) + at.v.dot(&at.w);
        let loss = level * at.u.sum() + (1.0 - level) * at.v.sum() + settled.constant - settled.slope.dot(&at.b);
        let objective = loss + 0.5 * (&penalty * &at.b).dot(&at.b);
        gap = complementarity / (objective.abs() + 1e-10 * n);
        let infeasible = largest(&dual_residual) / n;
        if gap <= tolerance && infeasible <= tolerance {
            return Solution { coefficients: at.b, gap, iterations, converged: true };
        }
        if iterations == max_iterations || !gap.is_finite() {
            break;
        }
        step(&mut at, x, penalty, &primal_residual, &dual_residual, complementarity);
    }
    Solution { coefficients: at.b, gap, iterations: max_iterations, converged: false }
}

/// A line to start from (or the intercept at the empirical quantile), and residuals and slacks off their bounds.
fn start(problem: &Problem<'_>) -> Iterate {
    let &Problem { x, y, level, ref settled, .. } = problem;
    let b = problem.start.clone().unwrap_or_else(|| {
        let mut b = Array1::zeros(x.ncols());
        let mut sorted = y.to_vec();
        sorted.sort_by(f64::total_cmp);
        b[0] = sorted[((level * sorted.len() as f64) as usize).min(sorted.len() - 1)];
        b
    });
    let residual = &y - &x.dot(&b);
    let off = (residual.iter().map(|r| r.abs()).sum::<f64>() / y.len() as f64).max(1e-3);
    let u = residual.mapv(|r| r.max(0.0) + off);
    let v = residual.mapv(|r| (-r).max(0.0) + off);
    // the first column is constant and free of penalty: its dual constraint fixes the mean of d
    let d = (-settled.slope[0] / y.len() as f64).clamp(0.9 * level - 0.9, 0.9 * level);
    let (s, w) = (Array1::from_elem(y.len(), level - d), Array1::from_elem(y.len(), 1.0 - level + d));
    Iterate { b, u, v, s, w }
}

fn step(
    at: &mut Iterate,
    x: ArrayView2<'_, f64>,
    penalty: ArrayView1<'_, f64>,
    primal_residual: &Array1<f64>,
    dual_residual: &Array1<f64>,
    complementarity: f64,
) {
    let weights = Zip::from(&at.u).and(&at.s).and(&at.v).and(&at.w).map_collect(|u, s, v, w| 1.0 / (u / s + v / w));
    let mut normal = gram(x, weights.view());
    for (j, p) in penalty.iter().enumerate() {
        normal[[j, j]] += p;
    }
    let factor = Cholesky::new(normal);
    let zero = Array1::zeros(at.u.len());
    let newton = |above: &Array1<f64>, below: &Array1<f64>| {
        // `above`, `below` are the right-hand sides of the complementarity of u and v, already divided by s and w
        let right = primal_residual - above + below;
        let b = factor.solve(&(transposed_times(x, (&weights * &right).view()) - dual_residual));
        let d = &weights * &(&right - &x.dot(&b));
        let u = above + &(&at.u / &at.s * &d);
        let v = below - &(&at.v / &at.w * &d);
        Direction { b, u, v, d }
    };
    // predictor: aim at zero complementarity
    let affine = newton(&(&zero - &at.u), &(&zero - &at.v));
    let (primal, dual) = (at.primal_length(&affine), at.dual_length(&affine));
    let reached = Zip::from(&at.u)
        .and(&affine.u)
        .and(&at.s)
        .and(&affine.d)
        .fold(0.0, |sum, u, du, s, dd| sum + (u + primal * du) * (s - dual * dd))
        + Zip::from(&at.v)
            .and(&affine.v)
            .and(&at.w)
            .and(&affine.d)
            .fold(0.0, |sum, v, dv, w, dd| sum + (v + primal * dv) * (w + dual * dd));
    let centre = (reached / complementarity).max(0.0).powi(3) * complementarity / (2.0 * at.u.len() as f64);
    // corrector: the predictor's second-order error, and back towards the central path
    let above = Zip::from(&at.u)
        .and(&at.s)
        .and(&affine.u)
        .and(&affine.d)
        .map_collect(|u, s, du, dd| (centre + du * dd) / s - u);
    let below = Zip::from(&at.v)
        .and(&at.w)
        .and(&affine.v)
        .and(&affine.d)
        .map_collect(|v, w, dv, dd| (centre - dv * dd) / w - v);
    let direction = newton(&above, &below);
    let (primal, dual) = (0.99995 * at.primal_length(&direction), 0.99995 * at.dual_length(&direction));
    // with a ridge the dual residual couples both, and only equal lengths reduce it
    let (primal, dual) =
        if penalty.iter().any(|p| *p > 0.0) { (primal.min(dual), primal.min(dual)) } else { (primal, dual) };
    at.b.scaled_add(primal, &direction.b);
    at.u.scaled_add(primal, &direction.u);
    at.v.scaled_add(primal, &direction.v);
    at.s.scaled_add(-dual, &direction.d);
    at.w.scaled_add(dual, &direction.d);
}

impl Iterate {
    fn primal_length(&self, direction: &Direction) -> f64 {
        longest(&self.u, &direction.u, 1.0).min(longest(&self.v, &direction.v, 1.0))
    }

    fn dual_length(&self, direction: &Direction) -> f64 {
        longest(&self.s, &direction.d, -1.0).min(longest(&self.w, &direction.d, 1.0))
    }
}

/// The longest step in [0, 1] (relaxed by the caller) that keeps `from + step * sign * along` non-negative.
fn longest(from: &Array1<f64>, along: &Array1<f64>, sign: f64) -> f64 {
    from.iter().zip(along).fold(1.0 / 0.99995, |most: f64, (value, change)| {
        let change = sign * change;
        if change < 0.0 { most.min(-value / change) } else { most }
    })
}

fn largest(values: &Array1<f64>) -> f64 {
    values.iter().fold(0.0, |most, v| if v.is_nan() { f64::INFINITY } else { v.abs().max(most) })
}
