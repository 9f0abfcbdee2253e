//! Point-in-time features, baselines and labels, from the ledger and the dated facts.
//!
//! ```text
//! Warehouse ── Facts::load ──▶ Facts ── as_of(t) ──▶ Known ──▶ Portfolio ──▶ FeatureFrame
//!                                                                       ├──▶ BaselineFrame ──┐
//!                                as_of(t + H, known by) ──▶ Known ──────┴──▶ LabelFrame      ├──▶ Slice
//! ```
//!
//! [`Facts`] hold everything and show nothing but views as of a month; each family of features is one file. Nothing here
//! trains, scores or judges, and staff answers are never read.

mod as_of;
mod assortment;
mod baselines;
pub mod catalogue;
mod class;
mod complaints;
mod contacts;
mod dialogue;
mod error;
mod firmographics;
mod frame;
mod frequency;
mod labels;
mod members;
mod monetary;
mod opportunities;
mod origin;
mod payment;
mod population;
mod portfolio;
mod public;
mod purchases;
mod recency;
mod season;
mod seasonality;
mod survey;
mod tenure;
mod trend;

pub use as_of::{Facts, Known};
pub use error::FeatureError;
pub use frame::{ACCOUNT_ID, BASELINE_COLUMNS, BaselineFrame, FeatureFrame, LABEL_COLUMNS, LabelFrame, Seasons, Slice};
pub use members::{Members, Parts};
pub use payment::Overdue;
pub use population::{ACCOUNT_COLUMNS, AccountFrame};
pub use purchases::Purchases;
