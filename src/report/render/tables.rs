//! Every table of the page as CSV and Parquet, unrounded, with the columns' names in English whatever the language.
//!
//! CSV is for spreadsheets and Parquet for programs; both hold the same rows. Texts of the page are not repeated here,
//! except the reasons beside each ranked account, which people filter and print.

use std::{collections::BTreeMap, fs, path::Path};

use polars::prelude::*;

use super::reasons;
use crate::{
    atomic,
    backtest::Estimate,
    rank::Stance,
    report::{Inputs, Report, ReportError, voice::Voice},
    survey::{AccountScore, Score, Surveys},
};

/// Name and rows of one table.
type Table = (&'static str, DataFrame);

/// Writes `tables/*.csv` and `tables/*.parquet`, and beside the page METHOD's tables of scores and backtest.
///
/// # Errors
/// If a file cannot be written.
pub fn write(report: &Report, inputs: &Inputs<'_>, voice: &Voice, folder: &Path) -> Result<(), ReportError> {
    let tables = folder.join("tables");
    fs::create_dir_all(&tables).map_err(|source| ReportError::Write { path: tables.clone(), source })?;
    let mut all = vec![("ranking", ranking(inputs, voice).map_err(refused("ranking"))?)];
    all.extend(of_report(report)?);
    for (name, frame) in &all {
        atomic::write_csv(&tables.join(format!("{name}.csv")), frame)?;
        atomic::write_parquet(&tables.join(format!("{name}.parquet")), frame)?;
    }
    let (mut metrics, mut predictions) = (inputs.backtest.metrics.clone(), inputs.backtest.predictions.clone());
    if let Some(beside) = inputs.beside {
        metrics.vstack_mut(&beside.metrics).map_err(refused("backtest"))?;
        predictions.vstack_mut(&beside.predictions).map_err(refused("backtest_predictions"))?;
    }
    for (name, frame) in [
        ("scores", inputs.ranking.table()),
        ("horizons", inputs.horizons),
        ("backtest", &metrics),
        ("backtest_predictions", &predictions),
    ] {
        atomic::write_csv(&folder.join(format!("{name}.csv")), frame)?;
        atomic::write_parquet(&folder.join(format!("{name}.parquet")), frame)?;
    }
    if let Some(changes) = inputs.changes {
        atomic::write_csv(&folder.join("changes.csv"), &changes.frame)?;
        atomic::write_parquet(&folder.join("changes.parquet"), &changes.frame)?;
    }
    if let Some(surveys) = inputs.surveys {
        for (name, frame) in [
            ("staff_scores", staff_scores(surveys).map_err(refused("staff_scores"))?),
            ("disagreements", disagreements(surveys).map_err(refused("disagreements"))?),
        ] {
            atomic::write_csv(&tables.join(format!("{name}.csv")), &frame)?;
            atomic::write_parquet(&tables.join(format!("{name}.parquet")), &frame)?;
        }
    }
    if let Some(whitespace) = &inputs.ranking.parts().whitespace {
        atomic::write_csv(&folder.join("whitespace.csv"), whitespace)?;
        atomic::write_parquet(&folder.join("whitespace.parquet"), whitespace)?;
    }
    Ok(())
}

fn refused(table: &'static str) -> impl Fn(PolarsError) -> ReportError {
    move |error| ReportError::Table { table: table.into(), reason: error.to_string() }
}

/// The whole ranking with names and reasons, in order of rank.
fn ranking(inputs: &Inputs<'_>, voice: &Voice) -> PolarsResult<DataFrame> {
    let list = inputs.ranking.list().map_err(|error| PolarsError::ComputeError(error.to_string().into()))?;
    let people = inputs.accounts.frame();
    let names: BTreeMap<&str, &str> = people
        .column("account_id")?
        .str()?
        .iter()
        .zip(people.column("name")?.str()?.iter())
        .filter_map(|(id, name)| id.zip(name))
        .collect();
    let reasons: BTreeMap<&str, _> =
        inputs.ranking.parts().reasons.iter().map(|account| (account.customer_id.as_str(), &account.reasons)).collect();
    let ids: Vec<&str> = list.column("customer_id")?.str()?.iter().map(Option::unwrap_or_default).collect();
    let spoken = |stance| -> Vec<Option<String>> {
        ids.iter()
            .map(|id| reasons.get(id).map(|list| reasons::sentences(list, stance, voice).join("; ")))
            .map(|text| text.filter(|text| !text.is_empty()))
            .collect()
    };
    let mut columns = vec![
        list.column("rank")?.clone(),
        list.column("customer_id")?.clone(),
        Column::new("name".into(), ids.iter().map(|id| names.get(id).copied()).collect::<Vec<_>>()),
    ];
    columns.extend(
        list.columns().iter().filter(|c| !["rank", "customer_id", "population"].contains(&c.name().as_str())).cloned(),
    );
    columns.push(Column::new("reasons_for".into(), spoken(Stance::For)));
    columns.push(Column::new("reasons_against".into(), spoken(Stance::Against)));
    DataFrame::new(ids.len(), columns)
}

/// The tables that the report itself holds.
fn of_report(report: &Report) -> Result<Vec<Table>, ReportError> {
    let mut tables = Vec::new();
    let mut add = |name: &'static str, frame: PolarsResult<DataFrame>| -> Result<(), ReportError> {
        tables.push((name, frame.map_err(refused(name))?));
        Ok(())
    };
    add("matrix", matrix(report))?;
    add("classes", classes(report))?;
    add("abc_curve", curve(report))?;
    add("targets", targets(report))?;
    add("rungs", rungs(report))?;
    add("coverage", coverage(report))?;
    add("calibration", calibration(report))?;
    add("past_lists", past_lists(report))?;
    add("movements", movements(report))?;
    add("apart", apart(report))?;
    add("sources", sources(report))?;
    add("population", population(report))?;
    add("notices", notices(report))?;
    Ok(tables)
}

/// What our own people say of each account that at least three of them judged.
fn staff_scores(surveys: &Surveys) -> PolarsResult<DataFrame> {
    let scores = surveys.staff.as_ref().map_or(&[][..], |round| round.scores.as_slice());
    let value = |of: fn(&AccountScore) -> Option<Score>| scores.iter().map(move |s| of(s).map(|s| s.value));
    let error = |of: fn(&AccountScore) -> Option<Score>| scores.iter().map(move |s| of(s).map(|s| s.standard_error));
    let raters = |of: fn(&AccountScore) -> Option<Score>| scores.iter().map(move |s| of(s).map(|s| s.raters as u64));
    df!(
        "customer_id" => scores.iter().map(|s| s.customer_id.as_str()).collect::<Vec<_>>(),
        "potential" => value(|s| s.potential).collect::<Vec<_>>(),
        "potential_standard_error" => error(|s| s.potential).collect::<Vec<_>>(),
        "potential_raters" => raters(|s| s.potential).collect::<Vec<_>>(),
        "relationship" => value(|s| s.relationship).collect::<Vec<_>>(),
        "relationship_standard_error" => error(|s| s.relationship).collect::<Vec<_>>(),
        "relationship_raters" => raters(|s| s.relationship).collect::<Vec<_>>(),
    )
}

fn disagreements(surveys: &Surveys) -> PolarsResult<DataFrame> {
    let list = surveys.disagreements.as_ref().map_or(&[][..], |found| found.list.as_slice());
    df!(
        "kind" => list.iter().map(|d| d.kind.name()).collect::<Vec<_>>(),
        "customer_id" => list.iter().map(|d| d.customer_id.as_str()).collect::<Vec<_>>(),
        "name" => list.iter().map(|d| d.name.as_deref()).collect::<Vec<_>>(),
        "abc_class" => list.iter().map(|d| d.abc_class.name()).collect::<Vec<_>>(),
        "margin" => list.iter().map(|d| d.margin).collect::<Vec<_>>(),
        "relationship" => list.iter().map(|d| d.relationship).collect::<Vec<_>>(),
        "potential" => list.iter().map(|d| d.potential).collect::<Vec<_>>(),
        "potential_by_figures" => list.iter().map(|d| d.suggested).collect::<Vec<_>>(),
    )
}

fn matrix(report: &Report) -> PolarsResult<DataFrame> {
    let cells = &report.matrix;
    df!(
        "abc_class" => cells.iter().map(|c| c.class.name()).collect::<Vec<_>>(),
        "potential_band" => cells.iter().map(|c| c.band.name()).collect::<Vec<_>>(),
        "service_level" => cells.iter().map(|c| c.service_level.name()).collect::<Vec<_>>(),
        "accounts" => cells.iter().map(|c| c.accounts as u64).collect::<Vec<_>>(),
        "margin_last" => cells.iter().map(|c| c.margin_last).collect::<Vec<_>>(),
        "headroom_revenue" => cells.iter().map(|c| c.headroom_revenue).collect::<Vec<_>>(),
        "headroom_margin" => cells.iter().map(|c| c.headroom_margin).collect::<Vec<_>>(),
    )
}

/// Both ways to class, told apart by `by`.
fn classes(report: &Report) -> PolarsResult<DataFrame> {
    let by_margin = report.classes.iter().map(|class| ("margin", class));
    let classes: Vec<_> = by_margin.chain(report.classes_by_revenue.iter().map(|class| ("revenue", class))).collect();
    df!(
        "by" => classes.iter().map(|(by, _)| *by).collect::<Vec<_>>(),
        "abc_class" => classes.iter().map(|(_, c)| c.class.name()).collect::<Vec<_>>(),
        "accounts" => classes.iter().map(|(_, c)| c.accounts as u64).collect::<Vec<_>>(),
        "revenue_last" => classes.iter().map(|(_, c)| c.revenue_last).collect::<Vec<_>>(),
        "margin_last" => classes.iter().map(|(_, c)| c.margin_last).collect::<Vec<_>>(),
        "share" => classes.iter().map(|(_, c)| c.share).collect::<Vec<_>>(),
        "expected_revenue" => classes.iter().map(|(_, c)| c.expected_revenue).collect::<Vec<_>>(),
        "expected_margin" => classes.iter().map(|(_, c)| c.expected_margin).collect::<Vec<_>>(),
    )
}

fn curve(report: &Report) -> PolarsResult<DataFrame> {
    df!(
        "accounts" => report.pareto.iter().map(|p| p.accounts as u64).collect::<Vec<_>>(),
        "margin_share" => report.pareto.iter().map(|p| p.share).collect::<Vec<_>>(),
    )
}

fn targets(report: &Report) -> PolarsResult<DataFrame> {
    let targets = &report.targets;
    let skill = |part: fn(Estimate) -> f64| targets.iter().map(|t| t.skill.map(part)).collect::<Vec<_>>();
    let order = |part: fn(Estimate) -> f64| targets.iter().map(|t| t.ranking.map(part)).collect::<Vec<_>>();
    df!(
        "target" => targets.iter().map(|t| t.target.name()).collect::<Vec<_>>(),
        "metric" => targets.iter().map(|t| t.metric.as_str()).collect::<Vec<_>>(),
        "baseline" => targets.iter().map(|t| t.baseline.as_str()).collect::<Vec<_>>(),
        "published" => targets.iter().map(|t| t.published.as_str()).collect::<Vec<_>>(),
        "step" => targets.iter().map(|t| u32::from(t.step)).collect::<Vec<_>>(),
        "claimed" => targets.iter().map(|t| t.claimed).collect::<Vec<_>>(),
        "skill" => skill(|e| e.value),
        "skill_low" => skill(|e| e.low),
        "skill_high" => skill(|e| e.high),
        "order_gained" => order(|e| e.value),
        "order_gained_low" => order(|e| e.low),
        "order_gained_high" => order(|e| e.high),
        "verdict" => targets.iter().map(|t| t.verdict.as_str()).collect::<Vec<_>>(),
    )
}

fn rungs(report: &Report) -> PolarsResult<DataFrame> {
    let rungs: Vec<_> = report.targets.iter().flat_map(|t| t.rungs.iter().map(move |rung| (t, rung))).collect();
    df!(
        "target" => rungs.iter().map(|(t, _)| t.target.name()).collect::<Vec<_>>(),
        "rung" => rungs.iter().map(|(_, r)| r.rung.as_str()).collect::<Vec<_>>(),
        "step" => rungs.iter().map(|(_, r)| u32::from(r.step)).collect::<Vec<_>>(),
        "metric" => rungs.iter().map(|(t, _)| t.metric.as_str()).collect::<Vec<_>>(),
        "loss" => rungs.iter().map(|(_, r)| r.loss).collect::<Vec<_>>(),
        "skill" => rungs.iter().map(|(_, r)| r.skill.value).collect::<Vec<_>>(),
        "skill_low" => rungs.iter().map(|(_, r)| r.skill.low).collect::<Vec<_>>(),
        "skill_high" => rungs.iter().map(|(_, r)| r.skill.high).collect::<Vec<_>>(),
        "outcome" => rungs.iter().map(|(_, r)| r.outcome.as_str()).collect::<Vec<_>>(),
    )
}

fn coverage(report: &Report) -> PolarsResult<DataFrame> {
    let rows: Vec<_> = report.targets.iter().flat_map(|t| t.coverage.iter().map(move |c| (t, c))).collect();
    df!(
        "target" => rows.iter().map(|(t, _)| t.target.name()).collect::<Vec<_>>(),
        "abc_class" => rows.iter().map(|(_, c)| c.class.map(|class| class.name())).collect::<Vec<_>>(),
        "below" => rows.iter().map(|(_, c)| c.below).collect::<Vec<_>>(),
        "above" => rows.iter().map(|(_, c)| c.above).collect::<Vec<_>>(),
        "width" => rows.iter().map(|(_, c)| c.width).collect::<Vec<_>>(),
        "interval_score" => rows.iter().map(|(_, c)| c.interval_score).collect::<Vec<_>>(),
        "baseline_interval_score" => rows.iter().map(|(_, c)| c.baseline_interval_score).collect::<Vec<_>>(),
        "accounts" => rows.iter().map(|(_, c)| c.n as u64).collect::<Vec<_>>(),
    )
}

fn calibration(report: &Report) -> PolarsResult<DataFrame> {
    let rows: Vec<_> =
        report.targets.iter().flat_map(|t| t.calibration.iter().enumerate().map(move |(i, bin)| (t, i, bin))).collect();
    df!(
        "target" => rows.iter().map(|(t, _, _)| t.target.name()).collect::<Vec<_>>(),
        "decile" => rows.iter().map(|(_, i, _)| *i as u32 + 1).collect::<Vec<_>>(),
        "predicted" => rows.iter().map(|(_, _, bin)| bin.predicted).collect::<Vec<_>>(),
        "actual" => rows.iter().map(|(_, _, bin)| bin.actual).collect::<Vec<_>>(),
        "accounts" => rows.iter().map(|(_, _, bin)| bin.n as u64).collect::<Vec<_>>(),
    )
}

fn past_lists(report: &Report) -> PolarsResult<DataFrame> {
    let rows: Vec<_> = report
        .realised
        .iter()
        .flat_map(|r| {
            let (origin, n, list) = (r.origin.to_string(), r.n as u64, r.growth_list);
            [
                (origin.clone(), "headroom", list.value, Some(list.low), Some(list.high), Some(r.list), n),
                (origin.clone(), "below_own_mean", r.growth_below_mean, None, None, None, n),
                (origin.clone(), "biggest", r.growth_biggest, None, None, None, n),
                (origin, "random", r.growth_random, None, None, Some(r.random), n),
            ]
        })
        .collect();
    df!(
        "origin" => rows.iter().map(|row| row.0.as_str()).collect::<Vec<_>>(),
        "list" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
        "growth_per_account" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
        "growth_low" => rows.iter().map(|row| row.3).collect::<Vec<_>>(),
        "growth_high" => rows.iter().map(|row| row.4).collect::<Vec<_>>(),
        "realised_share" => rows.iter().map(|row| row.5).collect::<Vec<_>>(),
        "accounts" => rows.iter().map(|row| row.6).collect::<Vec<_>>(),
    )
}

fn movements(report: &Report) -> PolarsResult<DataFrame> {
    let moves = &report.movements;
    df!(
        "customer_id" => moves.iter().map(|m| m.change.customer_id.as_str()).collect::<Vec<_>>(),
        "name" => moves.iter().map(|m| m.name.as_deref()).collect::<Vec<_>>(),
        "from" => moves.iter().map(|m| m.change.from.name()).collect::<Vec<_>>(),
        "to" => moves.iter().map(|m| m.change.to.name()).collect::<Vec<_>>(),
        "margin_before" => moves.iter().map(|m| m.change.margin_before).collect::<Vec<_>>(),
        "margin_now" => moves.iter().map(|m| m.change.margin_now).collect::<Vec<_>>(),
    )
}

fn apart(report: &Report) -> PolarsResult<DataFrame> {
    let apart = &report.apart;
    df!(
        "customer_id" => apart.iter().map(|a| a.customer_id.as_str()).collect::<Vec<_>>(),
        "name" => apart.iter().map(|a| a.name.as_deref()).collect::<Vec<_>>(),
        "status" => apart.iter().map(|a| a.status.as_str()).collect::<Vec<_>>(),
        "revenue_last" => apart.iter().map(|a| a.revenue_last).collect::<Vec<_>>(),
        "margin_last" => apart.iter().map(|a| a.margin_last).collect::<Vec<_>>(),
    )
}

fn sources(report: &Report) -> PolarsResult<DataFrame> {
    let sources = &report.sources;
    df!(
        "table" => sources.iter().map(|s| s.table.as_str()).collect::<Vec<_>>(),
        "file" => sources.iter().map(|s| s.file.as_str()).collect::<Vec<_>>(),
        "rows_in" => sources.iter().map(|s| s.rows_in).collect::<Vec<_>>(),
        "rows_loaded" => sources.iter().map(|s| s.rows_loaded).collect::<Vec<_>>(),
        "rows_quarantined" => sources.iter().map(|s| s.rows_quarantined).collect::<Vec<_>>(),
        "recognised" => sources.iter().map(|s| s.recognised.join("; ")).collect::<Vec<_>>(),
    )
}

fn population(report: &Report) -> PolarsResult<DataFrame> {
    let ranked = ("ranked", report.population.ranked);
    let rows: Vec<(&str, usize)> = std::iter::once(ranked)
        .chain(report.population.left_out.iter().map(|row| (row.reason.as_str(), row.accounts)))
        .collect();
    df!(
        "standing" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        "accounts" => rows.iter().map(|row| row.1 as u64).collect::<Vec<_>>(),
    )
}

fn notices(report: &Report) -> PolarsResult<DataFrame> {
    let notices = &report.notices;
    df!(
        "severity" => notices.iter().map(|n| super::data::severity(n.severity)).collect::<Vec<_>>(),
        "code" => notices.iter().map(|n| n.code.as_str()).collect::<Vec<_>>(),
        "text" => notices.iter().map(|n| n.text.as_str()).collect::<Vec<_>>(),
    )
}
