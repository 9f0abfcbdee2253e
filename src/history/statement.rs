//! Revenue per month in the files and in the ledger, side by side; what differs is there row by row.
//!
//! [`build`](super::build) refuses a ledger that differs from its lines; this says how the lines came from the files:
//! rows that were refused, lines that later files took back, and conversion at the month's rate.

use polars::prelude::*;

use super::HistoryError;
use crate::{domain::Money, params, warehouse::Warehouse};

/// Files and ledger, reconciled.
#[derive(Debug, Clone)]
pub struct Statement {
    /// One row per month and currency: `month, currency, lines, delivered, corrected, standing, converted, ledger,
    /// unexplained`, in units of currency.
    pub months: DataFrame,
    /// One row per row refused or left out, or line taken back: `kind, table, file, place, day, amount, reason`. Other tables
    /// than order lines are there with what filters left out.
    pub rows: DataFrame,
}

impl Statement {
    /// Reads both sides. `currency` is the report currency, in which lines without one are.
    ///
    /// # Errors
    /// If the warehouse fails, or if a month's lines and records differ after all.
    pub fn read(warehouse: &Warehouse, currency: &str) -> Result<Self, HistoryError> {
        let months = warehouse.frame(include_str!("sql/statement.sql"), params![currency])?;
        let rows = warehouse.frame(include_str!("sql/statement_rows.sql"), params![])?;
        let statement = Self { months: in_units(months)?, rows: in_units(rows)? };
        tracing::debug!(months = statement.months.height(), rows = statement.rows.height(), "reconciled");
        Ok(statement)
    }

    /// The sums in a few lines for people.
    ///
    /// # Errors
    /// None in practice: the columns exist by construction.
    pub fn lines(&self) -> Result<Vec<String>, HistoryError> {
        let sum =
            |name: &str| -> Result<f64, HistoryError> { Ok(self.months.column(name)?.f64()?.sum().unwrap_or(0.0)) };
        let kinds = self.rows.column("kind")?.str()?;
        let tables = self.rows.column("table")?.str()?;
        let of = |kind: &str, ledger: bool| {
            let rows = kinds.iter().zip(tables.iter());
            rows.filter(|(found, table)| *found == Some(kind) && (*table == Some("order_lines")) == ledger).count()
        };
        let months = self.months.column("month")?.n_unique()?;
        let foreign = self.months.column("currency")?.n_unique()? > 1;
        let mut lines = vec![format!(
            "{months} months reconciled: {:.2} delivered, {:.2} taken back by later files ({} lines), {:.2} in the ledger, \
             {:.2} unexplained",
            sum("delivered")?,
            sum("corrected")?,
            of("taken back", true),
            sum("ledger")?,
            sum("unexplained")?,
        )];
        if foreign {
            lines.push("amounts of several currencies were converted month by month, as `converted` says".into());
        }
        for (kind, why) in [("refused", "were refused"), ("left out", "were left out by the filters of their sources")]
        {
            match of(kind, true) {
                0 => {}
                rows => lines.push(format!("{rows} rows of the files {why} and are in none of these sums")),
            }
        }
        match of("left out", false) {
            0 => {}
            rows => lines.push(format!("{rows} rows of other tables were left out by the filters of their sources")),
        }
        Ok(lines)
    }
}

/// Columns of ten-thousandths as units of currency, without their suffix.
fn in_units(frame: DataFrame) -> PolarsResult<DataFrame> {
    let columns = frame.columns().iter().map(|column| match column.name().strip_suffix("_e4") {
        None => col(column.name().clone()),
        Some(name) => {
            let units = col(column.name().clone()).cast(DataType::Float64) / lit(Money::SCALE as f64);
            // Polars multiplies by the reciprocal
            units.round(4, RoundMode::default()).alias(name)
        }
    });
    let columns: Vec<Expr> = columns.collect();
    frame.lazy().select(columns).collect()
}
