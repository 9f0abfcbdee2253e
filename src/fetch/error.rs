//! What can go wrong between a database and a file of the project. No message holds an address.

use std::path::PathBuf;

use jiff::civil::Date;

use crate::warehouse::WarehouseError;

/// An error of the fetch stage. Files that were fetched before it are complete.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// There is nothing to fetch.
    #[error("no source in `headroom.toml` is a database")]
    NoDatabase,
    /// The address is not set.
    #[error("{source_name}: the environment variable `{variable}` is not set, expected the address of the database")]
    NoAddress {
        /// Table and source.
        source_name: String,
        /// Name of the variable.
        variable: String,
    },
    /// The driver is not installed, or is none.
    #[error("{source_name}: the ADBC driver `{driver}` cannot be loaded: {reason}")]
    Driver {
        /// Table and source.
        source_name: String,
        /// Its name.
        driver: String,
        /// What the driver manager says.
        reason: String,
    },
    /// The database does not answer, or does not let us in.
    #[error("{source_name}: no connection by `{driver}`: {reason}")]
    Connect {
        /// Table and source.
        source_name: String,
        /// The driver.
        driver: String,
        /// The variable that holds the address.
        variable: String,
        /// What the driver says.
        reason: String,
    },
    /// The database refuses the query.
    #[error("{source_name}: `{driver}` refuses {asked}: {reason}")]
    Query {
        /// Table and source.
        source_name: String,
        /// The driver.
        driver: String,
        /// What was asked.
        asked: String,
        /// What the database says.
        reason: String,
    },
    /// Rows that break off, or that no table can hold.
    #[error("{source_name}: rows of `{driver}` cannot be read: {reason}")]
    Rows {
        /// Table and source.
        source_name: String,
        /// The driver.
        driver: String,
        /// What is wrong with them.
        reason: String,
        /// The remedy, where there is one.
        hint: Option<String>,
    },
    /// A day before that of the newest file.
    #[error("{source_name}: `{newest}` is there already, so nothing can be received on {day}")]
    Earlier {
        /// Table and source.
        source_name: String,
        /// The newest file.
        newest: String,
        /// As asked.
        day: Date,
    },
    /// The file system refuses.
    #[error("`{}`: {reason}", path.display())]
    Write {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The workplace of the fetch.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
}

impl FetchError {
    /// The remedy, where there is one.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoDatabase => "name one, in `[order_lines]` say: database = { driver = \"postgresql\", uri_env = \
                                 \"ERP_DATABASE\", table = \"order_lines\" }"
                .into(),
            Self::NoAddress { variable, .. } => format!(
                "set it for this command only: {variable}=postgresql://user:password@host/database headroom fetch"
            ),
            Self::Driver { driver, .. } => format!(
                "install it (`pip install adbc-driver-{driver}`, or from your distribution) and name the folder that \
                 holds libadbc_driver_{driver}.so in the environment variable ADBC_DRIVER_PATH"
            ),
            Self::Connect { variable, .. } => format!("check the address in `{variable}`, and that the database runs"),
            Self::Query { .. } => "the query is sent as written, in the database's own SQL, and may only read".into(),
            Self::Rows { hint, .. } => return hint.clone(),
            Self::Earlier { .. } => "leave out --received-on, or set the clock right".into(),
            Self::Write { .. } => return None,
            Self::Warehouse(error) => return error.hint(),
        })
    }
}
