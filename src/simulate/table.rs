//! A table of the data contract as a row type: declared once, from which its columns and its schema follow.
//!
//! Money is written as `DECIMAL(18, 2)`, exact to the cent; dates as dates; what is unknown is null.

use polars::prelude::*;

use super::calendar::Day;

/// An amount in cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cents(pub(super) i64);

impl Cents {
    /// Rounded from units of currency.
    pub(super) fn from_units(units: f64) -> Self {
        Self((units * 100.0).round() as i64)
    }

    /// In units of currency.
    pub(super) fn units(self) -> f64 {
        self.0 as f64 / 100.0
    }
}

/// A row of a table; rows of the same id follow each other in the order in which they became known.
pub(super) trait Row: Sized + Clone {
    /// Name of the table in the data contract.
    const TABLE: &'static str;

    /// When the company knew this row.
    fn known_at(&self) -> Day;

    /// Whether `other` is another state of the same fact.
    fn is_state_of(&self, other: &Self) -> bool;

    /// The rows as columns.
    fn frame(rows: &[Self]) -> PolarsResult<DataFrame>;
}

/// A value that fills a column.
pub(super) trait Cell: Sized {
    /// The values as a column.
    fn column(name: &'static str, values: Vec<Self>) -> PolarsResult<Column>;
}

macro_rules! cells {
    ($($kind:ty: |$name:ident, $values:ident| $make:expr;)*) => { $(
        impl Cell for Option<$kind> {
            fn column($name: &'static str, $values: Vec<Self>) -> PolarsResult<Column> {
                let series: Series = $make;
                Ok(series.into_column())
            }
        }

        impl Cell for $kind {
            fn column(name: &'static str, values: Vec<Self>) -> PolarsResult<Column> {
                Option::<$kind>::column(name, values.into_iter().map(Some).collect())
            }
        }
    )* };
}

cells! {
    String: |name, values| Series::new(name.into(), values);
    &'static str: |name, values| Series::new(name.into(), values);
    f64: |name, values| Series::new(name.into(), values);
    i64: |name, values| Series::new(name.into(), values);
    bool: |name, values| Series::new(name.into(), values);
    Day: |name, values| {
        let days: Vec<Option<i32>> = values.into_iter().map(|day| day.map(|day| day.0)).collect();
        Int32Chunked::new(name.into(), days).into_date().into_series()
    };
    Cents: |name, values| {
        let cents: Vec<Option<i128>> = values.into_iter().map(|cents| cents.map(|cents| i128::from(cents.0))).collect();
        Int128Chunked::new(name.into(), cents).into_decimal(18, 2)?.into_series()
    };
}

/// Declares the row type of a table: its name, the columns that identify a fact, and all columns but `known_at`, which
/// every table has last. A fact without identifying columns never changes.
macro_rules! table {
    ($(#[$doc:meta])* $row:ident is $table:literal by ($($key:ident),*) { $($field:ident: $cell:ty),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub(super) struct $row {
            $(pub(super) $field: $cell,)+
            pub(super) known_at: $crate::simulate::calendar::Day,
        }

        impl $crate::simulate::table::Row for $row {
            const TABLE: &'static str = $table;

            fn known_at(&self) -> $crate::simulate::calendar::Day {
                self.known_at
            }

            fn is_state_of(&self, other: &Self) -> bool {
                let same: &[bool] = &[$(self.$key == other.$key),*];
                let _ = other;
                !same.is_empty() && same.iter().all(|same| *same)
            }

            fn frame(rows: &[Self]) -> ::polars::prelude::PolarsResult<::polars::prelude::DataFrame> {
                use $crate::simulate::table::Cell;
                ::polars::prelude::DataFrame::new(
                    rows.len(),
                    vec![
                        $(<$cell>::column(stringify!($field), rows.iter().map(|row| row.$field.clone()).collect())?,)+
                        Cell::column("known_at", rows.iter().map(|row| row.known_at).collect::<Vec<_>>())?,
                    ],
                )
            }
        }
    };
}

pub(super) use table;
