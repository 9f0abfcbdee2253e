//! The one integration test binary; a module per stage. See `tests/README.md`.

mod boosting;
mod backtest;
mod cdnow;
mod company;
mod features;
mod glm;
mod leaks;
mod learners;
mod rank;
mod ranking_flow;
mod registry;
mod score;
mod simulate;
mod synthetic;
mod slices;
