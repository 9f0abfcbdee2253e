//! From data to files: the page, its drawings as SVG and PNG, and every table.
//!
//! Writes into a folder that is the caller's to publish; nothing here renames or removes what is already there.

mod accounts;
mod answer;
mod data;
mod glossary;
mod html;
mod overview;
mod reasons;
mod surveys;
mod tables;
#[cfg(test)]
mod tests;
mod trust;

pub use reasons::in_words;

use std::{fs, path::Path};

use super::{Inputs, Report, ReportError, chart, voice::Voice};

/// Writes every file of `report` into `folder`, which is made if it does not exist.
///
/// # Errors
/// If a file cannot be written; a template or drawing that fails is a defect of this program.
pub fn write(report: &Report, inputs: &Inputs<'_>, folder: &Path) -> Result<(), ReportError> {
    render(report, folder)?;
    tables::write(report, inputs, &Voice::of(report)?, folder)
}

/// Writes what needs nothing but the report: `index.html`, `report.json` and `charts/`.
///
/// # Errors
/// As [`write()`].
pub fn render(report: &Report, folder: &Path) -> Result<(), ReportError> {
    let voice = Voice::of(report)?;
    let figures = chart::figures(report, &voice);
    let charts = folder.join("charts");
    fs::create_dir_all(&charts).map_err(|source| ReportError::Write { path: charts.clone(), source })?;
    for figure in &figures {
        save(&charts.join(format!("{}.svg", figure.name)), &chart::svg(figure)?)?;
        chart::png(figure, &charts.join(format!("{}.png", figure.name)))?;
    }
    save(&folder.join("index.html"), &html::page(report, &voice, &figures)?)?;
    let json = serde_json::to_string_pretty(report)
        .map_err(|error| ReportError::Inconsistent { reason: format!("it does not serialise: {error}") })?;
    save(&folder.join("report.json"), &json)
}

fn save(path: &Path, text: &str) -> Result<(), ReportError> {
    fs::write(path, text).map_err(|source| ReportError::Write { path: path.to_path_buf(), source })
}

/// A statement of another stage (lower case, no full stop) as a sentence of the page.
fn sentence(statement: &str) -> String {
    let statement = statement.trim();
    let mut letters = statement.chars();
    match letters.next() {
        None => String::new(),
        Some(first) => {
            let stop = if statement.ends_with(['.', '!', '?']) { "" } else { "." };
            format!("{}{}{stop}", first.to_uppercase(), letters.as_str())
        }
    }
}
