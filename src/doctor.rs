//! Whether this machine and this project are fit to run, and what to do if not. Changes nothing.

use std::{fmt, fs, path::Path};

use crate::{
    config::{Overrides, RunConfig},
    pipeline::PipelineError,
    registry::Registry,
    warehouse::{Warehouse, WarehouseOptions},
};

/// How a finding is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Good,
    /// Works, but something is missing.
    Missing,
    /// A run would fail.
    Broken,
}

/// One thing that was looked at.
#[derive(Debug)]
pub struct Finding {
    /// What was looked at.
    pub what: &'static str,
    /// How it is.
    pub state: State,
    /// What was found.
    pub text: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.state {
            State::Good => "ok",
            State::Missing => "--",
            State::Broken => "XX",
        };
        write!(f, "{mark}  {:<14} {}", self.what, self.text)?;
        match &self.remedy {
            Some(remedy) => write!(f, "\n    {:<14} {remedy}", "do:"),
            None => Ok(()),
        }
    }
}

/// All that was looked at.
#[derive(Debug)]
pub struct Examination {
    /// In the order in which a run would meet them.
    pub findings: Vec<Finding>,
    failure: Option<PipelineError>,
}

impl Examination {
    /// The first error that would stop a run.
    ///
    /// # Errors
    /// If there is one.
    pub fn into_result(self) -> Result<(), PipelineError> {
        self.failure.map_or(Ok(()), Err)
    }

    fn good(&mut self, what: &'static str, text: String) {
        self.findings.push(Finding { what, state: State::Good, text, remedy: None });
    }

    fn missing(&mut self, what: &'static str, text: String, remedy: &str) {
        self.findings.push(Finding { what, state: State::Missing, text, remedy: Some(remedy.into()) });
    }

    fn broken(&mut self, what: &'static str, error: impl Into<PipelineError>) {
        let error = error.into();
        self.findings.push(Finding { what, state: State::Broken, text: error.to_string(), remedy: error.hint() });
        self.failure.get_or_insert(error);
    }
}

/// Looks at the machine and at `project`.
pub fn examine(project: &Path, threads: Option<usize>) -> Examination {
    let mut found = Examination { findings: Vec::new(), failure: None };
    found.good("headroom", format!("{} (code {})", env!("CARGO_PKG_VERSION"), crate::CODE_HASH));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    found.good("threads", format!("{} of {cores} cores", threads.unwrap_or(cores)));
    let version = Warehouse::in_memory(&WarehouseOptions::default())
        .and_then(|warehouse| warehouse.query("SELECT version()", &[], |row| row.get::<String>(0)));
    match version {
        Ok(version) => found.good("duckdb", version.join("")),
        Err(error) => found.broken("duckdb", error),
    }
    match RunConfig::load(project, Overrides::default()) {
        Ok(config) => {
            found.good("configuration", config.project.display().to_string());
            examine_project(&config, &mut found);
        }
        Err(error) => found.broken("configuration", error),
    }
    found
}

fn examine_project(config: &RunConfig, found: &mut Examination) {
    match tempfile::Builder::new().prefix(".headroom-doctor").tempfile_in(&config.project) {
        Ok(_) => found.good("folder", "can be written".into()),
        Err(error) => found.broken("folder", PipelineError::io(&config.project, &error)),
    }
    let orders = fs::read_dir(config.project.join(&config.tables)).is_ok_and(|entries| {
        entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("order_lines"))
    });
    if orders || config.sources.contains_key("order_lines") {
        found.good("order lines", "there is a source".into());
    } else {
        let text = format!("no order_lines.csv or .parquet in {}", config.tables.display());
        found.missing("order lines", text, "put one there, or map your files in [order_lines] of headroom.toml");
    }
    if config.warehouse().exists() {
        match Warehouse::open(config.warehouse(), &WarehouseOptions::default()) {
            Ok(_) => found.good("warehouse", config.warehouse().display().to_string()),
            Err(error) => found.broken("warehouse", error),
        }
    } else {
        found.missing("warehouse", "nothing loaded yet".into(), "headroom ingest, or run");
    }
    match Registry::open(config.models()).list() {
        Ok(models) => {
            let damaged: Vec<_> = models.iter().filter(|model| model.card.is_err()).collect();
            for model in &damaged {
                let text = model.card.as_ref().err().map(ToString::to_string).unwrap_or_default();
                found.missing("models", format!("{}: {text}", model.id), "delete its folder and run `headroom train`");
            }
            found.good("models", format!("{} usable", models.len() - damaged.len()));
        }
        Err(error) => found.broken("models", error),
    }
}
