//! From a backtest to the draft of a card: the published rung's measures over all accounts, origin by origin.

use polars::prelude::*;

use super::{CardDraft, CardMetric, DataWindow, RegistryError};
use crate::{
    backtest::{BacktestReport, TargetReport},
    domain::{DomainError, Month, Seed},
};

/// The segment of `backtest.parquet` that holds every account.
const ALL_ACCOUNTS: &str = "all";

impl CardDraft {
    /// The card of the rung that `target` publishes.
    ///
    /// # Errors
    /// If the backtest's table of measures lacks a column of METHOD section 11.
    pub fn of(
        report: &BacktestReport,
        target: &TargetReport,
        feature_schema: &str,
        seed: Seed,
    ) -> Result<Self, RegistryError> {
        Ok(Self {
            target: target.target,
            horizon: report.plan.horizon,
            rung: target.published.clone(),
            step: target.step,
            window: DataWindow { first: report.plan.first, last: report.plan.as_of },
            origins: report.plan.clone(),
            feature_schema: feature_schema.into(),
            seed,
            claimed: target.claimed,
            verdict: target.verdict.clone(),
            baseline: target.baseline.clone(),
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
    let wanted = [(&targets, target.target.name()), (&rungs, &target.published), (&segments, ALL_ACCOUNTS)];
    let mut found = Vec::new();
    for row in 0..table.height() {
        let mut is_wanted = true;
        for (column, value) in wanted {
            is_wanted &= column.str()?.get(row) == Some(value);
        }
        let finite = |column: &Column| PolarsResult::Ok(column.f64()?.get(row).filter(|v| v.is_finite()));
        // A measure that could not be taken has no place on a card.
        let (Some(origin), Some(metric), Some(value)) =
            (origins.str()?.get(row), metrics.str()?.get(row), finite(&values)?)
        else {
            continue;
        };
        if is_wanted {
            found.push(CardMetric {
                origin: month(origin).map_err(|refused| polars_err!(ComputeError: "{refused}"))?,
                metric: metric.into(),
                value,
                baseline_value: finite(&baselines)?,
                difference_low: finite(&lows)?,
                difference_high: finite(&highs)?,
                n: finite(&counts)?.unwrap_or(0.0) as u64,
            });
        }
    }
    found.sort_by(|a, b| a.origin.cmp(&b.origin).then_with(|| a.metric.cmp(&b.metric)));
    Ok(found)
}

/// The month of `2021-10` or `2021-10-31`.
fn month(text: &str) -> Result<Month, DomainError> {
    text.get(..7).unwrap_or(text).parse()
}
