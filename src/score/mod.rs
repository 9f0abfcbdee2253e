//! From forecasts to one row per account: what to expect, what a good year looks like, how much lies between.
//!
//! ```text
//! Slice + Forecast + every Account ─score─▶ ScoreFrame ─rank─▶ Ranking
//! ```
//!
//! Headroom is `max(0, level - E)`, less the expected loss on late payers; its margin follows the account's shrunk
//! margin rate. Nothing is ranked or classed here, and no sum of bounds is ever a bound of a sum (see [`Total`]).

mod account;
mod columns;
mod credibility;
mod error;
mod forecast;
mod frame;
mod headroom;
mod horizons;
mod population;
mod portfolio;
mod rates;
mod whitespace;

pub use account::{Account, Standing};
pub use credibility::Observation;
pub use error::ScoreError;
pub use forecast::{Forecast, Refit};
pub use frame::{ScoreFrame, score};
pub use horizons::{expected, horizons};
pub use population::Population;
pub use portfolio::{Shock, Summand, Total, shocks, totals};
pub use whitespace::{Suggestion, WhitespaceScores, whitespace};
