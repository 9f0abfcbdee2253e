//! Two shrunk rates per account: margin per unit of revenue, and what late payers are expected not to pay.

use super::{
    Population,
    credibility::{Observation, median, shrunk_rates},
};

/// Contribution margin per unit of net revenue, by Bühlmann-Straub over the last two years; `None` if nothing was sold.
///
/// `revenue` and `margin` are those of the last 12 months, or of as many as there are.
pub(super) fn margin_rates(population: &Population, revenue: &[f64], margin: &[f64]) -> Option<Vec<f64>> {
    let (revenue_24, margin_24) = (population.feature("revenue_24"), population.feature("margin_24"));
    let period = |revenue: f64, margin: f64| Observation { weight: revenue, rate: margin / revenue };
    let accounts: Vec<Vec<Observation>> = (0..population.height())
        .map(|i| {
            let before = period(revenue_24[i] - revenue[i], margin_24[i] - margin[i]);
            // Without a second year its weight is NaN, which is not positive either.
            [period(revenue[i], margin[i]), before].into_iter().filter(|o| o.weight > 0.0).collect()
        })
        .collect();
    shrunk_rates(&accounts)
}

/// The expected loss per unit of further revenue: the account's overdue amount over its last 12 months' revenue, at
/// most 1, shrunk towards the portfolio's with the weight of one account of median revenue.
///
/// No write-offs are in the data contract, so the overdue share stands in for what will not be paid. That is cautious:
/// most overdue invoices are paid in the end. Accounts without a known invoice get the portfolio's rate; a company
/// without any known invoice gets no reduction.
pub(super) fn loss_rates(population: &Population, revenue: &[f64]) -> Vec<f64> {
    let (overdue, known) = (population.feature("overdue_amount"), population.feature("payment_known"));
    let counts = |i: usize| known[i] == 1.0 && !overdue[i].is_nan() && revenue[i] > 0.0;
    let paying: Vec<usize> = (0..population.height()).filter(|&i| counts(i)).collect();
    if paying.is_empty() {
        return vec![0.0; population.height()];
    }
    let share = |i: usize| (overdue[i] / revenue[i]).clamp(0.0, 1.0);
    let total: f64 = paying.iter().map(|&i| revenue[i]).sum();
    let portfolio = paying.iter().map(|&i| revenue[i] * share(i)).sum::<f64>() / total;
    let prior = median(paying.iter().map(|&i| revenue[i]).collect());
    (0..population.height())
        .map(|i| if counts(i) { (revenue[i] * share(i) + prior * portfolio) / (revenue[i] + prior) } else { portfolio })
        .collect()
}
