//! What can go wrong in the warehouse.

/// An error of the warehouse.
#[derive(Debug, thiserror::Error)]
pub enum WarehouseError {
    /// DuckDB refused a statement.
    #[error("warehouse: {0}")]
    Duckdb(#[from] duckdb::Error),
}
