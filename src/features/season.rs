//! The portfolio's seasonal index: how a calendar month compares with an average one.
//!
//! From the portfolio's monthly revenue, in blocks of 12 months that end with `t` (5 at most): each month is brought to
//! today's level by the yearly growth between the blocks, then divided by its block's mean; the index is the mean over
//! the blocks. What the blocks do not agree upon is noise and is shrunk away (James & Stein): with `V` the variance of
//! a block's ratio about its month's mean, `k` blocks and `B` the variance of the means about 1, the deviation from 1
//! is multiplied by `max(0, 1 - V / k / B)`. With less than 24 months nothing can be told apart from chance, and every
//! index is 1.

/// Months of history an index is learned from.
pub(super) const SEASON_MONTHS: usize = 60;

/// Index per month of the year, 1 on average.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SeasonalIndex {
    /// By distance after `t`: the first is that of the month after `t`.
    following: [f64; 12],
}

impl SeasonalIndex {
    /// From the portfolio's revenue per month, newest (`t`) first; only full years count.
    pub(super) fn new(newest_first: &[f64]) -> Self {
        let blocks: Vec<&[f64]> = newest_first[..newest_first.len().min(SEASON_MONTHS)].chunks_exact(12).collect();
        let totals: Vec<f64> = blocks.iter().map(|block| block.iter().sum()).collect();
        let even = Self { following: [1.0; 12] };
        if blocks.len() < 2 || totals.iter().any(|&total| total <= 0.0) {
            return even;
        }
        let k = blocks.len() as f64;
        let yearly = (totals[0] / totals[blocks.len() - 1]).powf(1.0 / (k - 1.0)).clamp(0.5, 2.0);
        let ratios: Vec<[f64; 12]> = blocks.iter().map(|block| ratios(block, yearly)).collect();
        let means: [f64; 12] = std::array::from_fn(|ago| ratios.iter().map(|block| block[ago]).sum::<f64>() / k);
        // each block's 12 ratios have mean 1, which takes one degree of freedom per block and one from the means
        let within: f64 =
            ratios.iter().flat_map(|block| (0..12).map(|ago| (block[ago] - means[ago]).powi(2))).sum::<f64>()
                / (11.0 * (k - 1.0));
        let between = means.iter().map(|mean| (mean - 1.0).powi(2)).sum::<f64>() / 11.0;
        if between <= 0.0 {
            return even;
        }
        let kept = (1.0 - within / k / between).max(0.0);
        // the month after `t` is the oldest of a block
        Self { following: std::array::from_fn(|ahead| 1.0 + kept * (means[11 - ahead] - 1.0)) }
    }

    /// Mean index of the `months` that follow `t`.
    pub(super) fn mean_of_next(&self, months: usize) -> f64 {
        (0..months).map(|ahead| self.following[ahead % 12]).sum::<f64>() / months as f64
    }

    /// Mean index of the `months` that end with `t`.
    pub(super) fn mean_of_last(&self, months: usize) -> f64 {
        (0..months).map(|ago| self.following[11 - ago % 12]).sum::<f64>() / months as f64
    }
}

/// A block's months at one level of growth, divided by their mean.
fn ratios(block: &[f64], yearly: f64) -> [f64; 12] {
    let level: [f64; 12] = std::array::from_fn(|ago| block[ago].max(0.0) * yearly.powf(ago as f64 / 12.0));
    let mean = level.iter().sum::<f64>() / 12.0;
    level.map(|month| month / mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Newest first: `growth` per year, and a high season of three months of which the first is `ahead` months away.
    fn months(n: usize, growth: f64, ahead: usize) -> Vec<f64> {
        (0..n)
            .map(|ago| {
                let season = (11 - ago % 12).wrapping_sub(ahead - 1) < 3;
                growth.powf(-(ago as f64) / 12.0) * if season { 2.0 } else { 2.0 / 3.0 }
            })
            .collect()
    }

    #[test]
    fn a_season_is_found_under_growth() {
        for growth in [0.7, 1.0, 1.3] {
            let index = SeasonalIndex::new(&months(36, growth, 1));
            assert!((index.mean_of_next(3) - 2.0).abs() < 0.01, "{growth}: {index:?}");
            assert!((index.mean_of_next(12) - 1.0).abs() < 1e-12);
            assert!((index.mean_of_last(3) - 2.0 / 3.0).abs() < 0.01);
            assert!((index.mean_of_last(12) - 1.0).abs() < 1e-12);
            assert!((SeasonalIndex::new(&months(24, growth, 7)).mean_of_next(6) - 2.0 / 3.0).abs() < 0.01);
        }
    }

    #[test]
    fn less_than_two_years_have_no_season() {
        assert_eq!(SeasonalIndex::new(&months(23, 1.0, 1)), SeasonalIndex { following: [1.0; 12] });
        assert_eq!(SeasonalIndex::new(&[]), SeasonalIndex { following: [1.0; 12] });
        assert_eq!(SeasonalIndex::new(&[0.0; 48]), SeasonalIndex { following: [1.0; 12] });
    }

    #[test]
    fn what_years_do_not_agree_upon_is_shrunk_away() {
        // one large month in each of three years, never the same calendar month
        let mut noise = vec![1.0; 36];
        for ago in [2, 17, 31] {
            noise[ago] = 5.0;
        }
        let index = SeasonalIndex::new(&noise);
        assert!(index.following.iter().all(|month| (month - 1.0).abs() < 0.35), "{index:?}");
    }
}
