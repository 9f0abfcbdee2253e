//! The one integration test binary; a module per stage. See `tests/README.md`.

mod backtest;
mod binary;
mod boosting;
mod cdnow;
mod check;
mod company;
mod features;
mod glm;
mod history;
mod ingest;
mod ingest_history;
mod leaks;
mod learners;
mod main_job;
mod project;
mod rank;
mod ranking_flow;
mod real_data;
mod registry;
mod report;
mod score;
mod simulate;
mod slices;
mod sources;
mod synthetic;
mod train;
