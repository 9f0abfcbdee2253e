//! Files into the warehouse: read, recognised, checked against the [contract], loaded so that every row keeps the day
//! from which it was known; what cannot be read goes to quarantine, and rows in = rows loaded + rows quarantined.
//!
//! It judges single rows only. Whether the rows make sense together is the business of [`crate::check`].

pub mod contract;
mod report;

pub use report::{BatchReport, IngestReport};
