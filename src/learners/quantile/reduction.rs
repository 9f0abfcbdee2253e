//! Large problems made small: rows far from the line only need their side to be known.
//!
//! S. Portnoy and R. Koenker, "The Gaussian Hare and the Laplacian Tortoise" (1997), section 5: a line through a sample
//! of the rows tells on which side of the solution most rows will lie. Their loss is then linear in the coefficients, so
//! only the rows near the line remain to be solved for. Afterwards every row's side is checked: rows that lie on the
//! other one join those near the line, until there are none. The result is that of all rows, not of a sample.

use ndarray::{Array1, ArrayView1, ArrayView2, Axis};

use super::interior_point::{self, Problem, Settled, Solution};

/// Problems up to this size are solved whole.
const SMALL: usize = 8_000;
/// Rounds of checking after which all rows are solved for after all.
const ROUNDS: usize = 6;
/// A sample's line is needed to the width of its own error only.
const PILOT_TOLERANCE: f64 = 1e-4;

/// Where a row lies.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Below,
    Near,
    Above,
}

/// Solves for one level on all rows.
pub(super) fn solve(
    x: ArrayView2<'_, f64>,
    y: ArrayView1<'_, f64>,
    penalty: &Array1<f64>,
    level: f64,
    tolerance: f64,
    max_iterations: usize,
) -> Solution {
    let whole = |start| {
        let settled = Settled::none(x.ncols());
        let problem = Problem { x: x.view(), y: y.view(), penalty: penalty.view(), level, settled, start };
        interior_point::solve(&problem, tolerance, max_iterations)
    };
    let n = y.len();
    // a line through as many rows per column as its error needs; below ten it says too little of the others
    let size = (n / 8).max(SMALL / 2).max(10 * x.ncols());
    if n <= SMALL || size > n / 2 {
        return whole(None);
    }
    let sample = spread(n, size);
    let share = sample.len() as f64 / n as f64;
    let (sample_x, sample_y) = (x.select(Axis(0), &sample), y.select(Axis(0), &sample));
    let pilot_tolerance = PILOT_TOLERANCE.max(tolerance);
    let pilot = solve(sample_x.view(), sample_y.view(), &(penalty * share), level, pilot_tolerance, max_iterations);
    if !pilot.converged {
        return whole(None);
    }
    let residuals = &y - &x.dot(&pilot.coefficients);
    let mut sides = sides(&residuals, level, x.ncols(), sample.len());
    let mut start = pilot.coefficients;
    for _ in 0..ROUNDS {
        let near: Vec<usize> = (0..n).filter(|row| sides[*row] == Side::Near).collect();
        if near.len() > n / 2 {
            break;
        }
        let (near_x, near_y) = (x.select(Axis(0), &near), y.select(Axis(0), &near));
        let settled = settle(x, y, &sides, level);
        let problem =
            Problem { x: near_x.view(), y: near_y.view(), penalty: penalty.view(), level, settled, start: Some(start) };
        let found = interior_point::solve(&problem, tolerance, max_iterations);
        if !found.converged {
            break;
        }
        let residuals = &y - &x.dot(&found.coefficients);
        let mut wrong = 0;
        for (side, residual) in sides.iter_mut().zip(&residuals) {
            if (*side == Side::Below && *residual > 0.0) || (*side == Side::Above && *residual < 0.0) {
                *side = Side::Near;
                wrong += 1;
            }
        }
        if wrong == 0 {
            return found;
        }
        start = found.coefficients;
    }
    whole(None)
}

/// `count` of `n` positions, ascending, spread evenly but in step with no period of the rows: those whose multiple of
/// the golden ratio has a small fractional part.
fn spread(n: usize, count: usize) -> Vec<usize> {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let share = count as f64 / n as f64;
    (0..n).filter(|row| (*row as f64 * GOLDEN).fract() < share).collect()
}

/// Rows within four standard errors of the sample's line, in ranks, are near.
fn sides(residuals: &Array1<f64>, level: f64, columns: usize, sample: usize) -> Vec<Side> {
    let n = residuals.len();
    let error = (level * (1.0 - level) * columns as f64 / sample as f64).sqrt();
    let band = (4.0 * error).max(0.01);
    let rank = |share: f64| ((share * n as f64) as usize).min(n - 1);
    let mut sorted = residuals.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    // at the ends of the distribution there is no other side
    let low = if level - band <= 0.0 { f64::NEG_INFINITY } else { sorted[rank(level - band)].min(0.0) };
    let high = if level + band >= 1.0 { f64::INFINITY } else { sorted[rank(level + band)].max(0.0) };
    let side = |residual: &f64| match *residual {
        r if r < low => Side::Below,
        r if r > high => Side::Above,
        _ => Side::Near,
    };
    residuals.iter().map(side).collect()
}

/// The linear loss of the rows that are not near: slope `level` above the line, `level - 1` below.
fn settle(x: ArrayView2<'_, f64>, y: ArrayView1<'_, f64>, sides: &[Side], level: f64) -> Settled {
    let mut settled = Settled::none(x.ncols());
    for ((row, y), side) in x.rows().into_iter().zip(y).zip(sides) {
        let slope = match side {
            Side::Near => continue,
            Side::Below => level - 1.0,
            Side::Above => level,
        };
        settled.rows += 1;
        settled.constant += slope * y;
        settled.slope.scaled_add(slope, &row);
    }
    settled
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, s};
    use rand::Rng;

    use super::*;
    use crate::domain::Seed;

    #[test]
    fn the_reduced_problem_has_the_solution_of_the_whole_one() {
        let n = 3 * SMALL;
        let mut rng = Seed(9).derive("reduction").rng();
        let mut x = Array2::ones((n, 6));
        x.slice_mut(s![.., 1..]).mapv_inplace(|_: f64| rng.random_range(-1.0..1.0));
        // skewed, wider where column 1 is large, and a third at exactly zero
        let y: Array1<f64> = x
            .rows()
            .into_iter()
            .map(|r| (r[2] - (2.0 + r[1]) * (1.0 - rng.random::<f64>()).ln() - 1.0).max(0.0))
            .collect();
        for ridge in [0.0, 50.0] {
            let penalty = Array1::from_shape_fn(6, |j| if j == 0 { 0.0 } else { ridge });
            for level in [0.1, 0.5, 0.9, 0.995] {
                let reduced = solve(x.view(), y.view(), &penalty, level, 1e-10, 200);
                let settled = Settled::none(6);
                let problem =
                    Problem { x: x.view(), y: y.view(), penalty: penalty.view(), level, settled, start: None };
                let whole = interior_point::solve(&problem, 1e-10, 200);
                assert!(reduced.converged && whole.converged, "{level}");
                let objective = |b: &Array1<f64>| {
                    let loss: f64 =
                        (&y - &x.dot(b)).iter().map(|r| if *r > 0.0 { level * r } else { (level - 1.0) * r }).sum();
                    loss + 0.5 * (&penalty * b).dot(b)
                };
                let (a, b) = (objective(&reduced.coefficients), objective(&whole.coefficients));
                assert!((a - b).abs() <= 1e-8 * b, "{level}, ridge {ridge}: {a} against {b}");
            }
        }
    }

    #[test]
    fn the_sample_is_spread_over_any_period_of_the_rows() {
        let rows = spread(20_000, 2_500);
        assert!((2_400..2_600).contains(&rows.len()));
        for period in [10, 100, 2_000] {
            let first: usize = rows.iter().filter(|row| *row % period == 0).count();
            let fair = rows.len() as f64 / period as f64;
            assert!((first as f64 - fair).abs() <= 0.3 * fair + 1.5, "{period}: {first} against {fair}");
        }
    }
}
