//! What is expected over each horizon: one row per ranked account and horizon.

use polars::prelude::*;

use super::{Forecast, ScoreError, frame::date};
use crate::features::Slice;

/// The columns of `horizons.parquet`, as they are named in `scores.parquet`.
const COLUMNS: [&str; 8] = [
    "customer_id",
    "as_of",
    "horizon_months",
    "expected_revenue",
    "expected_revenue_low",
    "expected_revenue_high",
    "expected_margin",
    "model_run",
];

/// What `forecast` expects of the population of `slice` over its horizon.
///
/// # Errors
/// If the forecast does not fit the slice.
pub fn expected(slice: &Slice, forecast: &Forecast, model_run: &str) -> Result<DataFrame, ScoreError> {
    let n = slice.height();
    forecast.check(n)?;
    let (low, high) = match &forecast.interval {
        Some((low, high)) => (known(low), known(high)),
        None => (vec![None; n], vec![None; n]),
    };
    let ids: Vec<&str> = slice.features().accounts().iter().map(Option::unwrap_or_default).collect();
    let columns = vec![
        Column::new("customer_id".into(), ids),
        date("as_of", slice.as_of().at(), n)?,
        Column::new("horizon_months".into(), vec![slice.horizon().months(); n]),
        Column::new("expected_revenue".into(), &forecast.expected_revenue),
        Column::new("expected_revenue_low".into(), low),
        Column::new("expected_revenue_high".into(), high),
        Column::new("expected_margin".into(), &forecast.expected_margin),
        Column::new("model_run".into(), vec![model_run; n]),
    ];
    Ok(DataFrame::new(n, columns)?)
}

fn known(values: &[f64]) -> Vec<Option<f64>> {
    values.iter().copied().map(Some).collect()
}

/// The population of `scores` with its own horizon and, where there is one, the shorter one; by account, then horizon.
///
/// # Errors
/// If a table lacks a column.
pub fn horizons(scores: &DataFrame, short: Option<DataFrame>) -> Result<DataFrame, ScoreError> {
    let mut all = scores.filter(scores.column("population")?.bool()?)?.select(COLUMNS)?;
    if let Some(short) = short {
        all.vstack_mut(&short.select(COLUMNS)?)?;
    }
    Ok(all.sort(["customer_id", "horizon_months"], SortMultipleOptions::default().with_maintain_order(true))?)
}
