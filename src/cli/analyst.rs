//! `headroom explain`, `drift` and `evaluate`: the analyst's questions to a finished run.

use std::num::NonZeroUsize;

use headroom::{
    analysis::{Drift, Evaluation},
    config::{Overrides, RunConfig},
    domain::{Horizon, Month},
    pipeline::{self, PipelineError, Resources},
};

use super::{
    args::{AtTime, Format, Project},
    commands::load,
    console::Console,
};

/// One account on one page.
pub fn explain(
    at: AtTime,
    account: &str,
    pseudonyms: bool,
    threads: Option<usize>,
    console: &Console,
) -> Result<(), PipelineError> {
    let outcome = pipeline::explain(&load(at)?, resources(threads), account, pseudonyms)?;
    for line in &outcome.lines {
        console.result(line);
    }
    Ok(())
}

/// Population stability.
pub fn drift(at: AtTime, format: Format, threads: Option<usize>, console: &Console) -> Result<(), PipelineError> {
    let (found, notices) = pipeline::drift(&load(at)?, resources(threads))?;
    match format {
        Format::Text => {
            console.result(&format!(
                "{:<8} {:<28} {:>8} {:>8}  {:<9} {:>14} {:>14} {:>9} {:>9}",
                "kind", "name", "psi", "chance", "band", "median then", "median now", "unknown", "now"
            ));
            for d in &found {
                console.result(&drift_line(d));
            }
        }
        Format::Csv => {
            console.result("kind,name,psi,chance,band,median_then,median_now,unknown_then,unknown_now");
            for d in &found {
                console.result(&drift_csv(d));
            }
        }
        Format::Json => json(&found, console),
    }
    console.notices(&notices);
    Ok(())
}

fn drift_line(d: &Drift) -> String {
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.2}"));
    format!(
        "{:<8} {:<28} {:>8.3} {:>8.3}  {:<9} {:>14} {:>14} {:>7.1} % {:>7.1} %",
        d.kind,
        d.name,
        d.index,
        d.chance,
        d.band.name(),
        number(d.median_then),
        number(d.median_now),
        100.0 * d.unknown_then,
        100.0 * d.unknown_now
    )
}

fn drift_csv(d: &Drift) -> String {
    let number = |value: Option<f64>| value.map_or_else(String::new, |v| v.to_string());
    format!(
        "{},{},{},{},{},{},{},{},{}",
        d.kind,
        d.name,
        d.index,
        d.chance,
        d.band.name(),
        number(d.median_then),
        number(d.median_now),
        d.unknown_then,
        d.unknown_now
    )
}

/// What came of a published report.
pub fn evaluate(
    project: &Project,
    published: Month,
    horizon: Option<Horizon>,
    format: Format,
    threads: Option<usize>,
    console: &Console,
) -> Result<(), PipelineError> {
    let config = RunConfig::load(&project.project, Overrides::default())?;
    let evaluation = pipeline::evaluate(&config, resources(threads), published, horizon)?;
    match format {
        Format::Text => evaluation.lines().iter().for_each(|line| console.result(line)),
        Format::Csv => evaluation_csv(&evaluation).iter().for_each(|line| console.result(line)),
        Format::Json => json(&evaluation, console),
    }
    Ok(())
}

fn evaluation_csv(evaluation: &Evaluation) -> Vec<String> {
    let mut lines =
        vec!["as_of,horizon_months,target,metric,value,baseline,baseline_value,ci_low,ci_high,n".to_owned()];
    for figure in &evaluation.figures {
        let (measured, skill) = (&figure.assessment, &figure.assessment.skill);
        let key = format!("{},{},{}", evaluation.as_of, evaluation.horizon.months(), measured.target.name());
        lines.push(format!(
            "{key},skill,{},{},0,{},{},{}",
            skill.value, figure.baseline, skill.low, skill.high, measured.n
        ));
        for measure in &measured.measures {
            lines.push(format!(
                "{key},{},{},{},{},,,{}",
                measure.metric, measure.value, figure.baseline, measure.baseline, measured.n
            ));
        }
    }
    lines
}

fn json<T: serde::Serialize>(value: &T, console: &Console) {
    console.result(&serde_json::to_string_pretty(value).expect("numbers and text always serialise"));
}

fn resources(threads: Option<usize>) -> Resources {
    Resources { threads: threads.and_then(NonZeroUsize::new) }
}
