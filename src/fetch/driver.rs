//! A driver found, a connection opened for reading only, a query asked.

use adbc_core::{
    Connection as _, Database as _, Driver as _, LOAD_FLAG_SEARCH_ENV, LOAD_FLAG_SEARCH_SYSTEM, LOAD_FLAG_SEARCH_USER,
    Optionable as _, Statement as _,
    error::{Error as AdbcError, Result as AdbcResult},
    options::{AdbcVersion, OptionConnection, OptionDatabase, OptionStatement, OptionValue},
};
use adbc_driver_manager::{ManagedConnection, ManagedDriver};

use super::{FetchError, Secret};
use crate::{config::database::Database, warehouse::Batches};

/// Rows from which SQLite's driver infers the types of columns, and which it sends at a time.
const SQLITE_BATCH: i64 = 1 << 16;

/// Databases that need a word of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Postgresql,
    Sqlite,
    Other,
}

impl Dialect {
    fn of(driver: &str) -> Self {
        match driver {
            "postgresql" => Self::Postgresql,
            "sqlite" => Self::Sqlite,
            _ => Self::Other,
        }
    }

    /// The address under which nothing can be written.
    fn read_only(self, address: &str) -> String {
        match self {
            // Otherwise a misspelt path would make an empty database.
            Self::Sqlite => sqlite_read_only(address),
            Self::Postgresql | Self::Other => address.to_owned(),
        }
    }

    /// Has the connection refuse to write, as far as the database knows how.
    fn forbid_writing(self, connection: &mut ManagedConnection) -> AdbcResult<()> {
        match self {
            Self::Postgresql => {
                let mut statement = connection.new_statement()?;
                statement.set_sql_query("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")?;
                statement.execute_update().map(|_| ())
            }
            Self::Sqlite => Ok(()),
            Self::Other => {
                // Not every driver knows the option; the query was checked to begin with SELECT or WITH.
                let _ = connection.set_option(OptionConnection::ReadOnly, "true".into());
                Ok(())
            }
        }
    }
}

/// Asks `database` at `address` and hands its rows to `take`, batch by batch.
pub(super) fn ask<T>(
    database: &Database,
    address: &Secret,
    source: &str,
    take: impl FnOnce(Batches) -> Result<T, FetchError>,
) -> Result<T, FetchError> {
    let reason = |error: AdbcError| address.redact(error.message.trim());
    let mut driver = load(&database.driver).map_err(|error| FetchError::Driver {
        source_name: source.into(),
        driver: database.driver.clone(),
        reason: reason(error),
    })?;
    let refused = |error: AdbcError| FetchError::Connect {
        source_name: source.into(),
        driver: database.driver.clone(),
        variable: database.uri_env.clone(),
        reason: reason(error),
    };
    let dialect = Dialect::of(&database.driver);
    let uri = OptionValue::String(dialect.read_only(address.expose()));
    let opened = driver.new_database_with_opts([(OptionDatabase::Uri, uri)]).map_err(refused)?;
    let mut connection = opened.new_connection().map_err(refused)?;
    dialect.forbid_writing(&mut connection).map_err(refused)?;

    let failed = |error: AdbcError| FetchError::Query {
        source_name: source.into(),
        driver: database.driver.clone(),
        asked: database.ask.to_string(),
        reason: reason(error),
    };
    let mut statement = connection.new_statement().map_err(failed)?;
    if dialect == Dialect::Sqlite {
        let rows = OptionStatement::Other("adbc.sqlite.query.batch_rows".into());
        statement.set_option(rows, OptionValue::Int(SQLITE_BATCH)).map_err(failed)?;
    }
    statement.set_sql_query(database.ask.sql()).map_err(failed)?;
    take(statement.execute().map_err(failed)?)
}

/// The driver called `adbc_driver_<name>`, as its packages call it, or `<name>`, as a manifest may.
fn load(name: &str) -> AdbcResult<ManagedDriver> {
    let places = LOAD_FLAG_SEARCH_ENV | LOAD_FLAG_SEARCH_USER | LOAD_FLAG_SEARCH_SYSTEM;
    let load = |name: &str| ManagedDriver::load_from_name(name, None, AdbcVersion::V110, places, None);
    load(&format!("adbc_driver_{name}")).or_else(|error| load(name).map_err(|_| error))
}

/// A path as an address that opens an existing file for reading.
fn sqlite_read_only(address: &str) -> String {
    let (path, options) = match address.strip_prefix("file:") {
        Some(rest) => rest.split_once('?').unwrap_or((rest, "")),
        None => (address, ""),
    };
    let encoded = match address.starts_with("file:") {
        true => path.to_owned(),
        false => path.replace('%', "%25").replace('?', "%3f").replace('#', "%23"),
    };
    let others: Vec<&str> =
        options.split('&').filter(|option| !option.is_empty() && !option.starts_with("mode=")).collect();
    let mut address = format!("file:{encoded}?mode=ro");
    for option in others {
        address.push('&');
        address.push_str(option);
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_file_is_only_ever_opened_for_reading() {
        assert_eq!(sqlite_read_only("/srv/erp 100%.db"), "file:/srv/erp 100%25.db?mode=ro");
        assert_eq!(sqlite_read_only("file:erp.db"), "file:erp.db?mode=ro");
        assert_eq!(sqlite_read_only("file:erp.db?mode=rwc&cache=private"), "file:erp.db?mode=ro&cache=private");
    }
}
