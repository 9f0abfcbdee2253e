//! The DuckDB file `data/warehouse.duckdb`, and the only code that names `duckdb`.
//!
//! ```text
//! sql + [Value]  ── execute ──▶ rows changed
//! sql + [Value]  ── query ────▶ Vec<T>          (a few rows: states, counts)
//! sql + [Value]  ── frame ────▶ DataFrame       (many rows, by the Arrow C data interface)
//! sql + [Value]  ── each_chunk ▶ DataFrame      (more rows than are wanted in memory at once)
//! DataFrame      ── append ───▶ a table
//! record batches ── receive ──▶ a table ── write_sorted ──▶ a Parquet file
//! ```
//!
//! A [`Warehouse`] is one connection with its settings locked: no network, no extension, and no file but its own and
//! those below the folders named when it was opened. It knows the tables that stages share (`sql/*.sql`); the tables
//! of the data contract are declared by `ingest` and handed to [`Warehouse::create_tables`]. It holds no business
//! rule and no SQL of a stage.

mod append;
mod arrow_bridge;
mod connection;
mod error;
mod options;
mod receive;
mod schema;
mod stage_runs;
mod value;

pub use connection::Warehouse;
pub use error::WarehouseError;
pub use options::WarehouseOptions;
pub use receive::{Batches, Received};
pub use schema::TableDefinition;
pub use stage_runs::StageRun;
pub use value::{Row, Value};
