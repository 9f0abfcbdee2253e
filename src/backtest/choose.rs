//! The rule by which a rung is published.
//!
//! The simplest rung whose paired loss is within one standard error of the best; the baseline is the simplest of all,
//! so a model that is not clearly better is not published. A rung for expected money that orders the accounts worse
//! than the baseline is passed over, however good its level.

use std::collections::BTreeMap;

use super::report::Estimate;

/// An order this much worse than the baseline's (Spearman) is a loss even where chance could explain it.
const WORST_ORDER: f64 = -0.01;

/// A contestant on the selection origins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    /// Loss per row, rows as in every other entry.
    pub losses: &'a [f64],
    /// Its Spearman minus the baseline's, where the order counts.
    pub order: Option<Estimate>,
}

/// The position of the published entry, and why or why not, per entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    pub chosen: usize,
    pub outcomes: Vec<String>,
}

/// Chooses among `entries`, simplest first; the first is *the* baseline. `account` numbers the account of each row.
pub(super) fn choose(entries: &[Entry<'_>], account: &[u32]) -> Choice {
    let loss: Vec<f64> = entries.iter().map(|entry| mean(entry.losses)).collect();
    let best = (0..entries.len()).min_by(|&i, &j| loss[i].total_cmp(&loss[j])).unwrap_or(0);
    let mut chosen = None;
    let mut outcomes = Vec::with_capacity(entries.len());
    for (i, entry) in entries.iter().enumerate() {
        let distance = loss[i] - loss[best];
        let error = standard_error(entry.losses, entries[best].losses, account);
        let worse_order = entry.order.filter(|order| order.high < 0.0 || order.value < WORST_ORDER);
        let outcome = if i > 0 && loss[i] >= loss[0] {
            "no better than the baseline".into()
        } else if distance > error {
            format!("{:.1} standard errors behind the best", distance / error)
        } else if let Some(order) = worse_order {
            format!("orders accounts worse than the baseline (Spearman {:+.3})", order.value)
        } else if chosen.is_some() {
            "not better than a simpler rung by more than one standard error".into()
        } else {
            chosen = Some(i);
            if i == 0 { "published: no rung is clearly better".into() } else { "published".into() }
        };
        outcomes.push(outcome);
    }
    let chosen = chosen.unwrap_or_else(|| {
        outcomes[0] = "published: what is better in level is worse in order".into();
        0
    });
    Choice { chosen, outcomes }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Standard error of the mean paired difference, rows of one account taken together.
pub(super) fn standard_error(a: &[f64], b: &[f64], account: &[u32]) -> f64 {
    let mut sums: BTreeMap<u32, f64> = BTreeMap::new();
    for ((a, b), account) in a.iter().zip(b).zip(account) {
        *sums.entry(*account).or_default() += a - b;
    }
    let n = sums.len() as f64;
    if n < 2.0 {
        return f64::INFINITY;
    }
    let centre = sums.values().sum::<f64>() / n;
    let variance = sums.values().map(|sum| (sum - centre).powi(2)).sum::<f64>() / (n - 1.0);
    (n * variance).sqrt() / a.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn losses(offset: f64, spread: f64) -> Vec<f64> {
        (0..100).map(|i| 1.0 + offset + spread * if i % 2 == 0 { 1.0 } else { -1.0 }).collect()
    }

    fn chosen(entries: &[(Vec<f64>, Option<f64>)]) -> Choice {
        let order = |value: &Option<f64>| value.map(|value| Estimate { value, low: value, high: value });
        let entries: Vec<Entry<'_>> =
            entries.iter().map(|(losses, value)| Entry { losses, order: order(value) }).collect();
        choose(&entries, &(0..100).collect::<Vec<u32>>())
    }

    #[test]
    fn a_gain_within_one_standard_error_publishes_the_baseline() {
        // deviation of the difference .5 on 100 accounts: one standard error is .05
        let choice = chosen(&[(losses(0.0, 0.0), None), (losses(-0.04, 0.5), None)]);
        assert_eq!(choice.chosen, 0, "{choice:?}");
        let choice = chosen(&[(losses(0.0, 0.0), None), (losses(-0.06, 0.5), None)]);
        assert_eq!(choice.chosen, 1, "{choice:?}");
    }

    #[test]
    fn the_simpler_of_two_equally_good_rungs_is_published() {
        let choice = chosen(&[(losses(0.0, 0.0), None), (losses(-0.5, 0.5), None), (losses(-0.51, 0.0), None)]);
        assert_eq!(choice.chosen, 1, "{choice:?}");
    }

    #[test]
    fn a_better_level_in_a_worse_order_is_passed_over() {
        let choice = chosen(&[(losses(0.0, 0.0), Some(0.0)), (losses(-0.5, 0.1), Some(-0.05))]);
        assert_eq!(choice.chosen, 0);
        assert!(choice.outcomes[1].contains("worse than the baseline"), "{choice:?}");
    }

    #[test]
    fn many_rows_of_one_account_are_one_witness() {
        let (a, b) = (losses(-0.04, 0.5), losses(0.0, 0.0));
        let apart: Vec<u32> = (0..100).collect();
        // even rows are all bad, odd rows all good: two accounts, each certain of the opposite
        let together: Vec<u32> = (0..100).map(|i| i % 2).collect();
        assert!(standard_error(&a, &b, &together) > 5.0 * standard_error(&a, &b, &apart));
    }
}
