//! The checks, each declared once.

use crate::domain::Severity;

/// A data quality check: a query that returns one line of text per finding. No rows, no finding.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// Its name, by which it can be waived.
    pub name: &'static str,
    /// An error closes the gate, a warning is shown.
    pub severity: Severity,
    /// The query.
    pub sql: &'static str,
    /// What a finding means for the figures.
    pub explanation: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

/// Every check, in the order in which findings are shown.
pub const CHECKS: &[Check] = &[
    Check {
        name: "reconciliation",
        severity: Severity::Error,
        sql: include_str!("sql/reconciliation.sql"),
        explanation: "lines were lost or doubled between the files and the table, so no sum can be trusted",
        remedy: "delete `data/warehouse.duckdb` and run again; if it stays, report it as a defect of headroom",
    },
    Check {
        name: "refused-rows",
        severity: Severity::Error,
        sql: include_str!("sql/refused_rows.sql"),
        explanation: "more than a tenth of a file could not be read, so what is shown is not the whole business",
        remedy: "see `data/quarantine/` for row, column and reason, and mend the export or the mapping",
    },
    Check {
        name: "duplicate-lines",
        severity: Severity::Error,
        sql: include_str!("sql/duplicate_lines.sql"),
        explanation: "the same order lines are held twice, so revenue is counted twice",
        remedy: "if files overlap, set `mode = \"snapshot\"` or `\"upsert\"` in `[order_lines]`",
    },
    Check {
        name: "stray-months",
        severity: Severity::Error,
        sql: include_str!("sql/stray_months.sql"),
        explanation: "a few order lines lie long after all others, probably typing errors, and would count as the last month",
        remedy: "correct the dates, or waive the check and give `--as-of`",
    },
    Check {
        name: "dated-after-receipt",
        severity: Severity::Warning,
        sql: include_str!("sql/dated_after_receipt.sql"),
        explanation: "orders of the future are left out of every figure until their day has come",
        remedy: "check whether these are dates of delivery instead of dates of order",
    },
    Check {
        name: "thin-months",
        severity: Severity::Warning,
        sql: include_str!("sql/thin_months.sql"),
        explanation: "months are nearly empty; if data is missing there, trends and seasons are wrong",
        remedy: "load the missing files",
    },
    Check {
        name: "unknown-customers",
        severity: Severity::Warning,
        sql: include_str!("sql/unknown_customers.sql"),
        explanation: "these customers are ranked by their orders alone, without name, industry or size",
        remedy: "add them to `customers`",
    },
    Check {
        name: "revenue-without-cost",
        severity: Severity::Warning,
        sql: include_str!("sql/revenue_without_cost.sql"),
        explanation: "margins are known for a part of the revenue only",
        remedy: "add `cost` to these order lines",
    },
    Check {
        name: "opposite-signs",
        severity: Severity::Warning,
        sql: include_str!("sql/opposite_signs.sql"),
        explanation: "quantity and revenue of these lines contradict each other; revenue is believed",
        remedy: "check how the source writes returns: quantity, revenue and cost should all be negative",
    },
];
