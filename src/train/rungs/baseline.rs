//! Rung 0: what a careful person would carry forward, raw and recalibrated.
//!
//! Six levels for money, the same with the quantile of their past misses for stretch, and the rates of one plain rule
//! for probabilities. Whatever a model is worth, it is worth beside the best of these.

use serde::{Deserialize, Serialize};

use super::{
    BASELINE, Rung, RungKind, baseline_columns,
    calibration::ClassFactors,
    label,
    peers::IndustryQuantiles,
    rate::Rate,
    ratio::{GroupQuantiles, positive_level},
};
use crate::{
    domain::Target,
    train::{Candidate, Params, Rows, TrainError, fit::Task},
};

/// The share below stretch.
pub(crate) const STRETCH_LEVEL: f64 = 0.9;

/// All rung-0 contestants of a target.
pub(crate) fn baselines(target: Target) -> Vec<Candidate> {
    let candidate = |name: String, column: &str, recalibrated| Candidate {
        name,
        step: 0,
        kind: RungKind::Baseline,
        column: Some(column.into()),
        recalibrated,
        features: Vec::new(),
        groups: Vec::new(),
        params: Params::new(),
        members: Vec::new(),
        frozen: false,
    };
    match target {
        Target::ExpectedRevenue | Target::ExpectedMargin | Target::Stretch => baseline_columns(target)
            .into_iter()
            .flat_map(|c| [candidate(c.into(), c, false), candidate(format!("{c}_recalibrated"), c, true)])
            .collect(),
        Target::PeerLevel => {
            ["portfolio", "industry"].map(|group| candidate(format!("{group}_quantile"), group, false)).into()
        }
        Target::Growth => vec![
            candidate("base_rate".into(), "base_rate", false),
            candidate("base_alone".into(), "base_revenue", true),
        ],
        Target::Inactivity => vec![
            candidate("base_rate".into(), "base_rate", false),
            candidate("hiatus_rule".into(), "hiatus_ratio", true),
        ],
    }
}

impl Candidate {
    /// A place for *the* baseline among the members of an average: which one that is, the task says.
    pub(crate) fn best_baseline() -> Self {
        Self {
            name: BASELINE.into(),
            step: 0,
            kind: RungKind::Baseline,
            column: None,
            recalibrated: false,
            features: Vec::new(),
            groups: Vec::new(),
            params: Params::new(),
            members: Vec::new(),
            frozen: false,
        }
    }
}

/// A fitted baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "snake_case")]
pub(crate) enum Baseline {
    /// Money: the column, or the column recalibrated.
    Level(Level),
    /// Stretch: the column times the quantile of what came of it.
    Quantile { level: Level, quantiles: GroupQuantiles },
    /// Peer level: the quantile of all accounts, or of the account's industry.
    Industry(IndustryQuantiles),
    /// A probability.
    Rate(Rate),
}

/// A baseline column, as it is or set right by class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Level {
    pub column: String,
    pub factors: Option<ClassFactors>,
}

impl Level {
    /// A column that is carried forward as it is; needs no label.
    pub(crate) fn raw(column: &str) -> Self {
        Self { column: column.into(), factors: None }
    }

    /// The level of a rung-0 candidate.
    pub(crate) fn learn(candidate: &Candidate, outcome: &'static str, rows: &Rows<'_>) -> Result<Self, TrainError> {
        let column = candidate.column.as_deref().unwrap_or_default();
        let factors = if candidate.recalibrated {
            let (level, outcome) = (rows.baseline(column)?, rows.label(outcome)?);
            Some(ClassFactors::learn(&level, &outcome, &rows.class(), &rows.is_new()?, &rows.account()))
        } else {
            None
        };
        Ok(Self { column: column.into(), factors })
    }

    pub(crate) fn values(&self, rows: &Rows<'_>) -> Result<Vec<f64>, TrainError> {
        let level = rows.baseline(&self.column)?;
        Ok(match &self.factors {
            None => level,
            Some(factors) => factors.apply(&level, &rows.class(), &rows.is_new()?),
        })
    }
}

impl Baseline {
    /// The form that can be published where nothing was ever learned.
    pub(crate) fn raw(column: &str) -> Self {
        Self::Level(Level::raw(column))
    }
}

impl Rung for Baseline {
    const TARGETS: &'static [Target] = &Target::ALL;
    const STEP: u8 = 0;

    fn fit(task: &Task<'_>, rows: &Rows<'_>) -> Result<Self, TrainError> {
        let (mut candidate, outcome) = (task.candidate, label(task.target));
        if candidate.column.is_none() {
            candidate = task.anchor;
        }
        let task = &Task { candidate, ..*task };
        match task.target {
            Target::ExpectedRevenue | Target::ExpectedMargin => Level::learn(candidate, outcome, rows).map(Self::Level),
            Target::Stretch => {
                let level = Level::raw(candidate.column.as_deref().unwrap_or_default());
                let b = positive_level(&level.values(rows)?);
                let by_class = candidate.recalibrated;
                let quantiles = GroupQuantiles::learn(
                    STRETCH_LEVEL,
                    &rows.label(outcome)?,
                    &b,
                    &rows.offset(),
                    &rows.class(),
                    by_class,
                );
                Ok(Self::Quantile { level, quantiles })
            }
            Target::PeerLevel => {
                let by_industry = candidate.column.as_deref() == Some("industry");
                IndustryQuantiles::learn(task, rows, by_industry).map(Self::Industry)
            }
            Target::Growth | Target::Inactivity => Rate::learn(task, rows).map(Self::Rate),
        }
    }

    fn predict(&self, _target: Target, rows: &Rows<'_>) -> Result<Vec<f64>, TrainError> {
        match self {
            Self::Level(level) => level.values(rows),
            Self::Quantile { level, quantiles } => {
                let b = positive_level(&level.values(rows)?);
                Ok(quantiles.apply(&b, &rows.offset(), &rows.class()))
            }
            Self::Industry(quantiles) => quantiles.values(rows),
            Self::Rate(rate) => rate.values(rows),
        }
    }
}
