//! Shrinkage of an account's own rate towards the portfolio's: Bühlmann-Straub credibility.
//!
//! Each account has a few periods with a weight `w` (its revenue) and a rate `x`. The shrunk rate is
//! `Z * own + (1 - Z) * portfolio` with `Z = w / (w + s2 / a2)`, where `s2` is the variance within accounts per unit
//! of weight and `a2` the variance between them, estimated as in Bühlmann & Gisler, "A Course in Credibility Theory"
//! (2005), equations 4.26 and 4.27. It knows nothing of margins or payments.

/// The rate of one account in one period, and how much it weighs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// Weight, positive, such as the period's revenue.
    pub weight: f64,
    /// Rate, such as margin divided by revenue.
    pub rate: f64,
}

/// The shrunk rate of each account, `None` for all if no account has an observation of positive weight.
///
/// An account without any gets the portfolio's rate. Where no account has two periods the spread within accounts is
/// unknown, and one account of median weight counts as much as the portfolio (`s2 / a2` is the median weight).
pub(super) fn shrunk_rates(accounts: &[Vec<Observation>]) -> Option<Vec<f64>> {
    let own: Vec<Option<Observation>> = accounts.iter().map(|periods| pooled(periods)).collect();
    let known: Vec<Observation> = own.iter().flatten().copied().collect();
    let portfolio = pooled(&known)?;
    let noise = noise_per_signal(accounts, &known, portfolio);
    // The portfolio's rate weighs each account by its credibility, not by its size (equation 4.24).
    let credibility = |weight: f64| if noise.is_finite() { weight / (weight + noise) } else { 0.0 };
    let weights: Vec<Observation> =
        known.iter().map(|o| Observation { weight: credibility(o.weight), rate: o.rate }).collect();
    let centre = pooled(&weights).unwrap_or(portfolio).rate;
    Some(
        own.iter()
            .map(|own| {
                own.map_or(centre, |own| {
                    let z = credibility(own.weight);
                    z * own.rate + (1.0 - z) * centre
                })
            })
            .collect(),
    )
}

/// `s2 / a2`; infinite if accounts do not differ beyond their own noise.
fn noise_per_signal(accounts: &[Vec<Observation>], known: &[Observation], portfolio: Observation) -> f64 {
    let (mut within, mut degrees) = (0.0, 0usize);
    for periods in accounts {
        let usable: Vec<Observation> = periods.iter().copied().filter(|o| o.weight > 0.0).collect();
        if let Some(mean) = pooled(&usable) {
            within += usable.iter().map(|o| o.weight * (o.rate - mean.rate).powi(2)).sum::<f64>();
            degrees += usable.len() - 1;
        }
    }
    if degrees == 0 {
        return median(known.iter().map(|o| o.weight).collect());
    }
    let within = within / degrees as f64;
    let between = known.iter().map(|o| o.weight * (o.rate - portfolio.rate).powi(2)).sum::<f64>();
    let spread = portfolio.weight - known.iter().map(|o| o.weight * o.weight).sum::<f64>() / portfolio.weight;
    let signal = (between - (known.len() as f64 - 1.0) * within) / spread;
    if spread > 0.0 && signal > 0.0 { within / signal } else { f64::INFINITY }
}

/// Total weight and weighted mean, `None` without positive weight.
fn pooled(observations: &[Observation]) -> Option<Observation> {
    let usable = || observations.iter().filter(|o| o.weight > 0.0);
    let weight: f64 = usable().map(|o| o.weight).sum();
    (weight > 0.0).then(|| Observation { weight, rate: usable().map(|o| o.weight * o.rate).sum::<f64>() / weight })
}

/// The middle value (the upper one of two); infinite for an empty list.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(periods: &[(f64, f64)]) -> Vec<Observation> {
        periods.iter().map(|&(weight, rate)| Observation { weight, rate }).collect()
    }

    #[test]
    fn an_account_moves_towards_the_portfolio_the_more_the_less_it_weighs() {
        let accounts = [
            account(&[(1000.0, 0.50), (1000.0, 0.52)]),
            account(&[(10.0, 0.90), (10.0, 0.94)]),
            account(&[(1000.0, 0.30), (1000.0, 0.31)]),
            vec![],
        ];
        let rates = shrunk_rates(&accounts).unwrap();
        assert!((rates[0] - 0.51).abs() < 0.01, "{rates:?}");
        assert!(rates[1] < 0.92 && rates[1] > rates[3], "{rates:?}");
        assert!((0.92 - rates[1]) / 0.92 > (rates[0] - 0.51).abs() / 0.51);
        assert!(rates[3] > 0.30 && rates[3] < 0.60, "{rates:?}");
    }

    /// By hand: weights 1, two periods each; own means 1 and 3; s2 = (0.5 + 0.5) / 2 = 0.5; total weight 4, mean 2,
    /// a2 = (2 * 1 + 2 * 1 - 1 * 0.5) / (4 - 8 / 4) = 1.75; Z = 2 / (2 + 0.5 / 1.75) = 0.875.
    #[test]
    fn two_accounts_of_two_periods_agree_with_the_calculation_by_hand() {
        let rates = shrunk_rates(&[account(&[(1.0, 0.5), (1.0, 1.5)]), account(&[(1.0, 2.5), (1.0, 3.5)])]).unwrap();
        assert!((rates[0] - 1.125).abs() < 1e-12 && (rates[1] - 2.875).abs() < 1e-12, "{rates:?}");
    }

    #[test]
    fn accounts_that_differ_by_noise_only_get_the_portfolios_rate() {
        let rates = shrunk_rates(&[account(&[(1.0, 0.0), (1.0, 1.0)]), account(&[(1.0, 1.0), (1.0, 0.0)])]).unwrap();
        assert_eq!(rates, [0.5, 0.5]);
    }

    #[test]
    fn with_one_period_each_the_median_account_is_moved_half_way() {
        let rates = shrunk_rates(&[account(&[(2.0, 0.0)]), account(&[(2.0, 1.0)])]).unwrap();
        assert_eq!(rates, [0.25, 0.75]);
    }

    #[test]
    fn without_positive_weight_there_is_no_rate() {
        assert_eq!(shrunk_rates(&[account(&[(0.0, 1.0), (-5.0, 1.0)]), vec![]]), None);
        assert_eq!(shrunk_rates(&[]), None);
        assert_eq!(shrunk_rates(&[account(&[(5.0, 0.4)])]), Some(vec![0.4]));
    }
}
