//! headroom: which customers can buy more, how much, how sure are we, and whom do we visit next month?

pub mod analysis;
pub mod atomic;
pub mod backtest;
pub mod check;
pub mod config;
pub mod doctor;
pub mod domain;
pub mod features;
pub mod fetch;
pub mod forget;
pub mod history;
pub mod ingest;
pub mod learners;
pub mod pipeline;
pub mod rank;
pub mod registry;
pub mod report;
pub mod resolve;
pub mod score;
pub mod simulate;
pub mod survey;
pub mod train;
pub mod warehouse;

/// Hash of this crate's sources: a result made by other code is never reused.
pub const CODE_HASH: &str = env!("HEADROOM_CODE_HASH");
