//! The main job: every stage from the files to the report, each redone only if what it depends on has changed.
//!
//! [`run`] is the flow, one line a stage. Results rest in the [`WorkStore`] under the [`Key`] of the question they
//! answer, so that a run that was killed goes on where it stopped and ends with the same bytes. Nothing here computes:
//! it asks the stages in order and hands on what they return.

mod analyst;
mod artifacts;
mod error;
mod export;
mod first_purchases;
mod lines;
mod looks;
mod models;
mod moment;
mod promotion;
mod stage;
mod stages;
mod surveys;
mod work;

use std::{num::NonZeroUsize, path::Path};

pub use analyst::{drift, evaluate, explain};
pub use error::PipelineError;
pub use models::{Comparison, compare, difference_lines, promote};
pub use moment::Moment;
pub use stage::{Origin, Progress, Silent, Stage};
use stages::Run;
pub use work::{Artifact, Key, WorkStore};

use polars::prelude::DataFrame;

use crate::{
    check::{self, inventory::Inventory},
    config::RunConfig,
    domain::Notice,
    forget::{Forgotten, Kind},
    ingest::{self, Preview},
    resolve::golden::GoldenRecord,
    warehouse::Warehouse,
};

/// What a run may use of the machine; no result depends on it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Resources {
    /// Worker threads of the warehouse; `None` for one per core.
    pub threads: Option<NonZeroUsize>,
}

/// What a run has to say when it is over.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What the user should know, in the order in which it came up.
    pub notices: Vec<Notice>,
    /// The result in a few lines.
    pub lines: Vec<String>,
}

/// An account, and what its records say together; `wanted` is its id, a customer id, or a part of its name.
///
/// # Errors
/// If no account or several are meant; as of the stages `ingest` and `resolve`.
pub fn account(config: &RunConfig, wanted: &str, resources: Resources) -> Result<GoldenRecord, PipelineError> {
    let mut run = Run::open(config, resources, &Silent)?;
    run.ingest()?;
    run.resolve()?;
    run.account(wanted)
}

/// Forgets a customer, a contact or a rater; the project must have been loaded once.
///
/// # Errors
/// If nobody has the id, or a file cannot be read or written.
pub fn forget(config: &RunConfig, kind: Kind, id: &str, resources: Resources) -> Result<Forgotten, PipelineError> {
    Run::open(config, resources, &Silent)?.forget(kind, id)
}

/// Contacts and buying centres, as [`crate::resolve::contacts`] returns them, at the month that `config` asks for.
///
/// # Errors
/// The first error of the stages up to the ledger.
pub fn contacts(config: &RunConfig, resources: Resources) -> Result<[DataFrame; 2], PipelineError> {
    let mut run = Run::open(config, resources, &Silent)?;
    run.ingest()?;
    run.resolve()?;
    let audited = run.check()?;
    run.history(&audited)?;
    run.contacts()
}

/// Closes a round of the staff survey: its scores are kept, the answers and raters behind them deleted.
///
/// # Errors
/// If the data cannot be loaded, there is no such round, or a file cannot be written; closing again finishes it.
pub fn close_round(
    config: &RunConfig,
    round: &str,
    resources: Resources,
    progress: &dyn Progress,
) -> Result<Outcome, PipelineError> {
    let mut run = Run::open(config, resources, progress)?;
    run.ingest()?;
    run.resolve()?;
    let lines = run.close_round(round)?;
    Ok(run.finish(lines))
}

/// Writes the questionnaire of a round of the staff survey to `out`.
///
/// # Errors
/// If a stage up to the ledger fails, or the file cannot be written.
pub fn questionnaire(
    config: &RunConfig,
    round: &str,
    out: &Path,
    resources: Resources,
    progress: &dyn Progress,
) -> Result<Outcome, PipelineError> {
    let mut run = Run::open(config, resources, progress)?;
    let moment = moment_of(&mut run)?;
    let lines = run.questionnaire(&moment, round, out)?;
    Ok(run.finish(lines))
}

/// Takes over decisions about pairs of customer records and resolves anew; `file` has the columns of `data/review.csv`.
///
/// # Errors
/// If the data cannot be loaded, or a decision is wrong: nothing is taken over then.
pub fn decide(
    config: &RunConfig,
    file: &Path,
    resources: Resources,
    progress: &dyn Progress,
) -> Result<Outcome, PipelineError> {
    let mut run = Run::open(config, resources, progress)?;
    run.ingest()?;
    let mut lines = vec![run.decide(file)?];
    let resolved = run.resolve()?;
    lines.extend(lines::resolve_lines(&resolved));
    Ok(run.finish(lines))
}

/// Says what an ingest would read, source by source; nothing of the project is written.
///
/// # Errors
/// If there is no room for a warehouse in the system's temporary folder.
pub fn dry_run(config: &RunConfig, resources: Resources) -> Result<Vec<Preview>, PipelineError> {
    let folder = tempfile::tempdir().map_err(|error| PipelineError::io("the temporary folder".as_ref(), &error))?;
    let options = stages::warehouse_options(config, resources);
    let warehouse = Warehouse::open(folder.path().join("dry-run.duckdb"), &options)?;
    let RunConfig { project, tables, sources, currency, .. } = config;
    Ok(ingest::dry_run(&warehouse, &ingest::Request { project, tables, sources, currency })?)
}

/// Takes stock of the project's sources, brought up to date.
///
/// # Errors
/// As of the stages `ingest` and `resolve`.
pub fn inventory(
    config: &RunConfig,
    resources: Resources,
    progress: &dyn Progress,
) -> Result<(Inventory, Vec<Notice>), PipelineError> {
    let mut run = Run::open(config, resources, progress)?;
    run.ingest()?;
    run.resolve()?;
    let inventory = run.inventory()?;
    Ok((inventory, run.finish(Vec::new()).notices))
}

/// Runs the stages up to and including `until`, redoing only what changed.
///
/// # Errors
/// The first error of any stage; what earlier stages made stays made, and `progress` is told what they had to say.
pub fn run(
    config: &RunConfig,
    until: Stage,
    resources: Resources,
    progress: &dyn Progress,
) -> Result<Outcome, PipelineError> {
    let mut run = Run::open(config, resources, progress)?;
    match stages(&mut run, until) {
        Ok(lines) => Ok(run.finish(lines)),
        Err(error) => {
            progress.failed(&run.notices);
            Err(error)
        }
    }
}

/// The flow, one line a stage; returns the result in a few lines.
fn stages(run: &mut Run<'_>, until: Stage) -> Result<Vec<String>, PipelineError> {
    let loaded = run.ingest()?;
    if until == Stage::Ingest {
        return Ok(lines::batch_lines(&loaded));
    }
    let resolved = run.resolve()?;
    if until == Stage::Resolve {
        return Ok(lines::resolve_lines(&resolved));
    }
    let audited = run.check()?;
    if until == Stage::Check {
        return Ok(check::listing(audited.findings()));
    }
    let facts_key = run.history(&audited)?;
    if until == Stage::History {
        return run.statement();
    }
    let moment = run.moment(&facts_key)?;
    let (backtest, backtest_key) = run.backtest(&moment)?;
    if until == Stage::Backtest {
        run.notices.extend(backtest.report.notices.iter().cloned());
        return Ok(lines::verdict_lines(&backtest.report));
    }
    let in_use = run.train(&moment, backtest, backtest_key)?;
    let beside = match moment.beside()? {
        Some(short) => Some(run.beside(short)?),
        None => None,
    };
    if until == Stage::Train {
        let mut lines = lines::model_lines(&in_use.champions);
        lines.extend(beside.iter().flat_map(|(_, short)| lines::model_lines(&short.champions)));
        return Ok(lines);
    }
    let (scored, score_key) = run.score(&moment, &in_use.champions, &in_use.backtest, &in_use.key)?;
    if until == Stage::Score {
        return Ok(lines::score_lines(&scored));
    }
    let (ranking, rank_key) = run.rank(&moment, &in_use.champions, &in_use.backtest, &scored, &score_key)?;
    if until == Stage::Rank {
        return lines::rank_lines(&ranking);
    }
    let folder = run.report(&moment, &loaded, &in_use, &ranking, &rank_key, beside.as_ref())?;
    Ok(vec![format!("the report is {}", folder.join("index.html").display())])
}

/// Says what each of `families` of features adds to each target on past months, and leaves the table in `reports/`.
///
/// # Errors
/// If a family does not exist, the history leaves no origin to judge on, or a stage before fails.
pub fn ablate(
    config: &RunConfig,
    families: &[String],
    resources: Resources,
    progress: &dyn Progress,
) -> Result<Outcome, PipelineError> {
    let mut run = Run::open(config, resources, progress)?;
    let moment = moment_of(&mut run)?;
    let lines = run.ablate(&moment, families)?;
    Ok(run.finish(lines))
}

/// The learning curve of expected revenue, after the backtest that it belongs to.
///
/// # Errors
/// The first error of the stages up to the backtest, or of a point of the curve.
pub fn learning_curve(
    config: &RunConfig,
    resources: Resources,
    progress: &dyn Progress,
) -> Result<Outcome, PipelineError> {
    let mut run = Run::open(config, resources, progress)?;
    let moment = moment_of(&mut run)?;
    let (backtest, _) = run.backtest(&moment)?;
    let lines = run.learning_curve(&moment, &backtest)?;
    Ok(run.finish_with(backtest.report.notices, lines))
}

/// Writes what the models see at every origin of the backtest, and now, into `folder`.
///
/// # Errors
/// The first error of the stages up to the ledger, or of a file that cannot be written.
pub fn features(
    config: &RunConfig,
    folder: &Path,
    resources: Resources,
    progress: &dyn Progress,
) -> Result<Outcome, PipelineError> {
    let mut run = Run::open(config, resources, progress)?;
    let moment = moment_of(&mut run)?;
    let lines = run.features(&moment, folder)?;
    Ok(run.finish(lines))
}

/// Brings everything up to the ledger up to date and finds the moment that the run speaks of.
fn moment_of(run: &mut Run<'_>) -> Result<Moment, PipelineError> {
    run.ingest()?;
    run.resolve()?;
    let audited = run.check()?;
    let facts_key = run.history(&audited)?;
    run.moment(&facts_key)
}
