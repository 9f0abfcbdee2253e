//! The words of the business, as types: months, as-of dates, horizons, money, classes, targets.
//!
//! No I/O, no data frame, no clock. Every constructor that can fail says which value was wrong and what was expected.

mod abc;
mod as_of;
mod level;
mod money;
mod month;
mod notice;
mod probability;
mod seed;
mod target;

pub use abc::{AbcClass, AbcThresholds, PotentialBand, ServiceLevel, cumulative_classes, cumulative_shares};
pub use as_of::{AsOf, Horizon};
pub use level::Level;
pub use money::Money;
pub use month::Month;
pub use notice::{Notice, Severity};
pub use probability::Probability;
pub use seed::Seed;
pub use target::Target;

/// A value that a domain constructor refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{what} is `{value}`, expected {expected}")]
pub struct DomainError {
    /// The name of the quantity, as in the configuration.
    pub what: &'static str,
    /// The refused value.
    pub value: String,
    /// The allowed set or range.
    pub expected: &'static str,
}
