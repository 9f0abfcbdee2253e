//! The report: a page that a sales manager understands, its charts, and every table as a file.
//!
//! ```text
//! results of all stages ─assemble─▶ Report (data) ─render─▶ index.html, charts/*.{svg,png}, tables/*.{csv,parquet}, report.json
//! ```
//!
//! Computes no business number: it gathers what the stages hand over, refuses what contradicts itself, and formats it.

mod assemble;
pub mod chart;
mod check;
mod error;
#[cfg(test)]
pub(crate) mod fixture;
mod locale;
pub mod model;
mod render;
mod text;
mod voice;

pub use assemble::Inputs;
pub use error::ReportError;
pub use model::Report;
pub use render::{in_words, render, write};
