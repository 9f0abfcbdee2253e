//! The contract as SQL: for each column of a file, the expression that makes the canonical value of it, or null.
//!
//! One place for CSV (text in plain spelling) and Parquet (native types), so that both are held to the same contract.
//! Money goes through exact decimals; only where a file stores doubles, a double is rounded to ten-thousandths.

use super::{
    contract::{Kind, LARGEST_AMOUNT, PLAUSIBLE_DATES, Table},
    spelling::UNREADABLE,
};

/// A column of a relation about to be typed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SourceColumn {
    /// Canonical name.
    pub(super) name: &'static str,
    /// What it must become.
    pub(super) kind: Kind,
    /// Whether a row needs it.
    pub(super) required: bool,
    /// SQL that names it in the relation.
    pub(super) sql: String,
    /// Its type there, as DuckDB spells it.
    pub(super) sql_type: String,
}

/// Families of DuckDB's types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Text,
    Whole,
    Exact,
    Floating,
    Date,
    Timestamp,
    TimestampWithZone,
    Bool,
    Other,
}

fn family(sql_type: &str) -> Family {
    match sql_type {
        "VARCHAR" | "BLOB" => Family::Text,
        "TINYINT" | "SMALLINT" | "INTEGER" | "BIGINT" | "HUGEINT" | "UTINYINT" | "USMALLINT" | "UINTEGER"
        | "UBIGINT" | "UHUGEINT" => Family::Whole,
        "FLOAT" | "DOUBLE" => Family::Floating,
        "DATE" => Family::Date,
        "BOOLEAN" => Family::Bool,
        "TIMESTAMP WITH TIME ZONE" => Family::TimestampWithZone,
        _ if sql_type.starts_with("TIMESTAMP") => Family::Timestamp,
        _ if sql_type.starts_with("DECIMAL") => Family::Exact,
        _ if sql_type.starts_with("ENUM") => Family::Text,
        _ => Family::Other,
    }
}

impl SourceColumn {
    /// Whether a value of its type can become what the contract wants.
    pub(super) fn is_possible(&self) -> bool {
        use Family as F;
        let family = family(&self.sql_type);
        match self.kind {
            Kind::Text => family != F::Other,
            Kind::Date | Kind::Month => {
                matches!(family, F::Text | F::Whole | F::Date | F::Timestamp | F::TimestampWithZone)
            }
            Kind::Money | Kind::Quantity | Kind::Number(..) | Kind::Integer(..) => {
                matches!(family, F::Text | F::Whole | F::Exact | F::Floating)
            }
            Kind::Bool => matches!(family, F::Text | F::Whole | F::Bool),
            Kind::Choice(_) => family == F::Text,
        }
    }

    /// The cell as text for quarantine, without what ingest itself added.
    pub(super) fn as_shown(&self) -> String {
        format!("left(ltrim(CAST({} AS VARCHAR), '{UNREADABLE}'), 200)", self.sql)
    }

    /// Text without blanks around it; null if nothing remains.
    fn text(&self) -> String {
        match family(&self.sql_type) {
            // Integers that went through pandas are doubles: 4711.0 is customer 4711.
            Family::Floating => format!(
                "CASE WHEN {x} = trunc({x}) AND abs({x}) < 1e15 THEN CAST(CAST({x} AS BIGINT) AS VARCHAR) \
                 WHEN isfinite({x}) THEN CAST({x} AS VARCHAR) END",
                x = self.sql
            ),
            _ => format!("nullif(trim(CAST({} AS VARCHAR)), '')", self.sql),
        }
    }

    /// Whether the cell holds anything.
    fn is_present(&self) -> String {
        match family(&self.sql_type) {
            Family::Text => format!("({}) IS NOT NULL", self.text()),
            _ => format!("({}) IS NOT NULL", self.sql),
        }
    }

    /// The canonical value without regard to its range; null where the cell cannot be read.
    fn parsed(&self) -> String {
        let (x, text) = (&self.sql, self.text());
        let source = family(&self.sql_type);
        match self.kind {
            Kind::Text => text,
            Kind::Date => day(source, x, &text),
            Kind::Month => match source {
                Family::Text => format!(
                    "CASE WHEN regexp_full_match({text}, '\\d{{4}}-\\d{{2}}') THEN TRY_CAST({text} || '-01' AS DATE) ELSE {} END",
                    day(source, x, &text)
                ),
                _ => day(source, x, &text),
            },
            Kind::Money | Kind::Quantity => match source {
                Family::Floating => format!("CAST({x} AS DOUBLE)"),
                _ => number(source, x, &text, EXACT),
            },
            Kind::Number(..) => number(source, x, &text, "DOUBLE"),
            Kind::Integer(..) => number(source, x, &text, EXACT),
            Kind::Bool => format!(
                "CASE WHEN lower({text}) IN ('true', 't', '1', 'yes', 'y', 'ja', 'j', 'wahr') THEN true \
                 WHEN lower({text}) IN ('false', 'f', '0', 'no', 'n', 'nein', 'falsch') THEN false END"
            ),
            Kind::Choice(_) => format!("lower({text})"),
        }
    }

    /// The canonical value as stored; null where the cell cannot be read or is out of range.
    pub(super) fn value(&self) -> String {
        let parsed = self.parsed();
        match self.kind {
            Kind::Text | Kind::Bool => parsed,
            Kind::Date => format!("CASE WHEN {} THEN {parsed} END", plausible(&parsed)),
            Kind::Month => format!(
                "CASE WHEN {} THEN CAST(year({parsed}) * 12 + month({parsed}) - 1 AS INTEGER) END",
                plausible(&parsed)
            ),
            Kind::Money | Kind::Quantity => {
                let scaled = match family(&self.sql_type) {
                    Family::Floating => format!("round({parsed} * 10000)"),
                    _ => format!("{parsed} * 10000"),
                };
                format!(
                    "CASE WHEN {parsed} BETWEEN -{LARGEST_AMOUNT} AND {LARGEST_AMOUNT} THEN CAST({scaled} AS BIGINT) END"
                )
            }
            Kind::Number(low, high) => format!("CASE WHEN {parsed} BETWEEN {low:e} AND {high:e} THEN {parsed} END"),
            Kind::Integer(low, high) => format!(
                "CASE WHEN {parsed} BETWEEN {low} AND {high} AND {parsed} = trunc({parsed}) THEN CAST({parsed} AS BIGINT) END"
            ),
            Kind::Choice(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
                format!("CASE WHEN {parsed} IN ({}) THEN {parsed} END", words.join(", "))
            }
        }
    }

    /// Whether the cell breaks the contract.
    pub(super) fn is_bad(&self) -> String {
        match (self.required, self.kind) {
            (true, _) => format!("({}) IS NULL", self.value()),
            (false, Kind::Text) => "false".into(),
            (false, _) => format!("(({}) IS NULL AND {})", self.value(), self.is_present()),
        }
    }

    /// Why the cell breaks the contract, in words.
    pub(super) fn reason(&self) -> String {
        format!(
            "CASE WHEN NOT {} THEN 'missing' WHEN ({}) IS NULL THEN 'not readable' ELSE 'out of range' END",
            self.is_present(),
            self.parsed()
        )
    }
}

fn plausible(date: &str) -> String {
    format!("{date} BETWEEN DATE '{}' AND DATE '{}'", PLAUSIBLE_DATES.0, PLAUSIBLE_DATES.1)
}

fn day(source: Family, x: &str, text: &str) -> String {
    match source {
        Family::Date => x.to_owned(),
        Family::Timestamp => format!("CAST({x} AS DATE)"),
        // In UTC: the crate's DuckDB has no time zones.
        Family::TimestampWithZone => format!("CAST(make_timestamp(epoch_us({x})) AS DATE)"),
        Family::Whole => format!("CAST(try_strptime(CAST({x} AS VARCHAR), '%Y%m%d') AS DATE)"),
        _ => format!(
            "CASE WHEN regexp_full_match({text}, '\\d{{4}}-\\d{{2}}-\\d{{2}}([T ].*)?') THEN TRY_CAST(left({text}, 10) AS DATE) END"
        ),
    }
}

/// Numbers that are money, quantities or whole.
const EXACT: &str = "DECIMAL(28, 8)";

fn number(source: Family, x: &str, text: &str, target: &str) -> String {
    match source {
        // Up to ten digits before the mark fit 64 bits, from which DuckDB reads the same number 60 times as fast as from
        // 128; only with an exponent it rounds otherwise.
        Family::Text if target == EXACT => format!(
            "CASE WHEN regexp_full_match({text}, '[+-]?(\\d+\\.?\\d*|\\.\\d+)') \
             THEN coalesce(CAST(TRY_CAST({text} AS DECIMAL(18, 8)) AS {EXACT}), TRY_CAST({text} AS {EXACT})) \
             WHEN regexp_full_match({text}, '[+-]?(\\d+\\.?\\d*|\\.\\d+)[eE][+-]?\\d+') THEN TRY_CAST({text} AS {EXACT}) END"
        ),
        Family::Text => format!(
            "CASE WHEN regexp_full_match({text}, '[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?') THEN TRY_CAST({text} AS {target}) END"
        ),
        _ => format!("TRY_CAST({x} AS {target})"),
    }
}

/// The rows of a relation that keep the contract: `row_number`, every canonical column as stored (null where the file
/// has none) and the file's own `known_at`.
pub(super) fn good_rows(table: &Table, relation: &str, columns: &[SourceColumn], batch_id: i64) -> String {
    let values: Vec<String> = table
        .input_columns()
        .map(|column| {
            let stored = column.stored_as();
            let value = columns.iter().find(|source| source.name == column.name).map(SourceColumn::value);
            let value = value.unwrap_or_else(|| format!("CAST(NULL AS {})", column.kind.sql_type()));
            format!("    {value} AS {stored}")
        })
        .collect();
    format!(
        "SELECT row_number, CAST({batch_id} AS INTEGER) AS batch_id,\n{}\nFROM {relation}\nWHERE NOT ({})",
        values.join(",\n"),
        any_bad(columns)
    )
}

/// One row per cell that breaks the contract: `row_number, column_name, value, expected, reason`.
pub(super) fn bad_cells(table: &Table, relation: &str, columns: &[SourceColumn]) -> String {
    let cells: Vec<String> = columns
        .iter()
        .map(|column| {
            let value = if table.confidential { "CAST(NULL AS VARCHAR)".to_owned() } else { column.as_shown() };
            format!(
                "    CASE WHEN {} THEN {{'column_name': '{}', 'value': {value}, 'expected': '{}', 'reason': {}}} END",
                column.is_bad(),
                column.name,
                column.kind.to_string().replace('\'', "''"),
                column.reason()
            )
        })
        .collect();
    format!(
        "SELECT row_number, cell.column_name, cell.value, cell.expected, cell.reason FROM (\n\
         SELECT row_number, unnest([\n{}\n]) AS cell FROM {relation}\nWHERE {}\n) WHERE cell IS NOT NULL",
        cells.join(",\n"),
        any_bad(columns)
    )
}

fn any_bad(columns: &[SourceColumn]) -> String {
    let bad: Vec<String> = columns.iter().map(SourceColumn::is_bad).filter(|sql| sql != "false").collect();
    if bad.is_empty() { "false".into() } else { bad.join("\n    OR ") }
}

/// A name as an SQL identifier.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as an SQL literal.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        params,
        warehouse::{Warehouse, WarehouseOptions},
    };

    /// The canonical value of one cell, as text, or `None`.
    fn value(kind: Kind, sql_type: &str, cell: &str) -> Option<String> {
        let column = SourceColumn { name: "x", kind, required: false, sql: "x".into(), sql_type: sql_type.into() };
        let warehouse = Warehouse::in_memory(&WarehouseOptions::default()).unwrap();
        let sql = format!("SELECT CAST({} AS VARCHAR) FROM (SELECT CAST({cell} AS {sql_type}) AS x)", column.value());
        warehouse.query(&sql, params![], |row| row.get::<Option<String>>(0)).unwrap().remove(0)
    }

    #[test]
    fn money_is_exact_and_bounded_whatever_its_type() {
        let money = |sql_type, cell| value(Kind::Money, sql_type, cell);
        assert_eq!(money("VARCHAR", "'1234.56'").as_deref(), Some("12345600"));
        assert_eq!(money("VARCHAR", "'-0.00005'").as_deref(), Some("-1"));
        assert_eq!(money("VARCHAR", "'1.5e3'").as_deref(), Some("15000000"));
        assert_eq!(money("VARCHAR", "'9999999999.99994999'").as_deref(), Some("99999999999999"));
        assert_eq!(money("VARCHAR", "'-99999999999.99995'").as_deref(), Some("-1000000000000000"));
        assert_eq!(money("VARCHAR", "'12345678901.2345'").as_deref(), Some("123456789012345"));
        assert_eq!(money("DOUBLE", "19.99").as_deref(), Some("199900"));
        assert_eq!(money("FLOAT", "19.99").as_deref(), Some("199900"));
        assert_eq!(money("DECIMAL(18,4)", "99999999999.1234").as_deref(), Some("999999999991234"));
        assert_eq!(money("INTEGER", "7").as_deref(), Some("70000"));
        for (sql_type, cell) in [
            ("VARCHAR", "'NaN'"),
            ("VARCHAR", "'inf'"),
            ("VARCHAR", "'1e308'"),
            ("VARCHAR", "'1_000'"),
            ("VARCHAR", "'12 €'"),
            ("VARCHAR", "'100000000001'"),
            ("DOUBLE", "'nan'"),
            ("DOUBLE", "'inf'"),
            ("DOUBLE", "1e308"),
            ("DECIMAL(38,0)", "99999999999999999999999999999999999999"),
            ("HUGEINT", "170141183460469231731687303715884105727"),
        ] {
            assert_eq!(money(sql_type, cell), None, "{sql_type} {cell}");
        }
    }

    #[test]
    fn dates_of_every_type_are_days_of_a_plausible_century() {
        let date = |sql_type, cell| value(Kind::Date, sql_type, cell);
        assert_eq!(date("VARCHAR", "'2021-10-31 23:59:00'").as_deref(), Some("2021-10-31"));
        assert_eq!(date("TIMESTAMP", "'2021-10-31 23:59:00'").as_deref(), Some("2021-10-31"));
        assert_eq!(date("TIMESTAMP_NS", "'2021-10-31 23:59:00'").as_deref(), Some("2021-10-31"));
        assert_eq!(date("INTEGER", "20211031").as_deref(), Some("2021-10-31"));
        for (sql_type, cell) in [
            ("VARCHAR", "'2021-02-30'"),
            ("VARCHAR", "'0001-01-01'"),
            ("VARCHAR", "'9999-12-31'"),
            ("DATE", "'9999-12-31'"),
            ("DATE", "'infinity'"),
            ("TIMESTAMP", "'infinity'"),
            ("INTEGER", "20211301"),
            ("VARCHAR", "'epoch'"),
        ] {
            assert_eq!(date(sql_type, cell), None, "{sql_type} {cell}");
        }
        assert_eq!(value(Kind::Month, "VARCHAR", "'2021-10'").as_deref(), Some("24261"));
        assert_eq!(value(Kind::Month, "DATE", "'2021-10-31'").as_deref(), Some("24261"));
    }

    #[test]
    fn identifiers_keep_their_zeros_and_lose_their_fractions() {
        assert_eq!(value(Kind::Text, "VARCHAR", "' 00471 '").as_deref(), Some("00471"));
        assert_eq!(value(Kind::Text, "DOUBLE", "4711.0").as_deref(), Some("4711"));
        assert_eq!(value(Kind::Text, "BIGINT", "4711").as_deref(), Some("4711"));
        assert_eq!(value(Kind::Text, "VARCHAR", "'  '"), None);
    }

    #[test]
    fn numbers_choices_and_flags_keep_their_range() {
        assert_eq!(value(Kind::Integer(0, 100), "VARCHAR", "'12.0'").as_deref(), Some("12"));
        assert_eq!(value(Kind::Integer(0, 100), "VARCHAR", "'12.7'"), None);
        assert_eq!(value(Kind::Integer(0, 100), "DOUBLE", "101"), None);
        assert_eq!(value(Kind::Number(0.0, 10.0), "VARCHAR", "'7.5'").as_deref(), Some("7.5"));
        assert_eq!(value(Kind::Number(0.0, 10.0), "DOUBLE", "'nan'"), None);
        assert_eq!(value(Kind::Choice(&["active", "blocked"]), "VARCHAR", "' Active'").as_deref(), Some("active"));
        assert_eq!(value(Kind::Choice(&["active"]), "VARCHAR", "'gone'"), None);
        assert_eq!(value(Kind::Bool, "VARCHAR", "'Ja'").as_deref(), Some("true"));
        assert_eq!(value(Kind::Bool, "BOOLEAN", "false").as_deref(), Some("false"));
    }
}
