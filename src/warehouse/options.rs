//! How a warehouse is opened.

use std::{num::NonZeroUsize, path::PathBuf};

/// Resources and reach of a [`Warehouse`](super::Warehouse).
#[derive(Debug, Clone, Default)]
pub struct WarehouseOptions {
    /// Threads of DuckDB; all cores if `None`. Results do not depend on it.
    pub threads: Option<NonZeroUsize>,
    /// Memory of DuckDB in bytes, beyond which it spills to `<file>.tmp/`; 80 % of the machine's if `None`.
    pub memory_limit: Option<u64>,
    /// Folders whose files SQL may read and write (`read_parquet`, `COPY`), besides the warehouse itself.
    pub folders: Vec<PathBuf>,
}

impl WarehouseOptions {
    /// The same with `threads` threads.
    #[must_use]
    pub fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// The same with at most `bytes` of memory.
    #[must_use]
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.memory_limit = Some(bytes);
        self
    }

    /// The same, with the files below `folder` within reach of SQL.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folders.push(folder.into());
        self
    }
}
