//! One simulated company through the whole run, and how well its headroom orders the accounts by the true one.

use std::{collections::BTreeMap, error::Error, fs::File, path::Path};

use headroom::{
    backtest::{
        LevelInputs, level_revenue,
        metrics::{Order, ranking::spearman},
    },
    config::{Overrides, RunConfig},
    domain::Level,
    pipeline::{self, Resources, Silent, Stage},
    simulate::{self, Company},
};
use polars::prelude::*;

/// Spearman with the true headroom, over the accounts that are with us and scored.
#[derive(Debug, Clone)]
pub struct Measured {
    /// Revenue of the last 12 months: visit the big ones.
    pub big: f64,
    /// `max(0, S - E)`.
    pub stretch: f64,
    /// `max(0, P - E)`.
    pub peer: f64,
    /// The blend, with no stated share known.
    pub blend: f64,
    /// `headroom_revenue`, as published.
    pub published: f64,
    /// The oracle of METHOD section 10.
    pub oracle: f64,
    /// `level_used`.
    pub level: String,
    /// Accounts compared.
    pub accounts: usize,
}

/// Simulates `company` into `project`, runs it there, and compares with `truth.parquet`.
///
/// # Errors
/// If a stage fails, or a figure is missing where all accounts have one.
pub fn measure(company: &Company, project: &Path) -> Result<Measured, Box<dyn Error>> {
    simulate::write(company, project, None)?;
    let config = RunConfig::load(project, Overrides::default())?;
    pipeline::run(&config, Stage::Report, Resources::default(), &Silent)?;
    let mut reports: Vec<_> = std::fs::read_dir(config.reports())?.collect::<Result<_, _>>()?;
    reports.sort_by_key(std::fs::DirEntry::file_name);
    let folder = reports.last().ok_or("no report was written")?.path();
    compare(&table(&folder.join("scores.parquet"))?, &table(&project.join("truth.parquet"))?)
}

fn table(path: &Path) -> Result<DataFrame, Box<dyn Error>> {
    Ok(ParquetReader::new(File::open(path)?).finish()?)
}

fn numbers(table: &DataFrame, name: &str) -> Result<Vec<Option<f64>>, PolarsError> {
    Ok(table.column(name)?.f64()?.iter().collect())
}

fn compare(scores: &DataFrame, truth: &DataFrame) -> Result<Measured, Box<dyn Error>> {
    let horizon = scores.column("horizon_months")?.i32()?.get(0).ok_or("no account was scored")?;
    let (headroom, oracle) =
        (numbers(truth, &format!("headroom_{horizon}"))?, numbers(truth, &format!("oracle_headroom_{horizon}"))?);
    // the oracle speaks of those that are still with us
    let true_figures: BTreeMap<&str, (f64, f64)> = (truth.column("customer_id")?.str()?.iter())
        .zip(headroom.into_iter().zip(oracle))
        .filter_map(|(id, (headroom, oracle))| Some((id?, (headroom?, oracle?))))
        .collect();
    let ids = scores.column("customer_id")?.str()?;
    let (expected, stretch) = (numbers(scores, "expected_revenue")?, numbers(scores, "stretch_revenue")?);
    let (peer, published) = (numbers(scores, "peer_revenue")?, numbers(scores, "headroom_revenue")?);
    let last = numbers(scores, "revenue_last")?;
    let scored: Vec<usize> = (0..scores.height()).filter(|&i| expected[i].is_some()).collect();
    let of = |values: &[Option<f64>]| scored.iter().map(|&i| values[i].unwrap_or(0.0)).collect::<Vec<f64>>();
    let (expected, stretch, peer, published, last) =
        (of(&expected), of(&stretch), of(&peer), of(&published), of(&last));
    // METHOD's c, but for the base that the scores do not carry
    let offset = 0.01 * last.iter().sum::<f64>() / last.len() as f64 * f64::from(horizon) / 12.0;
    let inputs = LevelInputs {
        expected: &expected,
        stretch: Some(&stretch),
        peers: Some(&peer),
        last_12: &last,
        offset,
        stated: &[],
        believe: false,
    };
    let blend = level_revenue(Level::Blend, &inputs).ok_or("too few accounts for a blend")?;

    let known: Vec<usize> =
        (0..scored.len()).filter(|&k| ids.get(scored[k]).is_some_and(|id| true_figures.contains_key(id))).collect();
    let figure = |k: usize| true_figures[ids.get(scored[k]).unwrap_or_default()];
    let actual = Order::descending(&known.iter().map(|&k| figure(k).0).collect::<Vec<f64>>());
    let rho = |of: &dyn Fn(usize) -> f64| {
        let predicted: Vec<f64> = known.iter().map(|&k| of(k)).collect();
        spearman(&Order::descending(&predicted), &actual, &vec![1.0; known.len()])
    };
    let above = |level: &[f64], k: usize| (level[k] - expected[k]).max(0.0);
    Ok(Measured {
        big: rho(&|k| last[k]),
        stretch: rho(&|k| above(&stretch, k)),
        peer: rho(&|k| above(&peer, k)),
        blend: rho(&|k| above(&blend, k)),
        published: rho(&|k| published[k]),
        oracle: rho(&|k| figure(k).1),
        level: scores.column("level_used")?.str()?.iter().flatten().next().unwrap_or("none").to_owned(),
        accounts: known.len(),
    })
}
