//! The one integration test binary; a module per stage. See `tests/README.md`.

mod analyst;
mod backtest;
mod binary;
mod boosting;
mod cdnow;
mod check;
mod company;
mod crossed;
#[allow(dead_code)]
#[path = "../../examples/custom_learner.rs"]
mod custom_learner;
mod features;
mod fetch;
mod forget;
mod formats;
mod glm;
mod history;
mod hostile;
mod ingest;
mod ingest_history;
mod inventory;
mod leaks;
mod learners;
mod linkage;
mod mailbox;
mod main_job;
mod mess;
mod models;
mod potential;
mod presets;
mod project;
mod rank;
mod ranking_flow;
mod real_data;
mod registry;
mod report;
mod resolve;
mod score;
mod simulate;
mod slices;
mod sources;
mod survey;
mod synthetic;
mod total_bias;
mod train;
