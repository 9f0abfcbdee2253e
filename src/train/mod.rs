//! From slices to fitted models: the ladder, the encoding, and one file per rung.
//!
//! Arrays appear here and only from here inward; nothing here knows a warehouse, a file of the user, or a clock. What
//! a model is worth is not decided here but in [`crate::backtest`].

mod encode;
mod error;
mod fit;
mod interval;
mod ladder;
mod matrix;
mod model;
pub(crate) mod pairs;
mod panel;
mod recipe;
mod rungs;
mod set;
mod tree_encode;

pub use encode::{Encoder, FeatureList};
pub use error::TrainError;
pub use fit::{FitContext, fit};
pub(crate) use fit::{Task, fit_rows};
pub use interval::{Interval, IntervalForm, IntervalModel};
pub use ladder::{Candidate, Ladder, Params};
pub use model::{Contributions, FittedModel};
pub(crate) use panel::MAX_ROWS;
pub use panel::{Panel, Rows};
pub use recipe::Recipe;
pub(crate) use rungs::{baselines, comparable_columns};
pub use set::TrainingSet;
pub use tree_encode::TreeEncoder;
