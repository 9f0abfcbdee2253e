//! Tables and their versions: each table is remembered with the hash of its definition, so that a file made by
//! another version is refused instead of misread.

use std::borrow::Cow;

use super::{Warehouse, WarehouseError};
use crate::params;

/// A table as its owner declares it.
#[derive(Debug, Clone)]
pub struct TableDefinition {
    /// Its name.
    pub name: Cow<'static, str>,
    /// Its `CREATE TABLE` statement.
    pub ddl: Cow<'static, str>,
}

macro_rules! shared_table {
    ($name:literal) => {
        TableDefinition { name: Cow::Borrowed($name), ddl: Cow::Borrowed(include_str!(concat!("sql/", $name, ".sql"))) }
    };
}

/// The tables that several stages read or write.
const SHARED: [TableDefinition; 12] = [
    shared_table!("batches"),
    shared_table!("quarantine"),
    shared_table!("left_out"),
    shared_table!("accounts"),
    shared_table!("survivorship"),
    shared_table!("source_trust"),
    shared_table!("group_members"),
    shared_table!("ledger_groups"),
    shared_table!("ledger_accounts"),
    shared_table!("ledger_batches"),
    shared_table!("ledger_customers"),
    shared_table!("stage_runs"),
];

pub(super) fn create_shared_tables(warehouse: &Warehouse) -> Result<(), WarehouseError> {
    warehouse.execute(include_str!("sql/table_definitions.sql"), params![])?;
    warehouse.create_tables(&SHARED)
}

impl Warehouse {
    /// Creates the tables that do not exist yet; all or none.
    ///
    /// # Errors
    /// If a table exists with another definition ([`WarehouseError::Outdated`]), or DuckDB refuses one.
    pub fn create_tables(&self, tables: &[TableDefinition]) -> Result<(), WarehouseError> {
        self.transaction(|warehouse| {
            for table in tables {
                create(warehouse, table)?;
            }
            Ok(())
        })
    }

    /// Whether a table exists.
    ///
    /// # Errors
    /// If DuckDB refuses the question.
    pub fn has_table(&self, name: &str) -> Result<bool, WarehouseError> {
        let sql = "SELECT 1 FROM duckdb_tables() WHERE table_name = ? AND NOT temporary";
        Ok(!self.query(sql, params![name], |row| row.get::<i32>(0))?.is_empty())
    }
}

fn create(warehouse: &Warehouse, table: &TableDefinition) -> Result<(), WarehouseError> {
    let definition = blake3::hash(table.ddl.as_bytes()).to_hex().to_string();
    let known = "SELECT definition FROM table_definitions WHERE table_name = ?";
    let known = warehouse.query(known, params![table.name.as_ref()], |row| row.get::<String>(0))?;
    match known.first() {
        Some(made_as) if *made_as == definition => Ok(()),
        Some(_) => Err(WarehouseError::Outdated { table: table.name.to_string() }),
        None => {
            warehouse.execute(&table.ddl, params![])?;
            let remember = "INSERT INTO table_definitions VALUES (?, ?)";
            warehouse.execute(remember, params![table.name.as_ref(), definition]).map(|_| ())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warehouse::WarehouseOptions;

    fn table(ddl: &'static str) -> TableDefinition {
        TableDefinition { name: "t".into(), ddl: ddl.into() }
    }

    #[test]
    fn a_file_opened_again_keeps_its_tables_and_rows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.duckdb");
        for rows in 1..=3 {
            let warehouse = Warehouse::open(&path, &WarehouseOptions::default()).unwrap();
            warehouse.create_tables(&[table("CREATE TABLE t(x BIGINT)")]).unwrap();
            warehouse.execute("INSERT INTO t VALUES (1)", params![]).unwrap();
            assert_eq!(warehouse.frame("SELECT * FROM t", params![]).unwrap().height(), rows);
        }
    }

    #[test]
    fn a_table_made_by_another_version_is_refused_by_name() {
        let warehouse = Warehouse::in_memory(&WarehouseOptions::default()).unwrap();
        warehouse.create_tables(&[table("CREATE TABLE t(x BIGINT)")]).unwrap();
        let error = warehouse.create_tables(&[table("CREATE TABLE t(x BIGINT, y BIGINT)")]).unwrap_err();
        assert!(matches!(&error, WarehouseError::Outdated { table } if table == "t"), "{error:?}");
        assert!(error.hint().unwrap().contains("warehouse.duckdb"));
    }

    #[test]
    fn a_refused_definition_leaves_none_of_its_companions() {
        let warehouse = Warehouse::in_memory(&WarehouseOptions::default()).unwrap();
        let broken = TableDefinition { name: "u".into(), ddl: "CREATE TABLE u(x NO_TYPE)".into() };
        assert!(warehouse.create_tables(&[table("CREATE TABLE t(x BIGINT)"), broken]).is_err());
        assert!(!warehouse.has_table("t").unwrap());
        assert!(warehouse.has_table("batches").unwrap());
    }
}
