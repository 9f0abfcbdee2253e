//! From scores to a list people can act on: who comes first, in which class, with what to do and why.
//!
//! ```text
//! ScoreFrame + Evidence (verdicts, skill of growth, shocks) ─rank─▶ Ranking
//! ```
//!
//! Potential is shown only where the backtest's third verdict holds; otherwise the list follows expected margin and says
//! why. Nothing is predicted here, and no sentence is written: reasons leave as kinds with figures.

mod check;
mod classes;
mod contributions;
mod error;
mod evidence;
mod facts;
mod headline;
mod list;
mod order;
mod ranking;
mod reasons;
mod service;

pub use classes::{Cell, ClassSummary, Classes, Movement, classes_at};
pub use contributions::READABLE_UNITS;
pub use error::RankError;
pub use evidence::{Evidence, Explanation};
pub use headline::Headline;
pub use list::{RankInput, rank};
pub use order::Basis;
pub use ranking::{Apart, Ranking, RankingParts};
pub use reasons::{AccountReasons, Reason, ReasonKind, Stance};
pub use service::{Cadence, Channel, cadence};
