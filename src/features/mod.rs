//! Point-in-time features, baselines and labels, from the ledger and the dated facts.

pub mod catalogue;
mod error;
mod frame;

pub use error::FeatureError;
pub use frame::{ACCOUNT_ID, BASELINE_COLUMNS, BaselineFrame, FeatureFrame, LABEL_COLUMNS, LabelFrame, Slice};
