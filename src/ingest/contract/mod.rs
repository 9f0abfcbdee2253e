//! The data contract: every canonical table and column, declared once.
//!
//! The warehouse's DDL, the reader's checks and the tables of `docs/data.md` derive from [`TABLES`], so that they cannot
//! disagree. What a column means for a forecast is no business of this file.

mod docs;
mod tables;

pub use docs::tables_as_markdown;
pub use tables::TABLES;

use std::fmt;

use crate::warehouse::TableDefinition;

/// Days on which something may have happened, first and last; anything outside is a typing error or a placeholder
/// such as 9999-12-31.
pub const PLAUSIBLE_DATES: (&str, &str) = ("1900-01-01", "2199-12-31");

/// Largest amount or quantity that is believed, in units; a thousand times this still fits a sum in 64 bits.
pub const LARGEST_AMOUNT: i64 = 100_000_000_000;

/// `known_at` of a first batch's rows in tables without an event date (customers, products, representatives): held to
/// have always been known.
pub const ALWAYS_KNOWN: &str = "1900-01-01";

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Text without leading or trailing blanks; empty is missing.
    Text,
    /// A calendar day.
    Date,
    /// A calendar month, stored as `Month::index`.
    Month,
    /// An exact amount, stored in ten-thousandths of the report currency.
    Money,
    /// An exact quantity, stored in ten-thousandths.
    Quantity,
    /// A finite number between two limits, both included.
    Number(f64, f64),
    /// A whole number between two limits, both included.
    Integer(i64, i64),
    /// Yes or no.
    Bool,
    /// One of these words, in small letters.
    Choice(&'static [&'static str]),
}

impl Kind {
    /// Its type in DuckDB.
    pub const fn sql_type(self) -> &'static str {
        match self {
            Self::Text | Self::Choice(_) => "VARCHAR",
            Self::Date => "DATE",
            Self::Month => "INTEGER",
            Self::Money | Self::Quantity | Self::Integer(..) => "BIGINT",
            Self::Number(..) => "DOUBLE",
            Self::Bool => "BOOLEAN",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text"),
            Self::Date => write!(f, "a date from {} to {}", PLAUSIBLE_DATES.0, PLAUSIBLE_DATES.1),
            Self::Month => f.write_str("a month such as 2021-10"),
            Self::Money => f.write_str("an amount below 100 billion"),
            Self::Quantity => f.write_str("a quantity below 100 billion"),
            Self::Number(low, high) => write!(f, "a number from {low} to {high}"),
            Self::Integer(low, high) => write!(f, "a whole number from {low} to {high}"),
            Self::Bool => f.write_str("true or false"),
            Self::Choice(words) => write!(f, "one of {}", words.join(", ")),
        }
    }
}

/// A canonical column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Column {
    /// Its name in files and in `headroom.toml`.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether a row without it goes to quarantine.
    pub required: bool,
    /// One phrase for `docs/data.md`.
    pub meaning: &'static str,
}

impl Column {
    const fn required(name: &'static str, kind: Kind, meaning: &'static str) -> Self {
        Self { name, kind, required: true, meaning }
    }

    const fn optional(name: &'static str, kind: Kind, meaning: &'static str) -> Self {
        Self { name, kind, required: false, meaning }
    }

    /// Its name in the warehouse: money and quantities end in `_e4`, and a contract column `source` makes way for the
    /// bookkeeping column of that name.
    pub fn stored_as(&self) -> String {
        match self.kind {
            _ if self.name == "source" => "stated_source".to_owned(),
            Kind::Money | Kind::Quantity => format!("{}_e4", self.name),
            _ => self.name.to_owned(),
        }
    }
}

/// The column every table accepts besides its own: when the company could know the row.
pub const KNOWN_AT: Column = Column::optional("known_at", Kind::Date, "day from which the company knew this row");

/// A canonical table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Table {
    /// Its name: of the file, of the section in `headroom.toml`, of the table in the warehouse.
    pub name: &'static str,
    /// What one row is.
    pub row: &'static str,
    /// Its columns, in order.
    pub columns: &'static [Column],
    /// The columns that identify a row; empty where only the whole row does. `upsert` uses it unless told otherwise.
    pub key: &'static [&'static str],
    /// The column that says when a row happened, hence when a first batch's row was known.
    pub event: Option<&'static str>,
    /// Corrections hold for all past dates, since they say nothing about the future (identity, METHOD section 1).
    pub timeless: bool,
    /// Values never leave the table: not to quarantine, notices or logs (METHOD section 8).
    pub confidential: bool,
}

impl Table {
    /// A column by its canonical name, `known_at` included.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.input_columns().find(|column| column.name == name)
    }

    /// What a file may hold: the table's columns and `known_at`.
    pub fn input_columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().chain(std::iter::once(&KNOWN_AT))
    }

    /// Whether rows are corrected by reversals (order lines) rather than by a further row with a later `known_at`.
    pub fn is_ledger(&self) -> bool {
        self.name == ORDER_LINES
    }

    /// Its `CREATE TABLE` in the warehouse.
    ///
    /// Order lines carry `is_reversal`; their source amounts where they were converted; and whether the product group
    /// came from `products`. All other tables carry `known_until`: a row is the state from `known_at` to the day before
    /// `known_until` (null: still so), which closes rows that changed or vanished.
    pub fn ddl(&self) -> String {
        let own = self.columns.iter().map(|column| {
            let null = if column.required { " NOT NULL" } else { "" };
            format!("    {} {}{null}", column.stored_as(), column.kind.sql_type())
        });
        let known: &[&str] = if self.is_ledger() {
            &[
                "known_at DATE NOT NULL",
                "source VARCHAR NOT NULL",
                "batch_id INTEGER NOT NULL",
                "is_reversal BOOLEAN NOT NULL",
                "source_net_revenue_e4 BIGINT",
                "source_cost_e4 BIGINT",
                "group_from_products BOOLEAN NOT NULL",
            ]
        } else {
            &["known_at DATE NOT NULL", "known_until DATE", "source VARCHAR NOT NULL", "batch_id INTEGER NOT NULL"]
        };
        let columns: Vec<String> = own.chain(known.iter().map(|column| format!("    {column}"))).collect();
        format!("CREATE TABLE {} (\n{}\n)", self.name, columns.join(",\n"))
    }
}

/// The name of the one required table.
pub const ORDER_LINES: &str = "order_lines";

/// A canonical table by name.
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

/// Every canonical table, for [`Warehouse::create_tables`](crate::warehouse::Warehouse::create_tables).
pub fn table_definitions() -> Vec<TableDefinition> {
    TABLES.iter().map(|table| TableDefinition { name: table.name.into(), ddl: table.ddl().into() }).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_keys_and_events_are_columns() {
        let names: BTreeSet<_> = TABLES.iter().map(|table| table.name).collect();
        assert_eq!(names.len(), TABLES.len());
        for table in TABLES {
            let columns: BTreeSet<_> = table.input_columns().map(|column| column.name).collect();
            assert_eq!(columns.len(), table.columns.len() + 1, "{}", table.name);
            for name in table.key.iter().chain(&table.event) {
                assert!(columns.contains(name), "{}.{name}", table.name);
            }
            if let Some(event) = table.event.and_then(|event| table.column(event)) {
                assert!(event.required && event.kind == Kind::Date, "{}", table.name);
            }
        }
    }

    #[test]
    fn money_and_quantities_are_stored_in_ten_thousandths() {
        let ddl = table(ORDER_LINES).unwrap().ddl();
        for column in
            ["net_revenue_e4 BIGINT NOT NULL", "cost_e4 BIGINT,", "quantity_e4 BIGINT,", "is_reversal BOOLEAN"]
        {
            assert!(ddl.contains(column), "{column} in {ddl}");
        }
    }
}
