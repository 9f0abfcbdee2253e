//! Trained models on disk: what was trained, on what, how well it did, and which one is in use.
//!
//! ```text
//! models/<target>/<model-id>/model.json   the model, floats written so that they read back bit for bit
//!                           /card.json    what it is, and the hash of every other file
//!                           /card.md      the same to read
//! models/<target>/journal.json            per horizon: what came into use when and why, and what was refused
//! ```
//!
//! A model's id is derived from its content, so the same training gives the same folder, and a card that was edited no
//! longer fits its own name. Nothing here knows what a model computes: it is anything that serde can write and read, and
//! [`Registry::register`] does it for the models of a backtest. A new model is a challenger; [`Registry::decide`] says
//! whether it may take over.
//! This guards against damage and against mixing up versions, not against somebody who rewrites folder and journal.

mod card;
mod diff;
mod error;
mod journal;
mod markdown;
mod measures;
mod promotion;
mod register;
mod store;

pub use card::{Card, CardDraft, CardMetric, DataWindow, MODEL_FORMAT, Versions, run_id};
pub use diff::{Difference, differences};
pub use error::RegistryError;
pub use journal::{Act, Entry, Override};
pub use measures::Made;
pub use promotion::{Decision, DuelOutcome};
pub use register::Registered;
pub use store::{Champion, Listed, Registry};
