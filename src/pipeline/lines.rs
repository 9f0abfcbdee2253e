//! What each stage found, in a line or a few: summaries for the progress, lines for the end of a command.

use std::fmt::Write;

use super::PipelineError;
use crate::{
    backtest::BacktestReport,
    check::Audited,
    domain::Money,
    history::LedgerReport,
    ingest::{BatchReport, IngestReport},
    rank::Ranking,
    registry::{Card, Registered},
    resolve::ResolveReport,
    score::ScoreFrame,
};

pub(super) fn ingest_summary(loaded: &IngestReport) -> String {
    let sum = |rows: fn(&BatchReport) -> u64| loaded.batches.iter().map(rows).sum::<u64>();
    format!(
        "{} rows in = {} loaded + {} quarantined, from {} files",
        sum(|batch| batch.rows_in),
        sum(|batch| batch.rows_loaded),
        sum(|batch| batch.rows_quarantined),
        loaded.batches.len(),
    )
}

/// How many records became how many accounts.
pub(super) fn resolve_lines(resolved: &ResolveReport) -> Vec<String> {
    let ResolveReport { records, accounts, merged, to_review, .. } = resolved;
    vec![format!(
        "{records} customer records, {merged} of them merged, {accounts} accounts; {to_review} pairs to review"
    )]
}

/// What was read, file by file, and what was recognised in it.
pub(super) fn batch_lines(loaded: &IngestReport) -> Vec<String> {
    let line = |batch: &BatchReport| {
        let recognised: Vec<String> = batch.recognised.iter().map(|(what, how)| format!("{what} {how}")).collect();
        format!(
            "{:<16} {}: {} rows in = {} loaded + {} quarantined ({})",
            batch.table,
            batch.file,
            batch.rows_in,
            batch.rows_loaded,
            batch.rows_quarantined,
            recognised.join(", "),
        )
    };
    loaded.batches.iter().map(line).collect()
}

pub(super) fn check_summary(audited: &Audited) -> String {
    match audited.findings().len() {
        0 => "no findings".into(),
        1 => "1 finding".into(),
        n => format!("{n} findings"),
    }
}

pub(super) fn history_summary(ledger: &LedgerReport) -> String {
    let revenue = Money::SCALE as i128;
    format!(
        "{} lines in {} records, {} to {}, net revenue {}.{:04} on both sides",
        ledger.lines,
        ledger.group_records,
        ledger.first_month,
        ledger.last_month,
        ledger.net_revenue_e4 / revenue,
        (ledger.net_revenue_e4 % revenue).abs(),
    )
}

pub(super) fn backtest_summary(report: &BacktestReport) -> String {
    let claimed = report.targets.iter().filter(|target| target.claimed).count();
    let origins = report.plan.origins().len();
    format!("{origins} origins; skill claimed for {claimed} of {} targets", report.targets.len())
}

/// The registered models, one a line.
pub(super) fn model_lines(champions: &Registered) -> Vec<String> {
    champions
        .cards()
        .iter()
        .map(|card| {
            let training = &card.training;
            let Card { id, .. } = card;
            format!(
                "{:<17} {:<9}  {id}  {}: {}",
                training.target.name(),
                training.horizon.to_string(),
                training.rung,
                training.verdict
            )
        })
        .collect()
}

/// What was found per target, and the three verdicts.
pub(super) fn verdict_lines(report: &BacktestReport) -> Vec<String> {
    let mut lines: Vec<String> =
        report.targets.iter().map(|target| format!("{:<17} {}", target.target.name(), target.verdict)).collect();
    let verdicts = &report.verdicts;
    for (question, verdict) in
        [("ranks accounts", &verdicts.ranks), ("skill", &verdicts.skill), ("potential", &verdicts.potential)]
    {
        let answer = if verdict.holds { "yes" } else { "no" };
        lines.push(format!("{question:<17} {answer}: {}", verdict.evidence));
    }
    lines
}

pub(super) fn score_lines(scores: &ScoreFrame) -> Vec<String> {
    let population = scores.population().into_iter().filter(|member| *member).count();
    vec![format!("{population} of {} accounts scored", scores.height())]
}

/// The first accounts of the ranking, as a table.
pub(super) fn rank_lines(ranking: &Ranking) -> Result<Vec<String>, PipelineError> {
    const SHOWN: usize = 10;
    let list = ranking.list()?.head(Some(SHOWN));
    let text = |name: &str, row: usize| list.column(name).ok().and_then(|c| c.str().ok()?.get(row).map(str::to_owned));
    let number = |name: &str, row: usize| list.column(name).ok().and_then(|c| c.f64().ok()?.get(row));
    let mut lines = vec![format!(
        "{:>4}  {:<16} {:>3} {:>14} {:>14} {:>8}  {}",
        "rank", "account", "ABC", "expected", "headroom", "growth", "service level"
    )];
    for row in 0..list.height() {
        let mut line = format!("{:>4}  ", row + 1);
        let shown =
            |value: Option<f64>, scale: f64| value.map_or_else(|| "-".to_owned(), |v| format!("{:.0}", v * scale));
        // Writing to a String cannot fail.
        let _ = write!(
            line,
            "{:<16} {:>3} {:>14} {:>14} {:>7} %  {}",
            text("customer_id", row).unwrap_or_default(),
            text("abc_class", row).unwrap_or_default(),
            shown(number("expected_revenue", row), 1.0),
            shown(number("headroom_revenue", row), 1.0),
            shown(number("growth_probability", row), 100.0),
            text("service_level", row).unwrap_or_else(|| "-".into()),
        );
        lines.push(line);
    }
    Ok(lines)
}
