//! A Parquet file that is filled in row groups, so that memory does not grow with the table.
//!
//! The file takes its name only when it is complete: an interrupted run leaves `*.partial`, never half a table.

use std::{
    fs::{self, File},
    io::BufWriter,
    path::{Path, PathBuf},
};

use polars::{io::parquet::write::BatchedWriter, prelude::*};

use super::SimulateError;

/// Rows gathered before a row group is written.
const ROW_GROUP: usize = 250_000;

/// An open table.
pub(super) struct Sink {
    table: &'static str,
    path: PathBuf,
    writer: BatchedWriter<BufWriter<File>>,
    pending: DataFrame,
    rows: u64,
}

impl Sink {
    /// Opens `<folder>/<table>.parquet` for rows of the schema of `empty`.
    pub(super) fn open(folder: &Path, table: &'static str, empty: DataFrame) -> Result<Self, SimulateError> {
        let path = folder.join(format!("{table}.parquet"));
        let partial = partial(&path);
        let file = File::create(&partial).map_err(|source| SimulateError::Write { path: partial, source })?;
        let writer = ParquetWriter::new(BufWriter::new(file))
            .with_compression(ParquetCompression::Zstd(None))
            .batched(empty.schema())
            .map_err(|source| SimulateError::Encode { table, source })?;
        Ok(Self { table, path, writer, pending: empty, rows: 0 })
    }

    /// Adds rows, and writes a row group when enough have gathered.
    pub(super) fn add(&mut self, rows: DataFrame) -> Result<(), SimulateError> {
        self.rows += rows.height() as u64;
        self.pending.vstack_mut_owned(rows).map_err(|source| SimulateError::Encode { table: self.table, source })?;
        if self.pending.height() >= ROW_GROUP { self.flush() } else { Ok(()) }
    }

    /// Writes what is left, gives the file its name, and returns its name, rows and bytes.
    pub(super) fn close(mut self) -> Result<(&'static str, u64, u64), SimulateError> {
        self.flush()?;
        let bytes = self.writer.finish().map_err(|source| SimulateError::Encode { table: self.table, source })?;
        // The buffered file is written out when the writer goes.
        drop(self.writer);
        fs::rename(partial(&self.path), &self.path)
            .map_err(|source| SimulateError::Write { path: self.path.clone(), source })?;
        Ok((self.table, self.rows, bytes))
    }

    fn flush(&mut self) -> Result<(), SimulateError> {
        if self.pending.height() == 0 {
            return Ok(());
        }
        let empty = self.pending.clear();
        let mut group = std::mem::replace(&mut self.pending, empty);
        group.rechunk_mut();
        self.writer.write_batch(&group).map_err(|source| SimulateError::Encode { table: self.table, source })
    }
}

fn partial(path: &Path) -> PathBuf {
    path.with_extension("parquet.partial")
}
