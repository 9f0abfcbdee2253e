//! The DuckDB file `data/warehouse.duckdb`, and the only code that names `duckdb`.

mod error;

pub use error::WarehouseError;
