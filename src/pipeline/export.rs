//! What the models see, as tables: features, baselines and outcomes of every origin of a backtest.
//!
//! For work outside headroom on the very same accounts: another learner, a plot, a doubt. Nothing is computed that the
//! backtest would not compute.

use std::path::{Path, PathBuf};

use polars::prelude::*;

use super::PipelineError;
use crate::{
    atomic,
    backtest::{Ablation, OriginPlan},
    domain::Month,
    features::{BASELINE_COLUMNS, FeatureError, LABEL_COLUMNS, Slice},
    history::Statement,
};

/// Writes one origin to `folder` as `<month>.parquet`: account, role in the plan, METHOD's c, features, baselines (as
/// `baseline/<name>`) and, where they are known, outcomes (as `outcome/<name>`).
pub(super) fn write(folder: &Path, slice: &Slice, plan: &OriginPlan) -> Result<PathBuf, PipelineError> {
    let origin = slice.as_of().at();
    let path = folder.join(format!("{origin}.parquet"));
    atomic::write_parquet(&path, &table(slice, role(plan, origin)).map_err(FeatureError::from)?)?;
    Ok(path)
}

/// Writes what each family of features adds.
pub(super) fn ablation(file: &Path, ablation: &Ablation) -> Result<(), PipelineError> {
    let table = ablation.table().map_err(|error| PipelineError::frame(file, &error))?;
    Ok(atomic::write_parquet(file, &table)?)
}

/// Writes files and ledger side by side, by month and by row.
pub(super) fn reconciliation(folder: &Path, statement: &Statement) -> Result<(), PipelineError> {
    atomic::write_csv(&folder.join("months.csv"), &statement.months)?;
    Ok(atomic::write_csv(&folder.join("rows.csv"), &statement.rows)?)
}

/// What an origin serves for.
fn role(plan: &OriginPlan, origin: Month) -> &'static str {
    let stages = [("train", &plan.train), ("calibrate", &plan.calibrate), ("choose", &plan.choose)];
    match stages.into_iter().find(|(_, origins)| origins.contains(&origin)) {
        Some((role, _)) => role,
        None if plan.locked == Some(origin) => "locked",
        None => "now",
    }
}

fn table(slice: &Slice, role: &str) -> PolarsResult<DataFrame> {
    let mut table = slice.features().frame().clone();
    let n = table.height();
    table.insert_column(1, Column::new("role".into(), vec![role; n]))?;
    table.insert_column(2, Column::new("c".into(), vec![slice.baselines().threshold(); n]))?;
    let baselines = slice.baselines().frame();
    for name in BASELINE_COLUMNS {
        table.with_column(baselines.column(name)?.clone().with_name(format!("baseline/{name}").into()))?;
    }
    if let Some(labels) = slice.labels() {
        for name in LABEL_COLUMNS {
            table.with_column(labels.frame().column(name)?.clone().with_name(format!("outcome/{name}").into()))?;
        }
    }
    Ok(table)
}
