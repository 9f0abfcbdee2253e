//! The stages as words, and how a run tells of them.

use crate::domain::Notice;

/// A stage of the main job, in the order of the flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Files into the warehouse.
    Ingest,
    /// Records into accounts.
    Resolve,
    /// The quality gates.
    Check,
    /// The monthly ledger.
    History,
    /// Every rung on past origins.
    Backtest,
    /// The chosen recipes into the registry.
    Train,
    /// Every account's figures.
    Score,
    /// Classes, bands, order.
    Rank,
    /// Pages and tables.
    Report,
}

impl Stage {
    /// Its name: folder, subcommand, test file and tracing span.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Resolve => "resolve",
            Self::Check => "check",
            Self::History => "history",
            Self::Backtest => "backtest",
            Self::Train => "train",
            Self::Score => "score",
            Self::Rank => "rank",
            Self::Report => "report",
        }
    }
}

/// Whether a result was made or found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Computed in this run.
    Made,
    /// Taken from an earlier run that was asked exactly the same.
    Reused,
}

/// Told of each stage as it begins and ends; the command line implements it, tests ignore it.
pub trait Progress: Sync {
    /// A stage begins.
    fn started(&self, stage: Stage);

    /// Part of a stage is done.
    fn advanced(&self, done: usize, of: usize);

    /// A stage has ended; `summary` says in one line what came out.
    fn finished(&self, stage: Stage, origin: Origin, summary: &str);

    /// The run ends with an error; this is what had come up until then.
    fn failed(&self, notices: &[Notice]);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn started(&self, _: Stage) {}

    fn advanced(&self, _: usize, _: usize) {}

    fn finished(&self, _: Stage, _: Origin, _: &str) {}

    fn failed(&self, _: &[Notice]) {}
}
