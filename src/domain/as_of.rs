//! The point in time a figure speaks of, and how far ahead it looks.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{DomainError, Month};

/// What is known: facts that happened by the end of month `at` and that the company knew by the end of `known_by`.
///
/// A feature may use a fact only if `event_at <= at` **and** `known_at <= known_by`. The two months are the same
/// unless the effect of late data is being measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AsOf {
    at: Month,
    known_by: Month,
}

impl AsOf {
    /// As it stood at the end of `at`.
    pub const fn end_of(at: Month) -> Self {
        Self { at, known_by: at }
    }

    /// The facts up to `at`, as known by the end of `known_by`.
    ///
    /// # Errors
    /// A [`DomainError`] if `known_by` lies before `at`.
    pub fn known_by(at: Month, known_by: Month) -> Result<Self, DomainError> {
        if known_by < at {
            return Err(DomainError {
                what: "known by",
                value: known_by.to_string(),
                expected: "the as-of month or a later one",
            });
        }
        Ok(Self { at, known_by })
    }

    /// The as-of month.
    pub const fn at(self) -> Month {
        self.at
    }

    /// The month by whose end a fact must have been known.
    pub const fn knowledge(self) -> Month {
        self.known_by
    }
}

impl fmt::Display for AsOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at == self.known_by { self.at.fmt(f) } else { write!(f, "{} known by {}", self.at, self.known_by) }
    }
}

/// Months after the as-of date that a target looks ahead, 1 to 36.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Horizon(u8);

impl Horizon {
    /// A horizon of `months`.
    ///
    /// # Errors
    /// A [`DomainError`] outside 1 to 36.
    pub fn new(months: i64) -> Result<Self, DomainError> {
        match months {
            1..=36 => Ok(Self(months as u8)),
            _ => Err(DomainError { what: "horizon", value: months.to_string(), expected: "1 to 36 months" }),
        }
    }

    /// Its length in months.
    pub const fn months(self) -> i32 {
        self.0 as i32
    }
}

impl TryFrom<i64> for Horizon {
    type Error = DomainError;

    fn try_from(months: i64) -> Result<Self, DomainError> {
        Self::new(months)
    }
}

impl From<Horizon> for i64 {
    fn from(horizon: Horizon) -> Self {
        i64::from(horizon.0)
    }
}

impl fmt::Display for Horizon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} months", self.0)
    }
}
