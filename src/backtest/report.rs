//! The result of a backtest, as data: what was tried on which origins, what won, and what may be claimed.

use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use crate::domain::{AbcClass, Horizon, Level, Month, Notice, Target};

/// A figure with its bootstrap interval (by account).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Point estimate.
    pub value: f64,
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

/// Which origins served for what; each stage's label windows end on or before the next stage's origins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginPlan {
    /// The month the run speaks of.
    pub as_of: Month,
    /// Months ahead.
    pub horizon: Horizon,
    /// First month with data.
    pub first: Month,
    /// Origins whose slices train.
    pub train: Vec<Month>,
    /// Origins that calibrate intervals and factors; empty if history is too short (then out-of-fold by account).
    pub calibrate: Vec<Month>,
    /// Origins on which rungs are compared.
    pub choose: Vec<Month>,
    /// The origin that judges, looked at last; `None` if history is too short for one.
    pub locked: Option<Month>,
}

/// One rung's result on the selection origins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RungResult {
    /// Name, as in `models/ladder.toml`.
    pub rung: String,
    /// Step of the ladder, 0 to 5.
    pub step: u8,
    /// Mean loss on the selection origins (the target's metric).
    pub loss: f64,
    /// 1 - loss / baseline loss, paired, with its interval.
    pub skill: Estimate,
    /// Why it was published or not, in a few words.
    pub outcome: String,
}

/// One decile of a calibration plot.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// Mean prediction of the decile.
    pub predicted: f64,
    /// Mean outcome of the decile.
    pub actual: f64,
    /// Accounts in it.
    pub n: usize,
}

/// Measured misses of the 80 % prediction interval on the locked origin (or the last test origins).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// ABC class, or `None` for all accounts.
    pub class: Option<AbcClass>,
    /// Share of accounts whose outcome lay below the interval (target .10).
    pub below: f64,
    /// Share above (target .10).
    pub above: f64,
    /// Mean width, in the report currency.
    pub width: f64,
    /// Mean interval score (lower is better).
    pub interval_score: f64,
    /// The interval score of pooled residuals around the baseline, on the same accounts.
    pub baseline_interval_score: f64,
    /// Accounts.
    pub n: usize,
}

/// What the ladder found for one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetReport {
    /// The target.
    pub target: Target,
    /// The metric rungs were compared by, such as `tweedie_deviance`.
    pub metric: String,
    /// The best baseline on the training origins.
    pub baseline: String,
    /// The rung that is published; equal to `baseline` if nothing beat it.
    pub published: String,
    /// Step of the published rung.
    pub step: u8,
    /// Whether skill over the baseline may be claimed (METHOD section 5).
    pub claimed: bool,
    /// Skill on the locked origin with its 90 % interval; `None` without a locked origin.
    pub skill: Option<Estimate>,
    /// Spearman of the published rung minus the baseline's on the locked origin (AUC for probabilities), with its
    /// paired 90 % interval; `None` without a locked origin.
    pub ranking: Option<Estimate>,
    /// Every rung on the selection origins.
    pub rungs: Vec<RungResult>,
    /// Calibration by decile on the locked origin.
    pub calibration: Vec<CalibrationBin>,
    /// Interval misses, overall first, then by class (empty for probabilities).
    pub coverage: Vec<Coverage>,
    /// The plain verdict in one sentence.
    pub verdict: String,
}

/// One of METHOD's three verdicts, with its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Yes or no; no also means "cannot be told", then `evidence` says why.
    pub holds: bool,
    /// The deciding figure with its interval; `None` where there was nothing to measure.
    pub figure: Option<Estimate>,
    /// One sentence with figures.
    pub evidence: String,
}

/// METHOD section 6: the three verdicts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdicts {
    /// Does E rank accounts better than the portfolio mean?
    pub ranks: Verdict,
    /// Is there skill over the baseline?
    pub skill: Verdict,
    /// Is there potential to rank?
    pub potential: Verdict,
}

/// What was realised of the headroom listed at the last complete origin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Realised {
    /// The origin.
    pub origin: Month,
    /// `sum min(max(Y - E, 0), headroom) / sum headroom` for the list (the top decile).
    pub list: f64,
    /// The same for accounts drawn at random (mean of the draws).
    pub random: f64,
    /// Mean `Y - B` per account: the list by headroom.
    pub growth_list: Estimate,
    /// The same for a random list of the same length.
    pub growth_random: f64,
    /// The same for the biggest accounts.
    pub growth_biggest: f64,
    /// The same for the accounts furthest below their own mean.
    pub growth_below_mean: f64,
    /// Accounts in the list.
    pub n: usize,
}

/// How headroom against one level ordered accounts on the selection origins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LevelResult {
    /// The level.
    pub level: Level,
    /// Spearman with later growth within quintiles of spend, with its 90 % interval.
    pub growth: Estimate,
    /// Spearman with what accounts buy elsewhere by the share they stated; `None` with fewer than 50 of them.
    pub labelled: Option<Estimate>,
}

/// What the choice of a level rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LevelEvidence {
    /// Later growth among accounts of equal size.
    Growth,
    /// What customers say we have of what they buy.
    StatedShares,
    /// What our own people say of accounts' potential.
    StaffEstimates,
}

/// Which level headroom is measured against, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LevelChoice {
    /// The level used.
    pub used: Level,
    /// What decided.
    pub evidence: LevelEvidence,
    /// Accounts that it rests on, where labels decided, else 0.
    pub labelled: usize,
    /// All levels that could be had, simplest first.
    pub results: Vec<LevelResult>,
    /// One sentence with figures.
    pub sentence: String,
}

/// Forecast and outcome of the whole portfolio at a past origin: the common shocks that do not average out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PortfolioTotal {
    /// Expected revenue or expected margin.
    pub target: Target,
    /// The origin.
    pub origin: Month,
    /// Sum of the published forecasts.
    pub forecast: f64,
    /// Sum of the outcomes.
    pub actual: f64,
}

/// Everything a backtest found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BacktestReport {
    /// Which origins served for what.
    pub plan: OriginPlan,
    /// Per target.
    pub targets: Vec<TargetReport>,
    /// The three verdicts.
    pub verdicts: Verdicts,
    /// The level of headroom; `None` where there is no level at all.
    pub level: Option<LevelChoice>,
    /// What came of the last list; `None` without a complete origin.
    pub realised: Option<Realised>,
    /// Forecast and outcome of the portfolio at each test origin, ascending, revenue before margin.
    pub totals: Vec<PortfolioTotal>,
    /// How often the locked origin has been looked at, this run included.
    pub looks: u32,
    /// What the reader should know.
    pub notices: Vec<Notice>,
    /// `backtest.parquet` of METHOD section 11.
    #[serde(skip)]
    pub metrics: DataFrame,
    /// `backtest_predictions.parquet` of METHOD section 11.
    #[serde(skip)]
    pub predictions: DataFrame,
}
