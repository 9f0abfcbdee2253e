//! How well an order is predicted: Spearman, normalised Gini, capture at k. Ties are averaged everywhere.

use super::mean;

/// Rows from the highest value to the lowest, with the ends of runs of equal values: sorted once, used by every
/// bootstrap replicate.
#[derive(Debug, Clone)]
pub struct Order {
    rows: Vec<u32>,
    /// Exclusive end of each run of ties within `rows`.
    ends: Vec<u32>,
}

impl Order {
    /// Sorts `values`, which must not be NaN.
    pub fn descending(values: &[f64]) -> Self {
        let mut rows: Vec<u32> = (0..values.len() as u32).collect();
        rows.sort_unstable_by(|&i, &j| values[j as usize].total_cmp(&values[i as usize]).then(i.cmp(&j)));
        let ends = (1..=rows.len())
            .filter(|&end| end == rows.len() || values[rows[end] as usize] != values[rows[end - 1] as usize])
            .map(|end| end as u32)
            .collect();
        Self { rows, ends }
    }

    /// Runs of ties, highest first.
    pub fn ties(&self) -> impl Iterator<Item = &[u32]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let run = &self.rows[start..end as usize];
            start = end as usize;
            run
        })
    }

    /// Whether all values are the same, so that nothing is ordered.
    pub fn is_flat(&self) -> bool {
        self.ends.len() < 2
    }

    /// Weighted mid-ranks, highest value first.
    fn ranks(&self, weight: &[f64]) -> Vec<f64> {
        let mut ranks = vec![0.0; self.rows.len()];
        let mut above = 0.0;
        for run in self.ties() {
            let here: f64 = run.iter().map(|&row| weight[row as usize]).sum();
            for &row in run {
                ranks[row as usize] = above + 0.5 * (here + 1.0);
            }
            above += here;
        }
        ranks
    }

    /// Sum of `values` over the first `k` (in weight); of a run of ties that does not fit, its fair share.
    pub fn top_sum(&self, values: &[f64], weight: &[f64], k: f64) -> f64 {
        let (mut left, mut sum) = (k, 0.0);
        for run in self.ties() {
            let here: f64 = run.iter().map(|&row| weight[row as usize]).sum();
            if here <= 0.0 {
                continue;
            }
            let share = (left / here).min(1.0);
            sum += share * run.iter().map(|&row| weight[row as usize] * values[row as usize]).sum::<f64>();
            left -= here;
            if left <= 0.0 {
                break;
            }
        }
        sum
    }
}

/// Spearman's correlation with mid-ranks; 0 where one side orders nothing.
pub fn spearman(predicted: &Order, actual: &Order, weight: &[f64]) -> f64 {
    if predicted.is_flat() || actual.is_flat() {
        return 0.0;
    }
    let (p, a) = (predicted.ranks(weight), actual.ranks(weight));
    let (p_mean, a_mean) = (mean(&p, weight), mean(&a, weight));
    let (mut together, mut p_spread, mut a_spread) = (0.0, 0.0, 0.0);
    for ((p, a), w) in p.iter().zip(&a).zip(weight) {
        let (p, a) = (p - p_mean, a - a_mean);
        together += w * p * a;
        p_spread += w * p * p;
        a_spread += w * a * a;
    }
    if p_spread > 0.0 && a_spread > 0.0 { together / (p_spread * a_spread).sqrt() } else { 0.0 }
}

/// Gini of the outcome (negatives counted as 0) in predicted order over that in its own order: 1 is the ideal order,
/// 0 a random one; 0 where outcomes do not differ.
pub fn normalised_gini(predicted: &Order, actual: &Order, outcome: &[f64], weight: &[f64]) -> f64 {
    let gini = |order: &Order| {
        let (mut cumulated, mut area, mut total) = (0.0, 0.0, 0.0);
        for run in order.ties() {
            let rows: f64 = run.iter().map(|&row| weight[row as usize]).sum();
            let gain: f64 = run.iter().map(|&row| weight[row as usize] * outcome[row as usize].max(0.0)).sum();
            area += rows * (cumulated + 0.5 * gain);
            cumulated += gain;
            total += rows;
        }
        if cumulated > 0.0 { area / (cumulated * total) - 0.5 } else { 0.0 }
    };
    let ideal = gini(actual);
    if ideal > 1e-12 { gini(predicted) / ideal } else { 0.0 }
}

/// Outcome of the `share` of rows predicted highest, over that of the `share` that turned out highest; 0 where the
/// latter is not positive.
pub fn capture(predicted: &Order, actual: &Order, outcome: &[f64], weight: &[f64], share: f64) -> f64 {
    let k = share * weight.iter().sum::<f64>();
    let ideal = actual.top_sum(outcome, weight, k);
    if ideal > 0.0 { predicted.top_sum(outcome, weight, k) / ideal } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rho(p: &[f64], a: &[f64], w: &[f64]) -> f64 {
        spearman(&Order::descending(p), &Order::descending(a), w)
    }

    #[test]
    fn spearman_matches_scipy_with_ties() {
        // scipy.stats.spearmanr([1, 2, 2, 3, 5], [2, 1, 4, 4, 9]) = 0.7631578947368421 (mid-ranks)
        let rho = rho(&[1.0, 2.0, 2.0, 3.0, 5.0], &[2.0, 1.0, 4.0, 4.0, 9.0], &[1.0; 5]);
        assert!((rho - 0.763_157_894_736_842_1).abs() < 1e-12, "{rho}");
    }

    #[test]
    fn a_weight_of_two_is_a_row_twice() {
        let (p, a) = ([1.0, 4.0, 2.0, 9.0], [0.0, 3.0, 3.0, 1.0]);
        let weighted = rho(&p, &a, &[2.0, 1.0, 0.0, 1.0]);
        let repeated = rho(&[1.0, 1.0, 4.0, 9.0], &[0.0, 0.0, 3.0, 1.0], &[1.0; 4]);
        assert!((weighted - repeated).abs() < 1e-12, "{weighted} {repeated}");
    }

    #[test]
    fn a_constant_ranks_nothing() {
        assert_eq!(rho(&[3.0; 4], &[1.0, 2.0, 3.0, 4.0], &[1.0; 4]), 0.0);
    }

    #[test]
    fn gini_is_one_for_the_ideal_order_and_zero_for_none() {
        let outcome = [5.0, 0.0, 1.0, 0.0];
        let gini =
            |p: &[f64]| normalised_gini(&Order::descending(p), &Order::descending(&outcome), &outcome, &[1.0; 4]);
        assert!((gini(&[9.0, 1.0, 2.0, 1.0]) - 1.0).abs() < 1e-12);
        assert!(gini(&[1.0; 4]).abs() < 1e-12);
        assert!(gini(&[1.0, 9.0, 2.0, 8.0]) < 0.0);
    }

    #[test]
    fn capture_gives_ties_their_fair_share() {
        let outcome = [10.0, 0.0, 0.0, 0.0];
        let capture =
            |p: &[f64]| capture(&Order::descending(p), &Order::descending(&outcome), &outcome, &[1.0; 4], 0.25);
        assert_eq!(capture(&[1.0, 0.0, 0.0, 0.0]), 1.0);
        assert_eq!(capture(&[1.0; 4]), 0.25);
        assert_eq!(capture(&[0.0, 1.0, 0.0, 0.0]), 0.0);
    }
}
