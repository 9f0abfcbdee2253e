//! What goes into a statement, and what a row gives back.

use duckdb::types::{FromSql, ToSql, ToSqlOutput, Value as DuckdbValue, ValueRef};
use jiff::{Span, civil::Date};

use super::WarehouseError;
use crate::domain::{Money, Month};

/// A bound parameter. Values are never glued into SQL.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// BOOLEAN.
    Bool(bool),
    /// BIGINT.
    Integer(i64),
    /// DOUBLE.
    Real(f64),
    /// VARCHAR.
    Text(String),
    /// DATE.
    Date(Date),
}

/// Parameters of a statement, in order of its `?`: `params![account, month, 3]`.
#[macro_export]
macro_rules! params {
    () => { &[] as &[$crate::warehouse::Value] };
    ($($value:expr),+ $(,)?) => { &[$($crate::warehouse::Value::from($value)),+] as &[$crate::warehouse::Value] };
}

macro_rules! value_from {
    ($($from:ty => |$v:ident| $to:expr),+ $(,)?) => {
        $(impl From<$from> for Value {
            fn from($v: $from) -> Self {
                $to
            }
        })+
    };
}

value_from! {
    bool => |v| Value::Bool(v),
    i32 => |v| Value::Integer(i64::from(v)),
    u32 => |v| Value::Integer(i64::from(v)),
    i64 => |v| Value::Integer(v),
    f64 => |v| Value::Real(v),
    &str => |v| Value::Text(v.to_owned()),
    &String => |v| Value::Text(v.clone()),
    String => |v| Value::Text(v),
    Date => |v| Value::Date(v),
    Month => |v| Value::Integer(i64::from(v.index())),
    Money => |v| Value::Integer(v.e4()),
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> duckdb::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Owned(match self {
            Self::Null => DuckdbValue::Null,
            Self::Bool(v) => DuckdbValue::Boolean(*v),
            Self::Integer(v) => DuckdbValue::BigInt(*v),
            Self::Real(v) => DuckdbValue::Double(*v),
            Self::Text(v) => return Ok(ToSqlOutput::Borrowed(ValueRef::Text(v.as_bytes()))),
            Self::Date(v) => DuckdbValue::Date32(days_since_epoch(*v)),
        }))
    }
}

/// One row of a result; columns are read by position, from 0.
pub struct Row<'a>(pub(super) &'a duckdb::Row<'a>);

impl Row<'_> {
    /// A value of type `i64`, `i32`, `f64`, `bool`, `String`, or an `Option` of these.
    ///
    /// # Errors
    /// If the value is of another type, or null without `Option`.
    pub fn get<T: FromSql>(&self, column: usize) -> Result<T, WarehouseError> {
        self.0.get(column).map_err(|_| self.mistyped(column, std::any::type_name::<T>()))
    }

    /// A DATE.
    ///
    /// # Errors
    /// If the value is neither a date nor null.
    pub fn date(&self, column: usize) -> Result<Option<Date>, WarehouseError> {
        match self.0.get_ref(column) {
            Ok(ValueRef::Null) => Ok(None),
            Ok(ValueRef::Date32(days)) => {
                date_of(days).map(Some).ok_or_else(|| self.mistyped(column, "a date from year -9999 to 9999"))
            }
            _ => Err(self.mistyped(column, "a date")),
        }
    }

    fn mistyped(&self, column: usize, expected: &'static str) -> WarehouseError {
        let found = self.0.get_ref(column).map_or_else(|_| "missing".into(), |v| v.data_type().to_string());
        WarehouseError::Value { column, found, expected }
    }
}

const EPOCH: Date = Date::constant(1970, 1, 1);

fn days_since_epoch(date: Date) -> i32 {
    date.since((jiff::Unit::Day, EPOCH)).map_or(0, |span| span.get_days())
}

fn date_of(days: i32) -> Option<Date> {
    EPOCH.checked_add(Span::new().try_days(days).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warehouse::{Warehouse, WarehouseOptions};

    #[test]
    fn every_kind_of_value_comes_back_as_it_went_in() {
        let warehouse = Warehouse::in_memory(&WarehouseOptions::default()).unwrap();
        let day = Date::constant(2024, 2, 29);
        let read = warehouse
            .query(
                "SELECT ?, ?, ?, ?, ?, ?, ?",
                params![true, 7_i64, 0.25, "o'clock; ü", day, None::<i64>, Date::constant(1969, 12, 31)],
                |row| {
                    Ok((
                        row.get::<bool>(0)?,
                        row.get::<i64>(1)?,
                        row.get::<f64>(2)?,
                        row.get::<String>(3)?,
                        row.date(4)?,
                        row.get::<Option<i64>>(5)?,
                        row.date(6)?,
                    ))
                },
            )
            .unwrap();
        let text = "o'clock; ü".to_owned();
        assert_eq!(read, [(true, 7, 0.25, text, Some(day), None, Some(Date::constant(1969, 12, 31)))]);
    }

    #[test]
    fn a_value_of_another_type_is_an_error_that_names_the_column() {
        let warehouse = Warehouse::in_memory(&WarehouseOptions::default()).unwrap();
        let error = warehouse.query("SELECT 1, 'x'", params![], |row| row.get::<i64>(1)).unwrap_err();
        assert_eq!(error.to_string(), "column 1 of a row is Text, expected i64");
        let error = warehouse.query("SELECT NULL::BIGINT", params![], |row| row.get::<i64>(0)).unwrap_err();
        assert!(error.to_string().starts_with("column 0 of a row is"), "{error}");
    }
}
