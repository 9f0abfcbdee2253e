//! Trained models on disk: what was trained, on what, how well it did, and which one is in use.
//!
//! ```text
//! models/<target>/<model-id>/model.json   the model, floats written so that they read back bit for bit
//!                           /card.json    what it is, and the hash of every other file
//!                           /card.md      the same to read
//! models/<target>/champion.json           per horizon: the model in use, and all before it
//! ```
//!
//! A model's id is derived from its content, so the same training gives the same folder, and a card that was edited no
//! longer fits its own name. Nothing here knows what a model computes: it is anything that serde can write and read, and
//! [`Registry::register`] does it for the champions of a backtest.
//! This guards against damage and against mixing up versions, not against somebody who rewrites folder and pointer.

mod card;
mod champions;
mod error;
mod measures;
mod register;
mod store;

pub use card::{Card, CardDraft, CardMetric, DataWindow, MODEL_FORMAT, Versions, run_id};
pub use champions::Reign;
pub use error::RegistryError;
pub use register::Registered;
pub use store::{Champion, Listed, Registry};
