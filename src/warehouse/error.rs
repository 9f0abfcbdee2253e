//! What can go wrong in the warehouse.

use std::path::PathBuf;

/// An error of the warehouse.
#[derive(Debug, thiserror::Error)]
pub enum WarehouseError {
    /// Another process has the file open.
    #[error("warehouse `{}` is in use{}", path.display(), holder.map(|pid| format!(" by process {pid}")).unwrap_or_default())]
    InUse {
        /// The warehouse file.
        path: PathBuf,
        /// The process that holds it, where DuckDB names it.
        holder: Option<u32>,
    },
    /// The file cannot be opened: not a DuckDB file, written by a newer one, unreadable.
    #[error("warehouse `{}` cannot be opened: {source}", path.display())]
    Open {
        /// The warehouse file.
        path: PathBuf,
        /// What DuckDB said.
        source: duckdb::Error,
    },
    /// A folder that DuckDB was to read from does not exist.
    #[error("folder `{}` cannot be opened for reading: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// DuckDB refused a setting.
    #[error("warehouse setting `{setting}` is refused: {source}")]
    Setting {
        /// The statement that sets it.
        setting: String,
        /// What DuckDB said.
        source: duckdb::Error,
    },
    /// DuckDB refused or could not finish a statement.
    #[error("statement `{statement}` failed: {source}")]
    Statement {
        /// Its first line.
        statement: String,
        /// What DuckDB said.
        source: duckdb::Error,
    },
    /// A transaction could not be opened, committed or rolled back.
    #[error("transaction could not {action}: {source}")]
    Transaction {
        /// `begin` or `commit`.
        action: &'static str,
        /// What DuckDB said.
        source: duckdb::Error,
    },
    /// A column whose type has no exact counterpart on the other side of the Arrow bridge.
    #[error("column `{column}` of type {found} cannot cross between DuckDB and Polars, expected {expected}")]
    ColumnType {
        /// Its name.
        column: String,
        /// Its type.
        found: String,
        /// What can cross.
        expected: &'static str,
    },
    /// A value that does not have the type a caller reads it as.
    #[error("column {column} of a row is {found}, expected {expected}")]
    Value {
        /// Its position, from 0.
        column: usize,
        /// Its type.
        found: String,
        /// The type asked for.
        expected: &'static str,
    },
    /// Two columns of a result that differ by case at most.
    #[error("two columns are called `{column}`")]
    SameName {
        /// The name.
        column: String,
    },
    /// A result without any column that a table could hold.
    #[error("no column can be read")]
    NoColumn,
    /// Arrow data that could not be joined or exported.
    #[error("arrow: {0}")]
    Arrow(#[from] duckdb::arrow::error::ArrowError),
    /// Polars refused the data.
    #[error("frame: {0}")]
    Frame(#[from] polars::error::PolarsError),
    /// A table was created by a program that defined it otherwise.
    #[error("table `{table}` of the warehouse has another definition than this version of headroom expects")]
    Outdated {
        /// Its name.
        table: String,
    },
}

impl WarehouseError {
    /// The remedy, where there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::InUse { holder, .. } => Some(match holder {
                Some(pid) => format!("wait until process {pid} has finished, or end it"),
                None => "wait until the other program has closed it".into(),
            }),
            Self::Open { path, .. } | Self::Folder { path, .. } if !path.exists() => {
                Some("check the path, and that its folder exists".into())
            }
            Self::Open { path, .. } => {
                Some(format!("all it holds is rebuilt from the sources: move `{}` away and run again", path.display()))
            }
            Self::ColumnType { found, .. } if found.starts_with("Hugeint") => {
                Some("a sum of integers is HUGEINT: write `CAST(sum(x) AS BIGINT)`".into())
            }
            Self::ColumnType { .. } => Some("cast the column in SQL".into()),
            Self::SameName { .. } => Some("name one of them otherwise in the query, with AS".into()),
            Self::Outdated { .. } => {
                Some("all it holds is rebuilt from the sources: delete `data/warehouse.duckdb` and run again".into())
            }
            Self::Statement { .. } if self.is_out_of_memory() => {
                Some("raise the memory limit, or lower the number of threads".into())
            }
            _ => None,
        }
    }

    /// Whether a number did not fit its type: money beyond 64 bits, say.
    pub fn is_overflow(&self) -> bool {
        self.says("Out of Range Error") || self.says("out of range") || self.says("Overflow")
    }

    fn is_out_of_memory(&self) -> bool {
        self.says("Out of Memory")
    }

    fn says(&self, text: &str) -> bool {
        matches!(self, Self::Statement { source: duckdb::Error::DuckDBFailure(_, Some(message)), .. } if message.contains(text))
    }

    pub(super) fn statement(sql: &str, source: duckdb::Error) -> Self {
        let first = sql.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("--"));
        Self::Statement { statement: first.unwrap_or_default().chars().take(120).collect(), source }
    }

    /// The error of opening `path`, which is our own where the file is locked.
    pub(super) fn open(path: PathBuf, source: duckdb::Error) -> Self {
        match &source {
            duckdb::Error::DuckDBFailure(_, Some(message)) if message.contains("Could not set lock on file") => {
                Self::InUse { path, holder: holder(message) }
            }
            _ => Self::Open { path, source },
        }
    }
}

/// The process id in `... Conflicting lock is held in /usr/bin/headroom (PID 4711). See also ...`.
fn holder(message: &str) -> Option<u32> {
    let (_, after) = message.split_once("(PID ")?;
    after.split(')').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_of_a_lock_is_read_from_duckdbs_message() {
        assert_eq!(holder("Conflicting lock is held in /usr/bin/headroom (PID 4711). See also"), Some(4711));
        assert_eq!(holder("Conflicting lock is held"), None);
    }

    #[test]
    fn a_statement_is_named_by_its_first_line_of_sql() {
        let error = WarehouseError::statement("-- a header\n\n  SELECT 1\nFROM x", duckdb::Error::InvalidQuery);
        assert!(error.to_string().starts_with("statement `SELECT 1` failed"), "{error}");
    }
}
