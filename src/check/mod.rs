//! Do the rows make sense together? Each check is a query that returns the offending rows; errors close the gate.
//!
//! It changes nothing. Rows that cannot be read were refused on the way in; here stands what can be read and is still
//! wrong, missing or hard to believe.

mod checks;
pub mod inventory;
mod listing;
mod values;

use std::collections::BTreeMap;

pub use checks::{Area, CHECKS, Check, checks_as_markdown};
pub use listing::listing;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{Notice, Severity},
    params,
    warehouse::{Warehouse, WarehouseError},
};

/// Findings shown per check.
const EXAMPLES: usize = 5;

/// A check that returned rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which check.
    pub check: String,
    /// How bad it is.
    pub severity: Severity,
    /// How many rows it returned.
    pub rows: u64,
    /// The first of them, in words.
    pub examples: Vec<String>,
    /// What it means for the figures.
    pub explanation: String,
    /// What to do about it.
    pub remedy: String,
    /// Why it does not close the gate, if somebody said so.
    pub waived_because: Option<String>,
}

/// An error of the check stage.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The quality gate is closed.
    #[error("the quality gate is closed by {}", names(findings))]
    Closed {
        /// The errors that nobody waived.
        findings: Vec<Finding>,
        /// Everything that was found.
        all: Vec<Finding>,
    },
    /// A waiver of what is no check.
    #[error("there is no check named `{name}`")]
    UnknownCheck {
        /// As typed.
        name: String,
        /// The nearest check.
        nearest: Option<&'static str>,
    },
    /// An error of the warehouse.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// An error of Polars.
    #[error(transparent)]
    Polars(#[from] polars::error::PolarsError),
}

impl CheckError {
    /// The remedy, where there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Closed { findings, .. } => {
                let remedies: Vec<String> =
                    findings.iter().map(|finding| format!("{}: {}", finding.check, finding.remedy)).collect();
                Some(format!(
                    "{}; or waive it, which is remembered and repeated in the report: headroom check --waive {} --reason \"...\"",
                    remedies.join("; "),
                    findings.first().map_or("name", |finding| finding.check.as_str())
                ))
            }
            Self::UnknownCheck { nearest, .. } => Some(nearest.map_or_else(
                || format!("checks are {}", CHECKS.iter().map(|check| check.name).collect::<Vec<_>>().join(", ")),
                |nearest| format!("did you mean `{nearest}`?"),
            )),
            Self::Warehouse(error) => error.hint(),
            Self::Polars(_) => None,
        }
    }
}

/// A warehouse whose data passed the gate: what was found, and what was waived and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audited {
    findings: Vec<Finding>,
}

impl Audited {
    /// Refuses errors that nobody waived. `waivers` maps a check's name to the reason.
    ///
    /// # Errors
    /// [`CheckError::Closed`] with the errors that remain; [`CheckError::UnknownCheck`] for a waiver of no check.
    pub fn new(findings: Vec<Finding>, waivers: &BTreeMap<String, String>) -> Result<Self, CheckError> {
        for name in waivers.keys() {
            if !CHECKS.iter().any(|check| check.name == name) {
                let nearest = CHECKS
                    .iter()
                    .map(|check| (strsim::jaro_winkler(check.name, name), check.name))
                    .filter(|(similarity, _)| *similarity > 0.8)
                    .max_by(|a, b| a.0.total_cmp(&b.0))
                    .map(|(_, name)| name);
                return Err(CheckError::UnknownCheck { name: name.clone(), nearest });
            }
        }
        let findings: Vec<Finding> = findings
            .into_iter()
            .map(|finding| Finding { waived_because: waivers.get(&finding.check).cloned(), ..finding })
            .collect();
        let closing = |finding: &&Finding| finding.severity == Severity::Error && finding.waived_because.is_none();
        let closed: Vec<Finding> = findings.iter().filter(closing).cloned().collect();
        if closed.is_empty() {
            Ok(Self { findings })
        } else {
            Err(CheckError::Closed { findings: closed, all: findings })
        }
    }

    /// All findings, waived ones among them.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The findings as notices for the report.
    pub fn notices(&self) -> Vec<Notice> {
        let notices = self.findings.iter().map(|finding| {
            let waived =
                finding.waived_because.as_ref().map(|reason| format!("; waived: {reason}")).unwrap_or_default();
            let examples = finding.examples.join("; ");
            let text = format!("{} ({}: {examples}){waived}", finding.explanation, finding.rows);
            match finding.severity {
                Severity::Info => Notice::info(&finding.check, text),
                Severity::Warning | Severity::Error => Notice::warning(&finding.check, text),
            }
        });
        notices.collect()
    }
}

/// Runs every check, in a fixed order.
///
/// # Errors
/// If the warehouse fails.
pub fn run(warehouse: &Warehouse) -> Result<Vec<Finding>, CheckError> {
    let _span = tracing::info_span!("check").entered();
    warehouse.execute_script(include_str!("sql/newest_states.sql"))?;
    values::judge(warehouse)?;
    let mut findings = Vec::new();
    for check in CHECKS {
        let sql = format!(
            "SELECT finding, count(*) OVER () AS rows FROM (\n{}\n) ORDER BY finding LIMIT {EXAMPLES}",
            check.sql
        );
        let found = warehouse.query(&sql, params![], |row| Ok((row.get::<String>(0)?, row.get::<i64>(1)?)))?;
        if let Some((_, rows)) = found.first() {
            findings.push(Finding {
                check: check.name.into(),
                severity: check.severity,
                rows: *rows as u64,
                explanation: check.explanation.into(),
                remedy: check.remedy.into(),
                waived_because: None,
                examples: found.into_iter().map(|(finding, _)| finding).collect(),
            });
        }
    }
    Ok(findings)
}

fn names(findings: &[Finding]) -> String {
    let named: Vec<String> = findings
        .iter()
        .map(|finding| {
            let first = finding.examples.first().map_or("", String::as_str);
            format!("{} ({} rows, such as: {first})", finding.check, finding.rows)
        })
        .collect();
    named.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(check: &str, severity: Severity) -> Finding {
        Finding {
            check: check.into(),
            severity,
            rows: 1,
            examples: vec!["one".into()],
            explanation: String::new(),
            remedy: String::new(),
            waived_because: None,
        }
    }

    #[test]
    fn an_error_closes_the_gate_unless_it_is_waived_with_a_reason() {
        let findings = vec![finding("duplicate-lines", Severity::Error), finding("thin-months", Severity::Warning)];
        let error = Audited::new(findings.clone(), &BTreeMap::new()).unwrap_err();
        assert!(matches!(&error, CheckError::Closed { findings, .. } if findings.len() == 1), "{error}");
        let waivers = BTreeMap::from([("duplicate-lines".to_owned(), "known rebates".to_owned())]);
        let audited = Audited::new(findings, &waivers).unwrap();
        assert!(audited.notices()[0].text.contains("waived: known rebates"));
    }

    #[test]
    fn a_waiver_of_no_check_is_refused_with_the_nearest() {
        let waivers = BTreeMap::from([("duplicate-line".to_owned(), "why".to_owned())]);
        let error = Audited::new(Vec::new(), &waivers).unwrap_err();
        assert_eq!(error.hint().unwrap(), "did you mean `duplicate-lines`?");
    }

    #[test]
    fn the_documentation_lists_the_checks_as_they_are() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/data.md");
        let text = std::fs::read_to_string(page).unwrap();
        let (before, rest) = text.split_once("<!-- checks -->\n").unwrap();
        let (shown, after) = rest.split_once("<!-- end of checks -->\n").unwrap();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            let list = checks_as_markdown();
            let updated = format!("{before}<!-- checks -->\n{list}<!-- end of checks -->\n{after}");
            std::fs::write(page, updated).unwrap();
            return;
        }
        assert!(shown == checks_as_markdown(), "docs/data.md is out of date: run this test with UPDATE_DOCS=1");
    }

    #[test]
    fn every_check_says_in_its_file_what_it_finds() {
        for check in CHECKS {
            assert!(check.sql.starts_with("-- "), "{}", check.name);
        }
    }

    #[test]
    fn names_of_checks_are_unique() {
        let names: std::collections::BTreeSet<_> = CHECKS.iter().map(|check| check.name).collect();
        assert_eq!(names.len(), CHECKS.len());
    }
}
