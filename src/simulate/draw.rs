//! The distributions of the simulator, drawn from one generator.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution, Exp1, Poisson, StandardNormal};

use crate::domain::Seed;

/// A stream of random draws for one purpose.
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    /// The stream of `purpose` under `seed`.
    pub(super) fn of(seed: Seed, purpose: &str) -> Self {
        Self(seed.derive(purpose).rng())
    }

    /// Uniform in [0, 1).
    pub(super) fn uniform(&mut self) -> f64 {
        self.0.random()
    }

    /// Standard normal.
    pub(super) fn normal(&mut self) -> f64 {
        self.0.sample(StandardNormal)
    }

    /// Lognormal with mean 1 and standard deviation `sigma` of its logarithm.
    pub(super) fn lognormal(&mut self, sigma: f64) -> f64 {
        (sigma * self.normal() - 0.5 * sigma * sigma).exp()
    }

    /// Exponential with mean 1.
    pub(super) fn exponential(&mut self) -> f64 {
        self.0.sample(Exp1)
    }

    /// Own share of wallet: Beta(2, 3), kept inside (0, 1).
    pub(super) fn beta_2_3(&mut self) -> f64 {
        Beta::new(2.0_f64, 3.0).expect("the parameters are positive").sample(&mut self.0).clamp(1e-6, 1.0 - 1e-6)
    }

    /// Poisson; none for a mean that is not positive.
    pub(super) fn poisson(&mut self, mean: f64) -> u32 {
        Poisson::new(mean).map_or(0, |poisson| poisson.sample(&mut self.0) as u32)
    }

    /// True with probability `p`.
    pub(super) fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    /// A whole number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i32, high: i32) -> i32 {
        self.0.random_range(low..=high)
    }

    /// One of `items`, which must not be empty.
    pub(super) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.0.random_range(0..items.len())]
    }

    /// An index drawn by `cumulative` weights (ascending, the last is the total).
    pub(super) fn weighted(&mut self, cumulative: &[f64]) -> usize {
        let total = cumulative[cumulative.len() - 1];
        let at = self.uniform() * total;
        cumulative.partition_point(|&edge| edge <= at).min(cumulative.len() - 1)
    }
}
