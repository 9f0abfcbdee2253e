//! All findings as text: gates first, each with what it means, its first rows and what to do about it.

use super::{CHECKS, Finding};
use crate::domain::Severity;

/// The lines of a report for people.
pub fn listing(findings: &[Finding]) -> Vec<String> {
    let is_closed = |finding: &&Finding| finding.severity == Severity::Error && finding.waived_because.is_none();
    let gates = findings.iter().filter(is_closed).count();
    let passed: Vec<&str> = CHECKS
        .iter()
        .map(|check| check.name)
        .filter(|name| findings.iter().all(|finding| finding.check != *name))
        .collect();
    let gate = match gates {
        0 => "the gate is open".to_owned(),
        1 => "the gate is closed by 1 check".to_owned(),
        n => format!("the gate is closed by {n} checks"),
    };
    let mut lines = vec![format!("{} checks, {} with findings; {gate}", CHECKS.len(), findings.len())];
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| std::cmp::Reverse((finding.waived_because.is_none(), finding.severity)));
    for finding in sorted {
        let label = match (finding.severity, &finding.waived_because) {
            (_, Some(_)) => "waived",
            (Severity::Error, None) => "GATE CLOSED",
            (Severity::Warning, None) => "warning",
            (Severity::Info, None) => "note",
        };
        let area = CHECKS.iter().find(|check| check.name == finding.check).map_or("", |check| check.area.name());
        let rows = if finding.rows == 1 { "row" } else { "rows" };
        lines.push(String::new());
        lines.push(format!("{label}: {} ({area}), {} {rows}", finding.check, finding.rows));
        lines.push(format!("  means:  {}", finding.explanation));
        for (position, example) in finding.examples.iter().enumerate() {
            let head = if position == 0 { "  found: " } else { "         " };
            lines.push(format!("{head} {example}"));
        }
        let more = finding.rows.saturating_sub(finding.examples.len() as u64);
        if more > 0 {
            lines.push(format!("          and {more} more"));
        }
        lines.push(format!("  do:     {}", finding.remedy));
        if let Some(reason) = &finding.waived_because {
            lines.push(format!("  waived: {reason}"));
        }
    }
    lines.push(String::new());
    lines.push(format!("passed: {}", passed.join(", ")));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(check: &str, severity: Severity, waived: Option<&str>) -> Finding {
        Finding {
            check: check.into(),
            severity,
            rows: 7,
            examples: vec!["order 1".into(), "order 2".into()],
            explanation: "too much".into(),
            remedy: "less".into(),
            waived_because: waived.map(str::to_owned),
        }
    }

    #[test]
    fn gates_come_first_and_waived_findings_last_with_their_reason() {
        let findings = [
            finding("thin-months", Severity::Warning, None),
            finding("refused-rows", Severity::Error, Some("old files")),
            finding("duplicate-lines", Severity::Error, None),
        ];
        let text = listing(&findings).join("\n");
        let (shown, passed) = text.split_once("\npassed: ").unwrap();
        assert!(passed.starts_with("reconciliation, stray-months"), "{passed}");
        insta::assert_snapshot!(shown, @r"
        35 checks, 3 with findings; the gate is closed by 1 check

        GATE CLOSED: duplicate-lines (uniqueness), 7 rows
          means:  too much
          found:  order 1
                  order 2
                  and 5 more
          do:     less

        warning: thin-months (plausibility), 7 rows
          means:  too much
          found:  order 1
                  order 2
                  and 5 more
          do:     less

        waived: refused-rows (completeness), 7 rows
          means:  too much
          found:  order 1
                  order 2
                  and 5 more
          do:     less
          waived: old files
        ");
    }
}
