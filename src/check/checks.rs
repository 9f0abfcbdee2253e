//! The checks, each declared once.

use std::fmt::Write;

use crate::domain::Severity::{self, Error, Info, Warning};

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Area {
    /// Is everything there?
    Completeness,
    /// Is each value what it claims to be?
    Validity,
    /// Is everything there once?
    Uniqueness,
    /// Does what is named exist?
    References,
    /// Do the values of a row fit together?
    Consistency,
    /// Are the figures believable?
    Plausibility,
    /// Is it recent enough?
    Freshness,
}

impl Area {
    /// In small letters, as it is printed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Completeness => "completeness",
            Self::Validity => "validity",
            Self::Uniqueness => "uniqueness",
            Self::References => "references",
            Self::Consistency => "consistency",
            Self::Plausibility => "plausibility",
            Self::Freshness => "freshness",
        }
    }
}

/// A data quality check: a query that returns one line of text per finding. No rows, no finding.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// Its name, by which it can be waived.
    pub name: &'static str,
    /// What it is about.
    pub area: Area,
    /// An error closes the gate, a warning weakens a figure, an info is worth knowing.
    pub severity: Severity,
    /// The query.
    pub sql: &'static str,
    /// What a finding means for the figures.
    pub explanation: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

macro_rules! checks {
    ($($area:ident $severity:ident $name:literal by $file:literal: $explanation:literal; $remedy:literal)*) => {
        /// Every check, in the order in which findings are shown.
        pub const CHECKS: &[Check] = &[$(Check {
            name: $name,
            area: Area::$area,
            severity: $severity,
            sql: include_str!(concat!("sql/", $file, ".sql")),
            explanation: $explanation,
            remedy: $remedy,
        }),*];
    };
}

checks! {
    Completeness Error "reconciliation" by "reconciliation":
        "lines were lost or doubled between the files and the table, so no sum can be trusted";
        "delete `data/warehouse.duckdb` and run again; if it stays, report it as a defect of headroom"
    Completeness Error "refused-rows" by "refused_rows":
        "more than a tenth of a file could not be read, so what is shown is not the whole business";
        "see `data/quarantine/` for row, column and reason, and mend the export or the mapping"
    Uniqueness Error "duplicate-lines" by "duplicate_lines":
        "the same order lines are held twice, so revenue is counted twice";
        "if files overlap, set `mode = \"snapshot\"` or `\"upsert\"` in `[order_lines]`"
    Plausibility Error "stray-months" by "stray_months":
        "a few order lines lie long after all others, probably typing errors, and would count as the last month";
        "correct the dates, or waive the check and give `--as-of`"
    Consistency Warning "dated-after-receipt" by "dated_after_receipt":
        "orders of the future are left out of every figure until their day has come";
        "check whether these are dates of delivery instead of dates of order"
    Plausibility Warning "thin-months" by "thin_months":
        "months are nearly empty; if data is missing there, trends and seasons are wrong";
        "load the missing files"
    Plausibility Warning "weak-months" by "weak_months":
        "months have their usual number of order lines and hardly any revenue, so amounts are missing or cancelled";
        "check the amounts of these months in the source"
    Plausibility Warning "missing-deliveries" by "missing_deliveries":
        "months of a table are nearly empty; what is missing there looks like silence of the customers";
        "load the missing files"
    References Warning "unknown-customers" by "unknown_customers":
        "these customers are ranked by their orders alone, without name, industry or size";
        "add them to `customers`"
    References Warning "orphaned-facts" by "orphans":
        "these rows are kept, but belong to nobody who is ranked";
        "check whether another system's customer numbers are used, or add the customers"
    References Warning "unknown-products" by "unknown_products":
        "these products have no group unless their order lines name one";
        "add them to `products`"
    References Info "unknown-reps" by "unknown_reps":
        "these representatives have no hours, so no visits are planned for them";
        "add them to `reps`"
    References Info "unknown-parents" by "unknown_parents":
        "these customers count as groups of their own";
        "add the parent company to `customers`, or empty `parent_id`"
    References Info "unknown-contacts" by "unknown_contacts":
        "it is unknown which part in the buying decision these persons play";
        "add them to `contacts`"
    Completeness Warning "revenue-without-cost" by "revenue_without_cost":
        "margins are known for a part of the revenue only";
        "add `cost` to these order lines"
    Completeness Warning "revenue-without-group" by "lines_without_group":
        "what these customers buy is known in part, so gaps in their assortment may be none";
        "add `product_group` to these order lines, or the products to `products`"
    Completeness Info "sparse-customers" by "sparse_customers":
        "what is empty cannot tell similar customers apart";
        "fill the column where it is known, beginning with the biggest accounts"
    Completeness Info "unreachable-contacts" by "unreachable_contacts":
        "these persons can be visited, but neither called nor written to";
        "ask for telephone or e-mail at the next visit"
    Validity Warning "invalid-vat-ids" by "vat_ids":
        "these tax numbers cannot be right, so they are no evidence of who is who";
        "correct them, or empty them"
    Validity Info "invalid-ibans" by "ibans":
        "these bank account numbers cannot be right";
        "correct them, or empty them"
    Validity Info "invalid-postal-codes" by "postal_codes":
        "these customers may lie elsewhere, or the country is wrong";
        "correct postal code or country; a leading zero may have been lost in a spreadsheet"
    Validity Info "invalid-emails" by "emails":
        "nothing can be sent to these addresses";
        "correct them, or empty them"
    Uniqueness Warning "shared-vat-ids" by "shared_vat_ids":
        "one company is held as several accounts, or one of the tax numbers is wrong";
        "look the accounts up with `headroom resolve`, or correct the number"
    Uniqueness Info "twin-invoices" by "twin_invoices":
        "invoices entered twice make a customer look like a late payer";
        "check whether both exist"
    Uniqueness Info "shared-emails" by "shared_emails":
        "one address at several companies is a buying group, a holding, or a wrong entry";
        "check to whom it belongs"
    Consistency Warning "opposite-signs" by "opposite_signs":
        "quantity and revenue of these lines contradict each other; revenue is believed";
        "check how the source writes returns: quantity, revenue and cost should all be negative"
    Consistency Warning "cost-of-other-sign" by "cost_of_other_sign":
        "revenue and cost of these lines contradict each other, so their margin is the sum instead of the difference";
        "check how the source writes cost: of the same sign as revenue"
    Consistency Warning "paid-before-issued" by "paid_before_issued":
        "these payments lie before their invoices and make the customer look early";
        "check the dates; deposits belong to an invoice of their own"
    Consistency Warning "due-before-issued" by "due_before_issued":
        "these invoices were late when they were written";
        "check the dates and the terms of payment"
    Consistency Info "overpaid-invoices" by "overpaid":
        "what was paid does not fit the amount, so what is open is wrong";
        "check the amounts"
    Consistency Info "shipped-before-ordered" by "shipped_before_ordered":
        "one of the two dates is wrong; the day of the order is believed";
        "check which date the source gives as day of the order"
    Consistency Warning "closed-before-opened" by "closed_before_opened":
        "one of the two dates is wrong, and how long it took is negative";
        "check the dates"
    Plausibility Warning "strange-prices" by "strange_prices":
        "single lines at 100 times the usual price weigh more than all others; perhaps a decimal mark was lost";
        "check quantity and amount of these lines"
    Freshness Warning "stale-tables" by "stale_tables":
        "the table ends long before the orders do, so nothing in it speaks of the last months";
        "load the newest export"
    Freshness Info "stale-contacts" by "stale_contacts":
        "nobody has confirmed these persons for two years; some will have left";
        "ask at the next call, beginning with the biggest accounts"
}

/// The catalogue as it stands in `docs/data.md`.
pub fn checks_as_markdown() -> String {
    let mut text = String::from(
        "| check | about | severity | what it finds | what it means | what to do |\n|---|---|---|---|---|---|\n",
    );
    for check in CHECKS {
        let severity = match check.severity {
            Error => "**closes the gate**",
            Warning => "warning",
            Info => "note",
        };
        let comment: Vec<&str> =
            check.sql.lines().take_while(|line| line.starts_with("--")).map(|line| line[2..].trim()).collect();
        // writing to a string cannot fail
        let _ = writeln!(
            text,
            "| `{}` | {} | {severity} | {} | {} | {} |",
            check.name,
            check.area.name(),
            comment.join(" ").trim_end_matches('.').replace('|', "/"),
            check.explanation,
            check.remedy
        );
    }
    text
}
