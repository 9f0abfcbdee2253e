//! Expected purchases and P(alive) of a fitted BG/NBD model, without the overflow of the textbook formula.
//!
//! Fader, Hardie & Lee (2005), equation 10, needs `2F1(r+x, b+x; a+b+x-1; z)`, `z = t / (alpha+T+t)`, which grows
//! without bound for frequent buyers, and divides by `a - 1`. By Euler's transformation (DLMF 15.8.1)
//! `(1-z)^(r+x) 2F1(r+x, b+x; c; z) = (1-z)^(a-1) 2F1(a-1, a+b-1-r; c; z)` with `c = a+b+x-1`: small parameters, and a
//! factor `a - 1` in every term after the first, which cancels the division exactly.

use super::BgNbd;

/// Expected purchases in `(T, T + horizon]` given `x`, `t_x` and `T`.
pub(super) fn expected_purchases(model: &BgNbd, horizon: f64, x: f64, t_x: f64, t: f64) -> f64 {
    let BgNbd { r, alpha, a, b, .. } = *model;
    if horizon <= 0.0 {
        return 0.0;
    }
    // ln(1 - z) without forming 1 - z
    let log_rest = -(horizon / (alpha + t)).ln_1p();
    let c = a + b + x - 1.0;
    let first = if a == 1.0 { log_rest } else { ((a - 1.0) * log_rest).exp_m1() / (a - 1.0) };
    let (series, log_scale) = tail_series(a, a + b - 1.0 - r, c, horizon / (alpha + t + horizon));
    let if_alive = -c * first - series * (log_scale + (a - 1.0) * log_rest).exp();
    // the difference of two nearly equal terms may round below zero for customers who hardly buy
    if_alive.max(0.0) * probability_alive(model, x, t_x, t)
}

/// Probability of being alive at `T`: `1 / (1 + (x > 0) a / (b+x-1) ((alpha+T) / (alpha+t_x))^(r+x))`.
pub(super) fn probability_alive(model: &BgNbd, x: f64, t_x: f64, t: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let BgNbd { r, alpha, a, b, .. } = *model;
    let log_odds_gone = a.ln() - (b + x - 1.0).ln() + (r + x) * ((alpha + t).ln() - (alpha + t_x).ln());
    1.0 / (1.0 + log_odds_gone.exp())
}

/// `c (2F1(a-1, beta; c; z) - 1) / (a - 1)` as `value * exp(log_scale)`, regular at `a = 1` and at `c = 0`:
/// the sum over `j >= 1` of `(a)_(j-1) (beta)_j / ((c+1)_(j-1) j!) z^j`.
fn tail_series(a: f64, beta: f64, c: f64, z: f64) -> (f64, f64) {
    const LARGE: f64 = 1e200;
    let mut term = beta * z;
    let mut sum = term;
    let mut log_scale = 0.0;
    let mut j = 1.0;
    // the ratio of terms tends to z < 1, so the sum ends; the bound only guards against a z that rounds to one
    while j < 1e7 {
        let ratio = (a + j - 1.0) * (beta + j) / ((c + j) * (j + 1.0)) * z;
        term *= ratio;
        sum += term;
        j += 1.0;
        if term.abs() <= 1e-17 * sum.abs() && ratio.abs() < 1.0 {
            break;
        }
        if sum.abs() > LARGE {
            sum /= LARGE;
            term /= LARGE;
            log_scale += LARGE.ln();
        }
    }
    (sum, log_scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn cdnow() -> BgNbd {
        BgNbd { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426, log_likelihood: -9582.4, horizon: 39.0 }
    }

    /// Slow and obvious: the rate of purchases of a living customer with gamma(r+x, alpha+T) rate and beta(a, b+x)
    /// dropout, integrated over both by simulation-free quadrature: `E[(1 - exp(-lambda p t)) / p]`.
    fn by_quadrature(model: &BgNbd, horizon: f64, x: f64, t: f64) -> f64 {
        use statrs::function::gamma::ln_gamma;
        let (shape, rate) = (model.r + x, model.alpha + t);
        let (a, b) = (model.a, model.b + x);
        // over lambda: E[exp(-lambda p t)] = (rate / (rate + p t))^shape; over p by tanh-sinh on (0, 1)
        let log_beta = ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b);
        let step = 0.01;
        let mut sum = 0.0;
        for k in -600..=600 {
            let u = f64::from(k) * step;
            let w = std::f64::consts::FRAC_PI_2 * u.sinh();
            // p and 1 - p both without cancellation
            let (p, q) = (1.0 / (1.0 + (-2.0 * w).exp()), 1.0 / (1.0 + (2.0 * w).exp()));
            if p < 1e-300 || q < 1e-300 {
                continue;
            }
            let weight = step * std::f64::consts::PI * u.cosh() * p * q;
            let kept = -(-shape * (p * horizon / rate).ln_1p()).exp_m1();
            sum += weight * kept / p * ((a - 1.0) * p.ln() + (b - 1.0) * q.ln() - log_beta).exp();
        }
        sum
    }

    #[test]
    fn the_series_agrees_with_quadrature_from_one_time_buyers_to_daily_ones() {
        for (a, b, r) in [(0.793, 2.426, 0.243), (1.0, 2.0, 0.5), (0.3, 0.4, 2.0), (3.0, 5.0, 0.1), (40.0, 300.0, 9.0)]
        {
            let model = BgNbd { r, a, b, ..cdnow() };
            for (x, t) in [(0.0, 38.0), (0.0, 0.5), (1.0, 10.0), (12.0, 30.0), (400.0, 39.0)] {
                for horizon in [0.1, 39.0, 500.0] {
                    // t_x = T and x large: P(alive) is divided out
                    let alive = probability_alive(&model, x, t, t);
                    let series = expected_purchases(&model, horizon, x, t, t) / alive;
                    let integral = by_quadrature(&model, horizon, x, t);
                    let error = (series - integral).abs() / integral;
                    assert!(error < 1e-8, "a={a} b={b} r={r} x={x} T={t} t={horizon}: {series} against {integral}");
                }
            }
        }
    }

    #[test]
    fn the_example_of_the_paper_is_met() {
        // Fader, Hardie & Lee (2005), section 6: x = 2, t_x = 30.43, T = 38.86 gives 1.226 purchases in 39 weeks
        let expected = expected_purchases(&cdnow(), 39.0, 2.0, 30.43, 38.86);
        assert!((expected - 1.226).abs() < 5e-4, "{expected}");
    }

    #[test]
    fn who_never_came_back_is_alive_and_who_is_long_silent_is_not() {
        let model = cdnow();
        assert!(probability_alive(&model, 0.0, 0.0, 39.0) >= 1.0);
        assert!(probability_alive(&model, 20.0, 5.0, 39.0) < 1e-6);
        assert!(probability_alive(&model, 20.0, 39.0, 39.0) > 0.9);
    }
}
