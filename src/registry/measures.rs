//! From a backtest to the draft of a card: the published rung's measures by class, origin by origin, and what it beat.

use polars::prelude::*;

use super::{CardDraft, CardMetric, DataWindow, RegistryError};
use crate::{
    backtest::{BacktestReport, TargetReport, Trained},
    domain::{DomainError, Month, Seed},
    train::Recipe,
};

/// The segments of `backtest.parquet` that a card shows: every account, and the ABC classes.
const SEGMENTS: [&str; 4] = ["all", "A", "B", "C"];

/// What a card says of the fit itself.
#[derive(Debug, Clone, Copy)]
pub struct Made<'a> {
    /// What it was made by.
    pub recipe: &'a Recipe,
    /// Hash of the feature catalogue.
    pub feature_schema: &'a str,
    /// Seed of the run.
    pub seed: Seed,
    /// Rows it was fitted on.
    pub rows: usize,
    /// Distinct accounts among them.
    pub accounts: usize,
}

impl<'a> Made<'a> {
    /// Of a trained model.
    pub fn by(model: &'a Trained) -> Self {
        Self {
            recipe: &model.recipe,
            feature_schema: model.model.schema_hash(),
            seed: model.seed,
            rows: model.rows,
            accounts: model.accounts,
        }
    }
}

impl CardDraft {
    /// The card of the rung that `target` publishes.
    ///
    /// # Errors
    /// If the backtest's table of measures lacks a column of METHOD section 11.
    pub fn of(report: &BacktestReport, target: &TargetReport, made: &Made<'_>) -> Result<Self, RegistryError> {
        Ok(Self {
            target: target.target,
            horizon: report.plan.horizon,
            rung: target.published.clone(),
            step: target.step,
            recipe: made.recipe.clone(),
            window: DataWindow { first: report.plan.first, last: report.plan.as_of },
            origins: report.plan.clone(),
            rows: made.rows,
            accounts: made.accounts,
            feature_schema: made.feature_schema.into(),
            seed: made.seed,
            claimed: target.claimed,
            verdict: target.verdict.clone(),
            baseline: target.baseline.clone(),
            metric: target.metric.clone(),
            looks: report.looks,
            tried: target.rungs.clone(),
            coverage: target.coverage.clone(),
            metrics: measures(&report.metrics, target)?,
        })
    }
}

fn measures(table: &DataFrame, target: &TargetReport) -> Result<Vec<CardMetric>, RegistryError> {
    let text = |name: &str| table.column(name)?.cast(&DataType::String);
    let number = |name: &str| table.column(name)?.cast(&DataType::Float64);
    let (targets, origins, rungs) = (text("target")?, text("origin")?, text("rung")?);
    let (segments, metrics) = (text("segment")?, text("metric")?);
    let (values, baselines) = (number("value")?, number("baseline_value")?);
    let (lows, highs, counts) = (number("ci_low")?, number("ci_high")?, number("n")?);
    let wanted = [(&targets, target.target.name()), (&rungs, &target.published)];
    let mut found = Vec::new();
    for row in 0..table.height() {
        let mut is_wanted = true;
        for (column, value) in wanted {
            is_wanted &= column.str()?.get(row) == Some(value);
        }
        let finite = |column: &Column| PolarsResult::Ok(column.f64()?.get(row).filter(|v| v.is_finite()));
        // A measure that could not be taken has no place on a card.
        let (Some(origin), Some(segment), Some(metric), Some(value)) =
            (origins.str()?.get(row), segments.str()?.get(row), metrics.str()?.get(row), finite(&values)?)
        else {
            continue;
        };
        if is_wanted && SEGMENTS.contains(&segment) {
            found.push(CardMetric {
                origin: month(origin).map_err(|refused| polars_err!(ComputeError: "{refused}"))?,
                segment: segment.into(),
                metric: metric.into(),
                value,
                baseline_value: finite(&baselines)?,
                difference_low: finite(&lows)?,
                difference_high: finite(&highs)?,
                n: finite(&counts)?.unwrap_or(0.0) as u64,
            });
        }
    }
    let place = |metric: &CardMetric| SEGMENTS.iter().position(|segment| *segment == metric.segment);
    found.sort_by(|a, b| (a.origin, &a.metric).cmp(&(b.origin, &b.metric)).then_with(|| place(a).cmp(&place(b))));
    Ok(found)
}

/// The month of `2021-10` or `2021-10-31`.
fn month(text: &str) -> Result<Month, DomainError> {
    text.get(..7).unwrap_or(text).parse()
}
