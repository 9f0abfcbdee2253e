//! The log-likelihood of a BG/NBD model and its gradient (Fader, Hardie & Lee 2005, equation 6).
//!
//! `L(x, t_x, T) = G(r+x) alpha^r / G(r) * B(a, b+x) / B(a, b) * [ (alpha+T)^-(r+x) + (x > 0) a / (b+x-1) (alpha+t_x)^-(r+x) ]`

use statrs::function::gamma::{digamma, ln_gamma};

/// Mean log-likelihood over histories `[x, t_x, T]` at `[r, alpha, a, b]`, and its gradient.
pub(super) fn mean_log_likelihood(histories: &[[f64; 3]], parameters: &[f64; 4]) -> (f64, [f64; 4]) {
    let [r, alpha, a, b] = *parameters;
    let (log_gamma_r, digamma_r) = (ln_gamma(r), digamma(r));
    let (log_beta_ab, digamma_ab, digamma_b) = (ln_gamma(b) - ln_gamma(a + b), digamma(a + b), digamma(b));
    let mut value = 0.0;
    let mut gradient = [0.0; 4];
    for &[x, t_x, t] in histories {
        let alive = -(r + x) * (alpha + t).ln();
        // the weights of the two ways to have seen nothing since t_x: still alive, or gone after the last purchase
        let (log_sum, gone) = if x > 0.0 {
            let left = a.ln() - (b + x - 1.0).ln() - (r + x) * (alpha + t_x).ln();
            let most = alive.max(left);
            let log_sum = most + ((alive - most).exp() + (left - most).exp()).ln();
            (log_sum, (left - log_sum).exp())
        } else {
            (alive, 0.0)
        };
        value += ln_gamma(r + x) - log_gamma_r + r * alpha.ln() + ln_gamma(b + x) - ln_gamma(a + b + x) - log_beta_ab
            + log_sum;
        let digamma_abx = digamma(a + b + x);
        gradient[0] +=
            digamma(r + x) - digamma_r + alpha.ln() - (1.0 - gone) * (alpha + t).ln() - gone * (alpha + t_x).ln();
        gradient[1] += r / alpha - (r + x) * ((1.0 - gone) / (alpha + t) + gone / (alpha + t_x));
        gradient[2] += digamma_ab - digamma_abx + gone / a;
        gradient[3] += digamma(b + x) - digamma_abx - digamma_b + digamma_ab;
        if x > 0.0 {
            gradient[3] -= gone / (b + x - 1.0);
        }
    }
    let n = histories.len() as f64;
    (value / n, gradient.map(|g| g / n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gradient_is_the_slope_of_the_likelihood() {
        let histories = [[0.0, 0.0, 30.0], [1.0, 2.0, 38.0], [7.0, 33.0, 35.0], [26.0, 38.5, 38.8]];
        let at = [0.3, 4.0, 0.8, 2.5];
        let (_, gradient) = mean_log_likelihood(&histories, &at);
        for i in 0..4 {
            let slope = {
                let (mut up, mut down) = (at, at);
                up[i] += 1e-5;
                down[i] -= 1e-5;
                (mean_log_likelihood(&histories, &up).0 - mean_log_likelihood(&histories, &down).0) / 2e-5
            };
            assert!((slope - gradient[i]).abs() < 1e-7, "component {i}: {slope} against {}", gradient[i]);
        }
    }
}
