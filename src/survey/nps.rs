//! Net promoter score.

use serde::{Deserialize, Serialize};

/// Quantile of the normal distribution for a two-sided interval of 90 %.
pub(super) const Z: f64 = 1.644_853_626_951_472_2;
/// From which a score makes a promoter, and up to which a detractor.
const PROMOTER: f64 = 9.0;
const DETRACTOR: f64 = 6.0;

/// Share of promoters (9 and 10) minus share of detractors (0 to 6), with its 90 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nps {
    /// Answers.
    pub answers: usize,
    /// -100 to 100.
    pub value: f64,
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

impl Nps {
    /// Of scores from 0 to 10; `None` of none.
    ///
    /// The interval is the adjusted Wald interval of B. Rocks, "Interval Estimation for the 'Net Promoter Score'" (2016):
    /// three quarters of a promoter, as much of a detractor, and one and a half passives are added to the answers.
    pub fn of(scores: impl Iterator<Item = f64>) -> Option<Self> {
        let (mut answers, mut promoters, mut detractors) = (0, 0.0, 0.0);
        for score in scores {
            answers += 1;
            promoters += f64::from(u8::from(score >= PROMOTER));
            detractors += f64::from(u8::from(score <= DETRACTOR));
        }
        let n = f64::from(answers);
        let (more, less, all) = (promoters + 0.75, detractors + 0.75, n + 3.0);
        let middle = (more - less) / all;
        let half = Z * (((more + less) / all - middle * middle) / all).sqrt();
        (answers > 0).then(|| Self {
            answers: answers as usize,
            value: 100.0 * (promoters - detractors) / n,
            low: 100.0 * (middle - half).max(-1.0),
            high: 100.0 * (middle + half).min(1.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promoters_less_detractors() {
        let scores = [10.0, 9.0, 9.0, 8.0, 7.0, 6.0, 0.0];
        let nps = Nps::of(scores.into_iter()).unwrap();
        assert_eq!(nps.answers, 7);
        assert!((nps.value - 100.0 / 7.0).abs() < 1e-12);
        // by hand: (3.75 - 2.75) / 10 = .1; variance (.65 - .01) / 10 = .064
        assert!((nps.low - 100.0 * (0.1 - Z * 0.064_f64.sqrt())).abs() < 1e-9, "{nps:?}");
        assert!((nps.high - 100.0 * (0.1 + Z * 0.064_f64.sqrt())).abs() < 1e-9, "{nps:?}");
        assert_eq!(Nps::of(std::iter::empty()), None);
    }

    #[test]
    fn one_voice_is_no_certainty() {
        let nps = Nps::of(std::iter::once(10.0)).unwrap();
        assert!(nps.value == 100.0 && nps.low < 0.0, "{nps:?}");
    }
}
