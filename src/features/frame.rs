//! What leaves the features stage: one row per account of the population, known as of one month.
//!
//! The three frames of an origin hold the same accounts in the same order (ascending id), so that later stages pair
//! rows by position and never join again.

use std::ops::Range;

use polars::prelude::*;
use rayon::prelude::*;

use super::{FeatureError, catalogue};
use crate::domain::{AsOf, Horizon};

/// The name of the key column of every frame.
pub const ACCOUNT_ID: &str = "account_id";

/// Features at one as-of date: `account_id`, then every column of the [catalogue] in its order.
///
/// Numbers are `Float64`, categories `String`; null means unknown, never zero.
#[derive(Debug, Clone)]
pub struct FeatureFrame {
    as_of: AsOf,
    frame: DataFrame,
}

impl FeatureFrame {
    /// Checks `frame` against the catalogue.
    ///
    /// # Errors
    /// If a column is missing, superfluous, out of catalogue order, of another type or not finite, or if accounts are
    /// not strictly ascending (an account twice, say).
    pub fn new(as_of: AsOf, frame: DataFrame) -> Result<Self, FeatureError> {
        let expected = std::iter::once((ACCOUNT_ID, DataType::String)).chain(catalogue::columns());
        refuse_other_columns("feature frame", &frame, expected)?;
        refuse_unsorted("feature frame", &frame)?;
        refuse_non_finite("feature frame", &frame)?;
        Ok(Self { as_of, frame })
    }

    /// The point in time.
    pub const fn as_of(&self) -> AsOf {
        self.as_of
    }

    /// The table.
    pub const fn frame(&self) -> &DataFrame {
        &self.frame
    }

    /// Accounts, in ascending order.
    pub fn accounts(&self) -> &StringChunked {
        accounts_of(&self.frame)
    }

    /// Number of accounts.
    pub fn height(&self) -> usize {
        self.frame.height()
    }

    /// A numeric feature, unknown values as NaN.
    ///
    /// # Errors
    /// If the catalogue has no numeric feature of this name.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>, FeatureError> {
        numbers_of("feature", &self.frame, name)
    }

    /// A category, unknown values as `None`.
    ///
    /// # Errors
    /// If the catalogue has no category of this name.
    pub fn categories(&self, name: &str) -> Result<Vec<Option<String>>, FeatureError> {
        let column = self.frame.column(name).map_err(|_| FeatureError::unknown("category", name, &self.frame))?;
        let text = column.str().map_err(|_| FeatureError::unknown("category", name, &self.frame))?;
        Ok(text.iter().map(|value| value.map(str::to_owned)).collect())
    }
}

/// The columns of a [`BaselineFrame`] after `account_id`, all `Float64`, in units of the report currency over the
/// whole horizon unless the name says otherwise. Each is known at `t`. The first ones are METHOD's rung 0.
pub const BASELINE_COLUMNS: [&str; 14] = [
    "portfolio_mean_revenue",
    "last_horizon_revenue",
    "last_12_scaled_revenue",
    "last_12_seasonal_revenue",
    "same_months_last_year_revenue",
    "mean_24_scaled_revenue",
    "portfolio_mean_margin",
    "last_horizon_margin",
    "last_12_scaled_margin",
    "last_12_seasonal_margin",
    "same_months_last_year_margin",
    "mean_24_scaled_margin",
    // B of METHOD section 2 (growth), with one-off orders winsorised
    "base_revenue",
    // 1 under 12 months of history (B is then the shrunk class mean), else 0
    "is_new",
];

/// What rung 0 says at one as-of date for one horizon: see [`BASELINE_COLUMNS`].
#[derive(Debug, Clone)]
pub struct BaselineFrame {
    as_of: AsOf,
    horizon: Horizon,
    threshold: f64,
    seasons: Seasons,
    frame: DataFrame,
}

/// The portfolio's seasonal index over windows of as many months as the horizon has, 1 on average over a year.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seasons {
    /// Of the months that end with `t`.
    pub last: f64,
    /// Of the months that follow `t`.
    pub next: f64,
}

impl Default for Seasons {
    fn default() -> Self {
        Self { last: 1.0, next: 1.0 }
    }
}

impl BaselineFrame {
    /// Checks `frame`; `threshold` is METHOD's `d` divided into its portfolio part: 1 % of the mean base, positive.
    ///
    /// # Errors
    /// As [`FeatureFrame::new`]; also for nulls and a threshold that is not positive and finite.
    pub fn new(as_of: AsOf, horizon: Horizon, threshold: f64, frame: DataFrame) -> Result<Self, FeatureError> {
        let expected = std::iter::once((ACCOUNT_ID, DataType::String))
            .chain(BASELINE_COLUMNS.iter().map(|name| (*name, DataType::Float64)));
        refuse_other_columns("baseline frame", &frame, expected)?;
        refuse_unsorted("baseline frame", &frame)?;
        refuse_non_finite("baseline frame", &frame)?;
        refuse_nulls("baseline frame", &frame)?;
        if !(threshold.is_finite() && threshold > 0.0) {
            return Err(FeatureError::Threshold { value: threshold });
        }
        Ok(Self { as_of, horizon, threshold, seasons: Seasons::default(), frame })
    }

    /// With the portfolio's seasonal index, which is 1 all the year without.
    #[must_use]
    pub fn with_seasons(self, seasons: Seasons) -> Self {
        Self { seasons, ..self }
    }

    /// The portfolio's seasonal index at `t`.
    pub const fn seasons(&self) -> Seasons {
        self.seasons
    }

    /// The point in time.
    pub const fn as_of(&self) -> AsOf {
        self.as_of
    }

    /// Months ahead.
    pub const fn horizon(&self) -> Horizon {
        self.horizon
    }

    /// The table.
    pub const fn frame(&self) -> &DataFrame {
        &self.frame
    }

    /// Accounts, in ascending order.
    pub fn accounts(&self) -> &StringChunked {
        accounts_of(&self.frame)
    }

    /// Number of accounts.
    pub fn height(&self) -> usize {
        self.frame.height()
    }

    /// One of [`BASELINE_COLUMNS`].
    ///
    /// # Errors
    /// For any other name.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>, FeatureError> {
        numbers_of("baseline", &self.frame, name)
    }

    /// 1 % of the portfolio's mean base: the part of `d` that is the same for all; also the `c` of ratio models.
    pub const fn threshold(&self) -> f64 {
        self.threshold
    }

    /// Consecutive accounts of it; the threshold and the seasons are those of all.
    pub(super) fn part(&self, rows: Range<usize>) -> Self {
        Self { frame: self.frame.slice(rows.start as i64, rows.len()), ..*self }
    }

    /// METHOD's `d` per account: `max(1 % of the portfolio's mean B, 15 % of B)`.
    ///
    /// # Errors
    /// None in practice; the column exists by construction.
    pub fn growth_threshold(&self) -> Result<Vec<f64>, FeatureError> {
        Ok(self.numbers("base_revenue")?.into_iter().map(|base| self.threshold.max(0.15 * base)).collect())
    }
}

/// The columns of a [`LabelFrame`] after `account_id`, all `Float64` without nulls: realised net revenue and
/// contribution margin over the horizon (zero for accounts that left), and the 0/1 outcomes of G and C.
pub const LABEL_COLUMNS: [&str; 4] = ["revenue", "margin", "grew", "inactive"];

/// What happened in the `horizon` months after `as_of`.
#[derive(Debug, Clone)]
pub struct LabelFrame {
    as_of: AsOf,
    horizon: Horizon,
    frame: DataFrame,
}

impl LabelFrame {
    /// Checks `frame`; `last` is the last complete month in the data.
    ///
    /// # Errors
    /// If the label window ends after `last`; otherwise as [`BaselineFrame::new`].
    pub fn new(
        as_of: AsOf,
        horizon: Horizon,
        last: crate::domain::Month,
        frame: DataFrame,
    ) -> Result<Self, FeatureError> {
        if as_of.at().plus(horizon.months()) > last {
            return Err(FeatureError::OpenWindow { as_of, horizon, last });
        }
        let expected = std::iter::once((ACCOUNT_ID, DataType::String))
            .chain(LABEL_COLUMNS.iter().map(|name| (*name, DataType::Float64)));
        refuse_other_columns("label frame", &frame, expected)?;
        refuse_unsorted("label frame", &frame)?;
        refuse_non_finite("label frame", &frame)?;
        refuse_nulls("label frame", &frame)?;
        Ok(Self { as_of, horizon, frame })
    }

    /// The point in time at which the window opens.
    pub const fn as_of(&self) -> AsOf {
        self.as_of
    }

    /// Months of the window.
    pub const fn horizon(&self) -> Horizon {
        self.horizon
    }

    /// The table.
    pub const fn frame(&self) -> &DataFrame {
        &self.frame
    }

    /// One of [`LABEL_COLUMNS`].
    ///
    /// # Errors
    /// For any other name.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>, FeatureError> {
        numbers_of("label", &self.frame, name)
    }
}

/// One origin: what was known, what rung 0 says, and, where the window has closed, what happened.
#[derive(Debug, Clone)]
pub struct Slice {
    features: FeatureFrame,
    baselines: BaselineFrame,
    labels: Option<LabelFrame>,
}

impl Slice {
    /// Joins the three frames of an origin by position.
    ///
    /// # Errors
    /// If they do not hold the same accounts in the same order, or speak of different origins.
    pub fn new(
        features: FeatureFrame,
        baselines: BaselineFrame,
        labels: Option<LabelFrame>,
    ) -> Result<Self, FeatureError> {
        let mismatch = |other: &'static str| FeatureError::Misaligned { as_of: features.as_of(), other };
        let same = |frame: &DataFrame| {
            frame.height() == features.height() && accounts_of(frame).iter().eq(features.accounts().iter())
        };
        if baselines.as_of() != features.as_of() || !same(baselines.frame()) {
            return Err(mismatch("baselines"));
        }
        if let Some(labels) = &labels
            && (labels.as_of().at() != features.as_of().at()
                || labels.horizon() != baselines.horizon()
                || !same(labels.frame()))
        {
            return Err(mismatch("labels"));
        }
        Ok(Self { features, baselines, labels })
    }

    /// What was known.
    pub const fn features(&self) -> &FeatureFrame {
        &self.features
    }

    /// What rung 0 says.
    pub const fn baselines(&self) -> &BaselineFrame {
        &self.baselines
    }

    /// What happened, if the window has closed.
    pub const fn labels(&self) -> Option<&LabelFrame> {
        self.labels.as_ref()
    }

    /// The point in time.
    pub const fn as_of(&self) -> AsOf {
        self.features.as_of()
    }

    /// Months ahead.
    pub const fn horizon(&self) -> Horizon {
        self.baselines.horizon()
    }

    /// Number of accounts.
    pub fn height(&self) -> usize {
        self.features.height()
    }

    /// Consecutive accounts of it, nothing being copied.
    #[must_use]
    pub fn part(&self, rows: Range<usize>) -> Self {
        let of = |frame: &DataFrame| frame.slice(rows.start as i64, rows.len());
        Self {
            features: FeatureFrame { frame: of(&self.features.frame), ..self.features },
            labels: self.labels.as_ref().map(|labels| LabelFrame { frame: of(&labels.frame), ..*labels }),
            baselines: self.baselines.part(rows),
        }
    }
}

fn accounts_of(frame: &DataFrame) -> &StringChunked {
    frame.column(ACCOUNT_ID).and_then(|c| c.str()).expect("checked by the constructor")
}

fn numbers_of(kind: &'static str, frame: &DataFrame, name: &str) -> Result<Vec<f64>, FeatureError> {
    let column = frame.column(name).map_err(|_| FeatureError::unknown(kind, name, frame))?;
    let numbers = column.f64().map_err(|_| FeatureError::unknown(kind, name, frame))?;
    Ok(numbers.iter().map(|value| value.unwrap_or(f64::NAN)).collect())
}

pub(super) fn refuse_other_columns<'a>(
    what: &'static str,
    frame: &DataFrame,
    expected: impl Iterator<Item = (&'a str, DataType)>,
) -> Result<(), FeatureError> {
    let expected: Vec<_> = expected.map(|(name, dtype)| format!("{name}: {dtype}")).collect();
    let found: Vec<_> = frame.columns().iter().map(|c| format!("{}: {}", c.name(), c.dtype())).collect();
    let position = expected.iter().zip(&found).position(|(e, f)| e != f);
    match position.or((expected.len() != found.len()).then(|| expected.len().min(found.len()))) {
        None => Ok(()),
        Some(at) => Err(FeatureError::Columns {
            what,
            expected: expected.get(at).cloned().unwrap_or_else(|| "no further column".into()),
            found: found.get(at).cloned().unwrap_or_else(|| "no further column".into()),
        }),
    }
}

pub(super) fn refuse_unsorted(what: &'static str, frame: &DataFrame) -> Result<(), FeatureError> {
    let accounts: Vec<Option<&str>> = accounts_of(frame).iter().collect();
    for pair in accounts.windows(2) {
        if pair[0] >= pair[1] {
            return Err(FeatureError::Order { what, account: pair[1].unwrap_or("null").into() });
        }
    }
    match accounts.first() {
        Some(None) => Err(FeatureError::Order { what, account: "null".into() }),
        _ => Ok(()),
    }
}

pub(super) fn refuse_non_finite(what: &'static str, frame: &DataFrame) -> Result<(), FeatureError> {
    let is_finite = |column: &Column| column.f64().is_ok_and(|numbers| numbers.iter().flatten().all(f64::is_finite));
    match frame.columns().par_iter().find_first(|column| column.dtype() == &DataType::Float64 && !is_finite(column)) {
        None => Ok(()),
        Some(column) => Err(FeatureError::NonFinite { what, column: column.name().to_string() }),
    }
}

pub(super) fn refuse_nulls(what: &'static str, frame: &DataFrame) -> Result<(), FeatureError> {
    match frame.columns().iter().find(|column| column.null_count() > 0) {
        None => Ok(()),
        Some(column) => Err(FeatureError::Null { what, column: column.name().to_string() }),
    }
}
