//! Exact money: whole ten-thousandths of the report currency.

use serde::{Deserialize, Serialize};

/// An exact amount in ten-thousandths of the report currency, the unit of every `_e4` column in the warehouse.
///
/// Floating sums depend on the order of addition, hence on the number of threads; integers do not. Amounts become
/// `f64` at the feature frame, by [`Money::units`], and never earlier.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Money(i64);

impl Money {
    /// Ten-thousandths in one unit of currency.
    pub const SCALE: i64 = 10_000;

    /// From ten-thousandths.
    pub const fn from_e4(e4: i64) -> Self {
        Self(e4)
    }

    /// In ten-thousandths.
    pub const fn e4(self) -> i64 {
        self.0
    }

    /// In units of currency.
    pub fn units(self) -> f64 {
        self.0 as f64 / Self::SCALE as f64
    }

    /// The sum, or `None` on overflow.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(e4) => Some(Self(e4)),
            None => None,
        }
    }
}
