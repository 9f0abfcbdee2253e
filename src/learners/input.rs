//! What every estimator refuses before it computes: empty input, other shapes, values that are not finite.
//!
//! Each check names the row and column, since "invalid input" helps nobody find the cell. What is specific to one
//! algorithm (a single class, a negative spend) is checked there.

use ndarray::{ArrayBase, ArrayView1, Data, Ix2};

/// Input that no estimator accepts.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InputError {
    /// No rows, or no columns.
    #[error("{what} has no {axis}, expected at least one")]
    Empty {
        /// Which array.
        what: &'static str,
        /// `rows` or `columns`.
        axis: &'static str,
    },
    /// A length that does not fit the others.
    #[error("{what} has {found} {axis}, expected {expected}")]
    Shape {
        /// Which array.
        what: &'static str,
        /// `rows` or `columns`.
        axis: &'static str,
        /// The length that fits.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// A NaN or an infinity.
    #[error("{what} has {value} in row {row}, column {column}, expected a finite number")]
    NonFinite {
        /// Which array.
        what: &'static str,
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
        /// The value.
        value: f64,
    },
    /// Too few rows for what is to be estimated.
    #[error("{rows} rows are too few to estimate {needed_for}, expected at least {needed}")]
    TooFewRows {
        /// Rows found.
        rows: usize,
        /// Rows needed.
        needed: usize,
        /// What they are needed for.
        needed_for: &'static str,
    },
    /// An error of linfa's data set.
    #[error("{0}")]
    DataSet(String),
}

impl From<linfa::Error> for InputError {
    fn from(error: linfa::Error) -> Self {
        Self::DataSet(error.to_string())
    }
}

impl InputError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NonFinite { .. } => Some("impute missing values first (`scaling::Imputer`)".into()),
            Self::TooFewRows { .. } => Some("pool more origins, or stop at a lower rung of the ladder".into()),
            Self::Empty { .. } | Self::Shape { .. } | Self::DataSet(_) => None,
        }
    }
}

/// Refuses records without rows or columns, and values that are not finite.
pub(super) fn finite_records<D: Data<Elem = f64>>(records: &ArrayBase<D, Ix2>) -> Result<(), InputError> {
    let (rows, columns) = records.dim();
    if rows == 0 {
        return Err(InputError::Empty { what: "records", axis: "rows" });
    }
    if columns == 0 {
        return Err(InputError::Empty { what: "records", axis: "columns" });
    }
    match records.indexed_iter().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some(((row, column), &value)) => Err(InputError::NonFinite { what: "records", row, column, value }),
    }
}

/// Refuses a target of another length than `rows`, and values that are not finite.
pub(super) fn finite_target(target: ArrayView1<'_, f64>, rows: usize) -> Result<(), InputError> {
    same_rows("target", target.len(), rows)?;
    match target.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some((row, &value)) => Err(InputError::NonFinite { what: "target", row, column: 0, value }),
    }
}

/// Refuses another number of rows than `expected`.
pub(super) fn same_rows(what: &'static str, found: usize, expected: usize) -> Result<(), InputError> {
    if found == expected { Ok(()) } else { Err(InputError::Shape { what, axis: "rows", expected, found }) }
}

/// Refuses another number of columns than `expected`.
pub(super) fn same_columns(what: &'static str, found: usize, expected: usize) -> Result<(), InputError> {
    if found == expected { Ok(()) } else { Err(InputError::Shape { what, axis: "columns", expected, found }) }
}

/// Range checks of hyperparameters: what is out of range becomes the error that the closure makes of its name, its value
/// and what was expected.
pub(super) struct Ranges<F>(pub(super) F);

impl<E, F: Fn(&'static str, f64, &'static str) -> E> Ranges<F> {
    fn refuse_unless(&self, holds: bool, name: &'static str, value: f64, expected: &'static str) -> Result<(), E> {
        if holds { Ok(()) } else { Err((self.0)(name, value, expected)) }
    }

    /// Above zero and finite.
    pub(super) fn positive(&self, name: &'static str, value: f64) -> Result<(), E> {
        self.refuse_unless(value.is_finite() && value > 0.0, name, value, "a positive number")
    }

    /// Zero or above, and finite.
    pub(super) fn not_negative(&self, name: &'static str, value: f64) -> Result<(), E> {
        self.refuse_unless(value.is_finite() && value >= 0.0, name, value, "zero or a positive number")
    }

    /// In [0, 1].
    pub(super) fn share(&self, name: &'static str, value: f64) -> Result<(), E> {
        self.refuse_unless((0.0..=1.0).contains(&value), name, value, "a share between 0 and 1")
    }

    /// In (0, 1].
    pub(super) fn fraction(&self, name: &'static str, value: f64) -> Result<(), E> {
        self.refuse_unless(0.0 < value && value <= 1.0, name, value, "a share above 0 and up to 1")
    }

    /// In (0, 1).
    pub(super) fn level(&self, name: &'static str, value: f64) -> Result<(), E> {
        self.refuse_unless(0.0 < value && value < 1.0, name, value, "a share between 0 and 1")
    }

    /// A count of 1 or more.
    pub(super) fn at_least_one(&self, name: &'static str, value: usize) -> Result<(), E> {
        self.refuse_unless(value >= 1, name, value as f64, "at least 1")
    }

    /// A count of 2 or more.
    pub(super) fn at_least_two(&self, name: &'static str, value: usize) -> Result<(), E> {
        self.refuse_unless(value >= 2, name, value as f64, "at least 2")
    }

    /// Bins of one byte.
    pub(super) fn bins(&self, name: &'static str, value: usize) -> Result<(), E> {
        self.refuse_unless((2..=255).contains(&value), name, value as f64, "2 to 255")
    }
}
