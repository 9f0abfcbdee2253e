//! The connection: opened with its settings locked, then statements and transactions.

use std::path::{Path, PathBuf};

use duckdb::{Connection, Statement, params_from_iter};
use polars::prelude::DataFrame;

use super::{Row, Value, WarehouseError, WarehouseOptions, arrow_bridge, schema};

/// An open warehouse.
///
/// One process at a time may hold a file. It is `Send`, not `Sync`: DuckDB itself uses the threads it was given.
pub struct Warehouse {
    pub(super) connection: Connection,
}

impl std::fmt::Debug for Warehouse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Warehouse").field(&self.connection.path()).finish()
    }
}

impl Warehouse {
    /// Opens the file at `path`, made with its shared tables if it does not exist.
    ///
    /// # Errors
    /// If another process holds the file ([`WarehouseError::InUse`]), if it is not a warehouse, if it was made by a
    /// version of headroom with other tables ([`WarehouseError::Outdated`]), or if a folder of `options` is missing.
    pub fn open(path: impl AsRef<Path>, options: &WarehouseOptions) -> Result<Self, WarehouseError> {
        let path = path.as_ref();
        let connection = Connection::open(path).map_err(|source| WarehouseError::open(path.into(), source))?;
        Self::with_settings(connection, options, Some(path))
    }

    /// A warehouse that lives in memory only and never spills, for tests and trials.
    ///
    /// # Errors
    /// As [`Warehouse::open`].
    pub fn in_memory(options: &WarehouseOptions) -> Result<Self, WarehouseError> {
        let path = PathBuf::from(":memory:");
        let connection = Connection::open_in_memory().map_err(|source| WarehouseError::open(path, source))?;
        Self::with_settings(connection, options, None)
    }

    fn with_settings(
        connection: Connection,
        options: &WarehouseOptions,
        path: Option<&Path>,
    ) -> Result<Self, WarehouseError> {
        for setting in settings(options, path)? {
            connection.execute_batch(&setting).map_err(|source| WarehouseError::Setting { setting, source })?;
        }
        let warehouse = Self { connection };
        schema::create_shared_tables(&warehouse)?;
        Ok(warehouse)
    }

    /// Another connection to the same tables, for a thread of its own. It sees what was committed, and has temporary
    /// tables of its own.
    ///
    /// # Errors
    /// If DuckDB refuses.
    pub fn beside(&self) -> Result<Self, WarehouseError> {
        let connection = self.connection.try_clone();
        Ok(Self { connection: connection.map_err(|source| WarehouseError::statement("connect once more", source))? })
    }

    /// Copies all tables into a new file that takes the place of `path`, the one this warehouse was opened from: what
    /// was deleted stays readable in a file's free blocks. Its folder must be within the warehouse's reach.
    ///
    /// # Errors
    /// If DuckDB or the file system refuses; the old file is in place then.
    pub fn write_anew(self, path: &Path, options: &WarehouseOptions) -> Result<Self, WarehouseError> {
        let draft = path.with_file_name(format!("{}warehouse.duckdb", crate::atomic::DRAFT));
        let failed = |source: std::io::Error| WarehouseError::Folder { path: draft.clone(), source };
        match std::fs::remove_file(&draft) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let name = self.query("SELECT current_database()", &[], |row| row.get::<String>(0))?.remove(0);
        let name = name.replace('"', "\"\"");
        self.execute_script(&format!("ATTACH {} AS written_anew", quoted(&draft.display().to_string())))?;
        self.execute_script(&format!("COPY FROM DATABASE \"{name}\" TO written_anew; DETACH written_anew"))?;
        drop(self);
        std::fs::File::open(&draft).and_then(|file| file.sync_all()).map_err(failed)?;
        std::fs::rename(&draft, path).map_err(failed)?;
        let _ = std::fs::remove_file(format!("{}.wal", path.display()));
        Self::open(path, options)
    }

    /// Runs one statement with its parameters and says how many rows it changed.
    ///
    /// # Errors
    /// If DuckDB refuses it.
    pub fn execute(&self, sql: &str, params: &[Value]) -> Result<usize, WarehouseError> {
        self.connection.execute(sql, params_from_iter(params)).map_err(|source| WarehouseError::statement(sql, source))
    }

    /// Runs statements separated by `;`, without parameters: the files of a stage that make its tables.
    ///
    /// # Errors
    /// At the first statement that DuckDB refuses; earlier ones stay unless a [transaction](Self::transaction) is
    /// open.
    pub fn execute_script(&self, sql: &str) -> Result<(), WarehouseError> {
        self.connection.execute_batch(sql).map_err(|source| WarehouseError::statement(sql, source))
    }

    /// Reads every row of a small result.
    ///
    /// # Errors
    /// If DuckDB refuses the statement, or `read` a row.
    pub fn query<T>(
        &self,
        sql: &str,
        params: &[Value],
        mut read: impl FnMut(&Row<'_>) -> Result<T, WarehouseError>,
    ) -> Result<Vec<T>, WarehouseError> {
        let failed = |source| WarehouseError::statement(sql, source);
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        let mut rows = statement.query(params_from_iter(params)).map_err(failed)?;
        let mut values = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            values.push(read(&Row(row))?);
        }
        Ok(values)
    }

    /// Reads a result into Polars, column by column and without a detour over text.
    ///
    /// The order of rows is that of the SQL: end it with an `ORDER BY` over a full key. Columns of more than about a
    /// million rows come in several chunks. Money is BIGINT here as there.
    ///
    /// # Errors
    /// If DuckDB refuses the statement or fails while it runs, or if a column's type has no exact counterpart
    /// ([`WarehouseError::ColumnType`]): HUGEINT, intervals, times, time zones, nested types.
    pub fn frame(&self, sql: &str, params: &[Value]) -> Result<DataFrame, WarehouseError> {
        let failed = |source| WarehouseError::statement(sql, source);
        arrow_bridge::frame_of(&self.streamed(sql, params)?, failed)
    }

    /// Hands a result to `read` chunk by chunk as DuckDB makes it, a few thousand rows at a time, so that no more of it
    /// is in memory; `read` runs beside DuckDB, on a thread of its own. Without an `ORDER BY` the rows come in any order.
    ///
    /// # Errors
    /// As [`Self::frame`]; otherwise the first error of `read`.
    pub fn each_chunk<E: From<WarehouseError> + Send>(
        &self,
        sql: &str,
        params: &[Value],
        read: impl FnMut(&DataFrame) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        let failed = |source| WarehouseError::statement(sql, source);
        arrow_bridge::each_chunk(&self.streamed(sql, params)?, failed, read)
    }

    /// A statement whose result is fetched while it runs.
    fn streamed(&self, sql: &str, params: &[Value]) -> Result<Statement<'_>, WarehouseError> {
        let failed = |source| WarehouseError::statement(sql, source);
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        // The iterator would panic where a fetch fails; the bridge steps the statement itself.
        let _ = statement.stream_arrow(params_from_iter(params)).map_err(failed)?;
        Ok(statement)
    }

    /// Runs `work` in a transaction: committed if it returns `Ok`, rolled back if it returns `Err` or panics.
    ///
    /// Transactions do not nest.
    ///
    /// # Errors
    /// The error of `work`, or of the transaction itself.
    pub fn transaction<T, E: From<WarehouseError>>(&self, work: impl FnOnce(&Self) -> Result<T, E>) -> Result<T, E> {
        let transaction = self
            .connection
            .unchecked_transaction()
            .map_err(|source| WarehouseError::Transaction { action: "begin", source })?;
        let value = work(self)?;
        transaction.commit().map_err(|source| WarehouseError::Transaction { action: "commit", source })?;
        Ok(value)
    }
}

/// The statements that give a connection its resources and then close it: the last one locks all settings.
fn settings(options: &WarehouseOptions, path: Option<&Path>) -> Result<Vec<String>, WarehouseError> {
    // Extensions are never fetched: Parquet and JSON are linked in.
    let mut settings =
        vec!["SET autoinstall_known_extensions = false".into(), "SET autoload_known_extensions = false".into()];
    if let Some(threads) = options.threads {
        settings.push(format!("SET threads = {threads}"));
    }
    if let Some(bytes) = options.memory_limit {
        settings.push(format!("SET memory_limit = '{bytes}B'"));
    }
    let spill = path.map(|path| format!("{}.tmp", path.display())).unwrap_or_default();
    settings.push(format!("SET temp_directory = {}", quoted(&spill)));
    let mut folders = Vec::new();
    for folder in &options.folders {
        let absolute =
            folder.canonicalize().map_err(|source| WarehouseError::Folder { path: folder.clone(), source })?;
        // Both spellings: DuckDB compares text and does not follow links.
        folders.push(quoted(&absolute.display().to_string()));
        folders.push(quoted(&folder.display().to_string()));
    }
    settings.push(format!("SET allowed_directories = [{}]", folders.join(", ")));
    settings.push("SET enable_external_access = false".into());
    settings.push("SET lock_configuration = true".into());
    Ok(settings)
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params;

    fn memory() -> Warehouse {
        Warehouse::in_memory(&WarehouseOptions::default()).unwrap()
    }

    fn count(warehouse: &Warehouse, table: &str) -> i64 {
        warehouse.query(&format!("SELECT count(*) FROM {table}"), params![], |row| row.get(0)).unwrap()[0]
    }

    #[test]
    fn a_failed_transaction_leaves_nothing_and_a_good_one_stays() {
        let warehouse = memory();
        warehouse.execute("CREATE TABLE t(x BIGINT)", params![]).unwrap();
        let failed = warehouse.transaction(|w| -> Result<(), WarehouseError> {
            w.execute("INSERT INTO t VALUES (?)", params![1_i64])?;
            w.execute("INSERT INTO nowhere VALUES (1)", params![]).map(|_| ())
        });
        assert!(failed.unwrap_err().to_string().contains("INSERT INTO nowhere"));
        assert_eq!(count(&warehouse, "t"), 0);

        let changed: Result<usize, WarehouseError> =
            warehouse.transaction(|w| w.execute("INSERT INTO t VALUES (?), (?)", params![1_i64, 2_i64]));
        assert_eq!((changed.unwrap(), count(&warehouse, "t")), (2, 2));
    }

    #[test]
    fn a_panic_inside_a_transaction_rolls_back() {
        let warehouse = memory();
        warehouse.execute("CREATE TABLE t(x BIGINT)", params![]).unwrap();
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            warehouse.transaction(|w| -> Result<(), WarehouseError> {
                w.execute("INSERT INTO t VALUES (1)", params![])?;
                panic!("in the middle")
            })
        }));
        assert!(outcome.is_err());
        assert_eq!(count(&warehouse, "t"), 0);
    }

    #[test]
    fn a_transaction_in_a_transaction_is_an_error_and_the_outer_one_rolls_back() {
        let warehouse = memory();
        warehouse.execute("CREATE TABLE t(x BIGINT)", params![]).unwrap();
        let outcome = warehouse.transaction(|outer| -> Result<(), WarehouseError> {
            outer.execute("INSERT INTO t VALUES (1)", params![])?;
            outer.transaction(|_| Ok(()))
        });
        assert!(matches!(outcome, Err(WarehouseError::Transaction { action: "begin", .. })), "{outcome:?}");
        assert_eq!(count(&warehouse, "t"), 0);
    }

    #[test]
    fn only_files_of_the_named_folders_are_within_reach() {
        let inside = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        let options = WarehouseOptions::default().folder(inside.path());
        let warehouse = Warehouse::open(inside.path().join("w.duckdb"), &options).unwrap();
        let copy = |folder: &Path| {
            let file = quoted(&folder.join("x.parquet").display().to_string());
            warehouse.execute_script(&format!("COPY (SELECT 42 AS x) TO {file}; SELECT * FROM read_parquet({file})"))
        };
        copy(inside.path()).unwrap();
        let error = copy(outside.path()).unwrap_err();
        assert!(error.to_string().contains("Permission Error"), "{error}");
        let error = warehouse.execute("SET threads = 1", params![]).unwrap_err();
        assert!(error.to_string().contains("locked"), "{error}");
    }

    #[test]
    fn what_does_not_fit_into_memory_spills_beside_the_file_or_is_refused_with_a_hint() {
        let folder = tempfile::tempdir().unwrap();
        let options = WarehouseOptions::default().memory_limit(48 << 20).threads(2.try_into().unwrap());
        let groups = |warehouse: Warehouse| {
            let sql = "SELECT count(*) FROM (SELECT hash(i), sum(i) FROM range(3000000) t(i) GROUP BY 1)";
            warehouse.query(sql, params![], |row| row.get::<i64>(0))
        };
        let on_disk = Warehouse::open(folder.path().join("w.duckdb"), &options).unwrap();
        assert_eq!(groups(on_disk).unwrap(), [3_000_000]);
        let error = groups(Warehouse::in_memory(&options).unwrap()).unwrap_err();
        assert!(error.hint().is_some_and(|hint| hint.contains("memory limit")), "{error}");
    }

    #[test]
    fn a_file_held_by_another_process_is_refused_and_the_process_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.duckdb");
        let mut holder = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", "warehouse::connection::tests::holds_a_file_until_told"])
            .env("HEADROOM_TEST_HOLD", &path)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let output = std::io::BufReader::new(holder.stdout.take().unwrap());
        let mut lines = std::io::BufRead::lines(output).map_while(Result::ok);
        assert!(lines.any(|line| line.ends_with("holding")));
        let error = Warehouse::open(&path, &WarehouseOptions::default()).unwrap_err();
        drop(holder.stdin.take());
        let pid = holder.id();
        assert!(holder.wait().unwrap().success());
        assert!(error.to_string().ends_with(&format!("is in use by process {pid}")), "{error}");
        assert!(error.hint().unwrap().contains("wait"));
        Warehouse::open(&path, &WarehouseOptions::default()).unwrap();
    }

    #[test]
    #[ignore = "the second process of the test above"]
    fn holds_a_file_until_told() {
        let path = std::env::var_os("HEADROOM_TEST_HOLD").unwrap();
        let warehouse = Warehouse::open(PathBuf::from(path), &WarehouseOptions::default()).unwrap();
        println!("holding");
        std::io::stdin().read_line(&mut String::new()).unwrap();
        drop(warehouse);
    }

    #[test]
    fn a_file_that_is_no_warehouse_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.duckdb");
        std::fs::write(&path, "order_id;customer_id\n".repeat(1000)).unwrap();
        let error = Warehouse::open(&path, &WarehouseOptions::default()).unwrap_err();
        assert!(matches!(&error, WarehouseError::Open { path: named, .. } if *named == path), "{error:?}");
        assert!(error.hint().unwrap().contains("move"));
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = Warehouse::in_memory(&WarehouseOptions::default().folder("/nowhere/at/all")).unwrap_err();
        assert!(error.to_string().contains("/nowhere/at/all"), "{error}");
    }
}
