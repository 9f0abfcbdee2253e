//! What an analyst asks of finished figures: what moved and why, whether the data still look as they did in training,
//! what came of what was published, and how one account's figures came about.
//!
//! Nothing is predicted here that a model in use does not predict, and nothing is decided.

mod change;
mod comparable;
mod drift;
mod error;
mod evaluate;
mod explain;

pub use change::{Changes, Mover, Part, Views, changes};
pub use comparable::Comparable;
pub use drift::{Band, Drift, drift, drift_frame};
pub use error::AnalysisError;
pub use evaluate::{Assessed, Evaluation, Misses, Promised, Published, evaluate};
pub use explain::{Cause, Dossier, Figure, Subject, explain};
