//! How much more an account could buy than it is expected to, given what comparable accounts buy: the posterior mean of
//! the attainable part of its demand beyond its own.
//!
//! With `w = log(demand / own)` and `s = exp(-w)` our share of the demand, the density of `w >= 0` is proportional to
//! `normal((w - d) / spread) * s^a * (1 - s)^(b - 1)`: what peers of this kind demand (`d` is their log distance from
//! the account's own level, `spread` how far demands scatter around them), times the prior Beta(a, b) of the share. The
//! excess is `E[max(0.8 exp(w) - 1, 0)]`, as a multiple of the own level: no supplier is given everything.
//!
//! Own levels give away only the sum of two scatters, that of demands and that of shares (Glady & Croux, "Predicting
//! customer wallet without survey data", Journal of Service Research 11, 2009, face the same). So the share's part is
//! the prior's, Beta(2, 2) unless enough customers have said what share we have, and the spread is what makes the sum of
//! both reach from the median to the 90th percentile as own levels do. The lower half is not asked: it holds the
//! accounts that are leaving. The slope against the peers' level is a Huber regression's (Huber 1964): it takes back
//! what is noise in that level. Arrays in, arrays out; what an account or a horizon is, is not known here.

use statrs::function::erf::erf;

/// The part of a demand that one supplier can win.
const ATTAINABLE_SHARE: f64 = 0.8;
/// Fewer accounts than this show no scatter.
const FEWEST: usize = 30;
/// More than about this many tell no more: every second, third... account stands for all.
const MOST: usize = 100_000;
/// Demands scatter around peers by at least and at most this, in logs.
const SPREADS: (f64, f64) = (0.1, 3.0);
/// Where own levels are compared with what demand and share together let expect: the median, and the upper end of those
/// that buy as they always do.
const MEDIAN: f64 = 0.5;
const UPPER: f64 = 0.9;
/// Huber's threshold in robust standard deviations, and the steps of the iteration.
const HUBER: f64 = 1.5;
const STEPS: usize = 25;
/// Grid of `d` on which the excess is tabulated, and midpoints of each integral.
const GRID: (f64, f64, usize) = (-6.0, 12.0, 361);
const MIDPOINTS: usize = 240;
/// A stated share is this far off, as a standard deviation: answers are rounded, and shares move.
const STATED_ERROR: f64 = 0.1;
/// Stated shares that vary less do not differ.
const LEAST_VARIANCE: f64 = 1e-6;
/// Fewer stated shares than this move no prior.
pub const FEWEST_STATED: usize = 50;

/// Beta(a, b): how shares of demand are distributed over accounts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SharePrior {
    a: f64,
    b: f64,
}

impl Default for SharePrior {
    /// Beta(2, 2): any share may be, extremes are rare, and no side is taken.
    fn default() -> Self {
        Self { a: 2.0, b: 2.0 }
    }
}

impl SharePrior {
    /// By the moments of stated shares; the default where there are fewer than [`FEWEST_STATED`] or they do not differ
    /// as shares do.
    pub fn of_stated(shares: &[f64]) -> Self {
        let known: Vec<f64> = shares.iter().copied().filter(|s| (0.0..=1.0).contains(s)).collect();
        if known.len() < FEWEST_STATED {
            return Self::default();
        }
        let n = known.len() as f64;
        let mean = known.iter().sum::<f64>() / n;
        let variance = known.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let size = mean * (1.0 - mean) / variance - 1.0;
        if variance > LEAST_VARIANCE && size > 0.0 {
            // a density without a peak inside would make every small account a giant
            let size = size.clamp(1.2 / mean.min(1.0 - mean), 60.0_f64.max(1.2 / mean.min(1.0 - mean)));
            Self { a: mean * size, b: (1.0 - mean) * size }
        } else {
            Self::default()
        }
    }

    /// Quantiles of `spread * normal + log share` at the two ends, by tabulating its distribution.
    fn ends(self, spread: f64) -> [f64; 2] {
        const SHARES: usize = 128;
        const TABLE: (f64, f64, usize) = (-7.0, 5.0, 121);
        let shares = (0..SHARES).map(|i| (i as f64 + 0.5) / SHARES as f64);
        let density = |s: f64| ((self.a - 1.0) * s.ln() + (self.b - 1.0) * (1.0 - s).ln()).exp();
        let weighted: Vec<(f64, f64)> = shares.map(|s| (s.ln(), density(s))).collect();
        let mass: f64 = weighted.iter().map(|(_, weight)| weight).sum();
        let step = (TABLE.1 - TABLE.0) / (TABLE.2 - 1) as f64;
        let at = |i: usize| TABLE.0 + i as f64 * step;
        let below = |z: f64| {
            let normal = |log_share: &f64| 0.5 * (1.0 + erf((z - log_share) / (spread * std::f64::consts::SQRT_2)));
            weighted.iter().map(|(log_share, weight)| weight * normal(log_share)).sum::<f64>() / mass
        };
        let table: Vec<f64> = (0..TABLE.2).map(|i| below(at(i))).collect();
        [MEDIAN, UPPER].map(|share| {
            let i = table.partition_point(|reached| *reached < share).clamp(1, TABLE.2 - 1);
            at(i - 1) + step * (share - table[i - 1]) / (table[i] - table[i - 1]).max(f64::MIN_POSITIVE)
        })
    }

    /// The spread of demands with which own levels reach from the median to the upper end by `reach`, and the median of
    /// `spread * normal + log share` with it. What reaches less than shares alone do has the least spread.
    fn spread_of(self, reach: f64) -> (f64, f64) {
        const HALVINGS: usize = 16;
        let (mut low, mut high) = SPREADS;
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            let [median, upper] = self.ends(middle);
            if upper - median < reach { low = middle } else { high = middle }
        }
        let spread = 0.5 * (low + high);
        (spread, self.ends(spread)[0])
    }
}

/// What a portfolio teaches of the relation between own levels and peers' levels.
#[derive(Debug, Clone, PartialEq)]
pub struct AttainableLevel {
    intercept: f64,
    slope: f64,
    spread: f64,
    prior: SharePrior,
    excess: Vec<f64>,
}

impl AttainableLevel {
    /// Learns from log own levels and log peers' levels of the same accounts; `None` of fewer than 30.
    pub fn learn(own: &[f64], peers: &[f64], prior: SharePrior) -> Option<Self> {
        if own.len() < FEWEST || own.len() != peers.len() {
            return None;
        }
        let every = own.len().div_ceil(MOST);
        let some = |values: &[f64]| values.iter().copied().step_by(every).collect::<Vec<f64>>();
        let (own, peers) = (some(own), some(peers));
        let (intercept, slope) = huber(&peers, &own);
        let rest: Vec<f64> = own.iter().zip(&peers).map(|(own, peers)| own - intercept - slope * peers).collect();
        let (median, upper) = (quantile(&rest, MEDIAN), quantile(&rest, UPPER));
        let (spread, median_of_both) = prior.spread_of(upper - median);
        let intercept = intercept + median - median_of_both;
        let mut this = Self { intercept, slope, spread, prior, excess: Vec::new() };
        this.excess = (0..GRID.2).map(|i| this.integral(grid(i), None)).collect();
        Some(this)
    }

    /// Expected attainable revenue beyond the own level, as a multiple of it, for log levels of one account. `stated` is
    /// the share of its demand that the account says we have.
    pub fn excess(&self, own: f64, peers: f64, stated: Option<f64>) -> f64 {
        let d = (self.intercept + self.slope * peers - own).clamp(GRID.0, GRID.1);
        if stated.is_some() {
            return self.integral(d, stated);
        }
        let at = (d - GRID.0) / (GRID.1 - GRID.0) * (GRID.2 - 1) as f64;
        let below = (at.floor() as usize).min(GRID.2 - 2);
        self.excess[below] + (at - below as f64) * (self.excess[below + 1] - self.excess[below])
    }

    /// Standard deviation of log demands around what peers let expect.
    pub const fn spread(&self) -> f64 {
        self.spread
    }

    fn integral(&self, d: f64, stated: Option<f64>) -> f64 {
        let (low, high) = ((d - 6.0 * self.spread).max(0.0), d.max(0.0) + 6.0 * self.spread.max(0.3));
        let step = (high - low) / MIDPOINTS as f64;
        // densities as logs, so that far tails do not vanish
        let at = |i: usize| {
            let w = low + (i as f64 + 0.5) * step;
            let share = (-w).exp();
            let answer = stated.map_or(0.0, |stated| ((share - stated) / STATED_ERROR).powi(2));
            let log = -0.5 * ((w - d) / self.spread).powi(2) - 0.5 * answer - self.prior.a * w
                + (self.prior.b - 1.0) * (-(-w).exp_m1()).ln();
            (w, log)
        };
        let top = (0..MIDPOINTS).map(|i| at(i).1).fold(f64::NEG_INFINITY, f64::max);
        let (mut mass, mut sum) = (0.0, 0.0);
        for (w, log) in (0..MIDPOINTS).map(at) {
            let density = (log - top).exp();
            mass += density;
            sum += density * (ATTAINABLE_SHARE * w.exp() - 1.0).max(0.0);
        }
        sum / mass
    }
}

fn grid(i: usize) -> f64 {
    GRID.0 + (GRID.1 - GRID.0) * i as f64 / (GRID.2 - 1) as f64
}

/// Intercept and slope (0 to 1.5) of `y` against `x`.
fn huber(x: &[f64], y: &[f64]) -> (f64, f64) {
    let n = x.len();
    let residuals = |line: (f64, f64)| (0..n).map(|i| y[i] - line.0 - line.1 * x[i]).collect::<Vec<f64>>();
    let mut line = (quantile(&residuals((0.0, 1.0)), 0.5), 1.0);
    for _ in 0..STEPS {
        let rest = residuals(line);
        let limit = HUBER * scatter(&rest);
        let weight: Vec<f64> = rest.iter().map(|r| if r.abs() > limit { limit / r.abs() } else { 1.0 }).collect();
        let total: f64 = weight.iter().sum();
        let mean = |v: &[f64]| v.iter().zip(&weight).map(|(v, w)| v * w).sum::<f64>() / total;
        let (x_mean, y_mean) = (mean(x), mean(y));
        let together: f64 = (0..n).map(|i| weight[i] * (x[i] - x_mean) * (y[i] - y_mean)).sum();
        let apart: f64 = (0..n).map(|i| weight[i] * (x[i] - x_mean).powi(2)).sum();
        let slope = if apart > 1e-12 { (together / apart).clamp(0.0, 1.5) } else { 0.0 };
        let next = (y_mean - slope * x_mean, slope);
        if next == line {
            break; // so would be every further one
        }
        line = next;
    }
    line
}

/// Half the distance between the 16th and 84th percentile: the standard deviation of a normal variable.
fn scatter(values: &[f64]) -> f64 {
    let (upper, lower) = (rank(values, 0.8413), rank(values, 0.1587));
    let mut values = values.to_vec();
    let (below, upper, _) = values.select_nth_unstable_by(upper, f64::total_cmp);
    // few values may have both at one rank
    let lower = if lower < below.len() { *below.select_nth_unstable_by(lower, f64::total_cmp).1 } else { *upper };
    0.5 * (*upper - lower)
}

fn quantile(values: &[f64], share: f64) -> f64 {
    let rank = rank(values, share);
    *values.to_vec().select_nth_unstable_by(rank, f64::total_cmp).1
}

fn rank(values: &[f64], share: f64) -> usize {
    ((values.len() - 1) as f64 * share).round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Seed;

    /// Accounts as the simulator draws them: log demand around peers by `spread`, share Beta(2, 3).
    fn accounts(spread: f64) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        use rand::Rng;
        let mut rng = Seed(3).rng();
        let mut normal = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
        let (mut own, mut peers, mut headroom) = (Vec::new(), Vec::new(), Vec::new());
        for i in 0..4000 {
            let (explained, demand) = (normal(), spread * normal());
            // Beta(2, 3) is the second smallest of four uniform draws; here by quantiles of a fixed grid
            let u: f64 = (0.5 + f64::from(i % 100)) / 100.0;
            let share = (0..60).fold((0.0f64, 1.0f64), |(a, b), _| {
                let s = 0.5 * (a + b);
                let below = 6.0 * s * s - 8.0 * s.powi(3) + 3.0 * s.powi(4);
                if below < u { (s, b) } else { (a, s) }
            });
            let log_demand = explained + demand;
            own.push(log_demand + share.0.ln());
            peers.push(explained + 0.4);
            headroom.push((0.8 * log_demand.exp() - own[own.len() - 1].exp()).max(0.0));
        }
        (own, peers, headroom)
    }

    #[test]
    fn what_is_told_apart_is_the_spread_that_was_there() {
        for spread in [0.4, 0.8] {
            let (own, peers, headroom) = accounts(spread);
            let level = AttainableLevel::learn(&own, &peers, SharePrior { a: 2.0, b: 3.0 }).unwrap();
            assert!((level.spread() - spread).abs() < 0.1, "{spread}: {}", level.spread());
            assert!((level.slope - 1.0).abs() < 0.05, "{}", level.slope);
            let told: f64 = own.iter().zip(&peers).map(|(o, p)| o.exp() * level.excess(*o, *p, None)).sum();
            let true_sum: f64 = headroom.iter().sum();
            assert!((told / true_sum - 1.0).abs() < 0.15, "{told} against {true_sum}");
        }
    }

    #[test]
    fn who_buys_less_than_its_peers_has_more_left_and_nobody_has_less_than_nothing() {
        let (own, peers, _) = accounts(0.5);
        let level = AttainableLevel::learn(&own, &peers, SharePrior::default()).unwrap();
        let at: Vec<f64> = (0..40).map(|i| level.excess(4.0 - 0.2 * f64::from(i), 0.0, None)).collect();
        assert!(at.windows(2).all(|pair| 0.0 <= pair[0] && pair[0] <= pair[1]), "{at:?}");
        assert!(at.iter().all(|excess| excess.is_finite()));
    }

    #[test]
    fn a_stated_share_counts() {
        let (own, peers, _) = accounts(0.5);
        let level = AttainableLevel::learn(&own, &peers, SharePrior::default()).unwrap();
        let says = |share| level.excess(0.0, 0.0, Some(share));
        assert!(says(0.95) < 0.1, "who says that we have all of it has nothing left: {}", says(0.95));
        assert!(says(0.2) > 2.0 * says(0.5) && says(0.5) > says(0.95));
    }

    #[test]
    fn the_table_is_the_integral() {
        let (own, peers, _) = accounts(0.5);
        let level = AttainableLevel::learn(&own, &peers, SharePrior::default()).unwrap();
        for own in [-2.0, 0.013, 0.77, 2.4] {
            let exact = level.integral(level.intercept - own, None);
            assert!((level.excess(own, 0.0, None) / exact - 1.0).abs() < 0.01, "{own}");
        }
    }

    #[test]
    fn stated_shares_set_the_prior_from_fifty_on() {
        let shares: Vec<f64> = (0..60).map(|i| 0.2 + 0.01 * f64::from(i % 20)).collect();
        assert_eq!(SharePrior::of_stated(&shares[..49]), SharePrior::default());
        let [median, upper] = SharePrior::of_stated(&shares).ends(SPREADS.0);
        assert!((median - 0.295f64.ln()).abs() < 0.05, "{median}");
        assert!((0.2..0.3).contains(&(upper - median)), "{}", upper - median);
        assert_eq!(SharePrior::of_stated(&[0.4; 60]), SharePrior::default(), "answers that do not differ");
    }

    #[test]
    fn accounts_that_are_leaving_do_not_widen_the_spread() {
        let (mut own, peers, _) = accounts(0.4);
        let all = AttainableLevel::learn(&own, &peers, SharePrior::default()).unwrap();
        for own in own.iter_mut().step_by(6) {
            *own -= 3.0;
        }
        let some_leave = AttainableLevel::learn(&own, &peers, SharePrior::default()).unwrap();
        assert!((some_leave.spread() - all.spread()).abs() < 0.1, "{} {}", some_leave.spread(), all.spread());
    }
}
