//! Minimisation of a smooth function of a few parameters: BFGS with a backtracking line search.
//!
//! Made for maximum likelihood in two to four log-parameters, where the inverse Hessian fits on the stack and each
//! evaluation walks over all observations. Nocedal & Wright, Numerical Optimization (2006), algorithm 6.1. It does
//! not handle bounds: work in log-parameters.

/// A minimum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Minimum<const N: usize> {
    /// Where.
    pub(super) at: [f64; N],
    /// Largest absolute component of the gradient there.
    pub(super) gradient_norm: f64,
    /// Steps taken.
    pub(super) iterations: usize,
    /// Whether `gradient_norm` fell below the tolerance.
    pub(super) converged: bool,
}

/// Minimises `function`, which returns value and gradient.
///
/// Stops when no component of the gradient exceeds `tolerance`, when no step improves the value, or after
/// `max_iterations`; only the first counts as converged.
pub(super) fn minimise<const N: usize>(
    function: impl Fn(&[f64; N]) -> (f64, [f64; N]),
    start: [f64; N],
    tolerance: f64,
    max_iterations: usize,
) -> Minimum<N> {
    let mut at = start;
    let (mut value, mut gradient) = function(&at);
    let mut inverse = identity::<N>();
    let mut iterations = 0;
    while largest(&gradient) > tolerance && iterations < max_iterations {
        iterations += 1;
        let mut direction = times(&inverse, &gradient).map(|d| -d);
        let mut slope = dot(&direction, &gradient);
        if slope >= 0.0 {
            inverse = identity();
            direction = gradient.map(|g| -g);
            slope = dot(&direction, &gradient);
        }
        // a log-parameter that moves by more than 2 in one step has left the region where the model is informative
        let cap = (2.0 / largest(&direction)).min(1.0);
        let Some((next, next_value, next_gradient)) = backtrack(&function, &at, value, &direction, slope, cap) else {
            if inverse == identity() {
                break;
            }
            inverse = identity();
            continue;
        };
        update(&mut inverse, &difference(&next, &at), &difference(&next_gradient, &gradient));
        (at, value, gradient) = (next, next_value, next_gradient);
    }
    let gradient_norm = largest(&gradient);
    Minimum { at, gradient_norm, iterations, converged: gradient_norm <= tolerance }
}

type Step<const N: usize> = ([f64; N], f64, [f64; N]);

/// Halves the step until Armijo's condition holds.
fn backtrack<const N: usize>(
    function: &impl Fn(&[f64; N]) -> (f64, [f64; N]),
    at: &[f64; N],
    value: f64,
    direction: &[f64; N],
    slope: f64,
    cap: f64,
) -> Option<Step<N>> {
    let mut step = cap;
    for _ in 0..50 {
        let mut next = *at;
        for (x, d) in next.iter_mut().zip(direction) {
            *x += step * d;
        }
        let (next_value, next_gradient) = function(&next);
        // near the optimum the decrease drowns in rounding: accept what does not increase beyond it
        let rounding = 1e-14 * value.abs();
        if next_value <= value + 1e-4 * step * slope + rounding && next_gradient.iter().all(|g| g.is_finite()) {
            return Some((next, next_value, next_gradient));
        }
        step *= 0.5;
    }
    None
}

/// The BFGS update of the inverse Hessian, skipped where curvature is not positive.
fn update<const N: usize>(inverse: &mut [[f64; N]; N], step: &[f64; N], change: &[f64; N]) {
    let curvature = dot(step, change);
    if curvature <= 1e-12 * dot(change, change).sqrt() * dot(step, step).sqrt() {
        return;
    }
    let image = times(inverse, change);
    let scale = 1.0 + dot(change, &image) / curvature;
    for i in 0..N {
        for j in 0..N {
            inverse[i][j] += (scale * step[i] * step[j] - image[i] * step[j] - step[i] * image[j]) / curvature;
        }
    }
}

fn identity<const N: usize>() -> [[f64; N]; N] {
    let mut matrix = [[0.0; N]; N];
    for (i, row) in matrix.iter_mut().enumerate() {
        row[i] = 1.0;
    }
    matrix
}

fn times<const N: usize>(matrix: &[[f64; N]; N], vector: &[f64; N]) -> [f64; N] {
    matrix.map(|row| dot(&row, vector))
}

fn difference<const N: usize>(a: &[f64; N], b: &[f64; N]) -> [f64; N] {
    std::array::from_fn(|i| a[i] - b[i])
}

fn dot<const N: usize>(a: &[f64; N], b: &[f64; N]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn largest<const N: usize>(vector: &[f64; N]) -> f64 {
    vector.iter().fold(0.0, |most, v| if v.is_nan() { f64::INFINITY } else { v.abs().max(most) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rosenbrock_is_minimised_from_its_usual_start() {
        let found = minimise(
            |x: &[f64; 2]| {
                let (u, v) = (1.0 - x[0], x[1] - x[0] * x[0]);
                (u * u + 100.0 * v * v, [-2.0 * u - 400.0 * x[0] * v, 200.0 * v])
            },
            [-1.2, 1.0],
            1e-9,
            500,
        );
        assert!(found.converged, "{found:?}");
        assert!((found.at[0] - 1.0).abs() < 1e-8 && (found.at[1] - 1.0).abs() < 1e-8, "{found:?}");
    }

    #[test]
    fn a_function_without_a_minimum_does_not_converge() {
        let found = minimise(|x: &[f64; 1]| (x[0], [1.0]), [0.0], 1e-9, 100);
        assert!(!found.converged);
    }
}
