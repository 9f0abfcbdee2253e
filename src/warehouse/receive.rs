//! Record batches of another database into a table made for them, and a table into a Parquet file.

use duckdb::arrow::{
    array::{RecordBatch, RecordBatchReader},
    datatypes::{DataType, Field, TimeUnit},
};

use super::{Warehouse, WarehouseError};

/// Rows of another database, read as they are asked for.
pub type Batches = Box<dyn RecordBatchReader + Send>;

/// What arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Received {
    /// Rows.
    pub rows: u64,
    /// Columns that have no counterpart in a table of facts, with their types: times, intervals, binaries, lists.
    pub left_out: Vec<(String, String)>,
}

impl Warehouse {
    /// Makes `table` with the columns of `batches` and fills it, one batch in memory at a time.
    ///
    /// Decimals, dates, timestamps, text, numbers and truth values keep their type and their value.
    ///
    /// # Errors
    /// If two columns have the same name but for its case ([`WarehouseError::SameName`]), if no column is left, if the
    /// reader fails, or if DuckDB refuses a batch.
    pub fn receive(&self, table: &str, batches: Batches) -> Result<Received, WarehouseError> {
        let schema = batches.schema();
        let mut received = Received::default();
        let (mut kept, mut columns) = (Vec::new(), Vec::<String>::new());
        let mut names: Vec<String> = Vec::new();
        for (position, field) in schema.fields().iter().enumerate() {
            let Some(sql_type) = sql_type(field) else {
                received.left_out.push((field.name().clone(), field.data_type().to_string()));
                continue;
            };
            let name = field.name().to_lowercase();
            if names.contains(&name) {
                return Err(WarehouseError::SameName { column: field.name().clone() });
            }
            names.push(name);
            kept.push(position);
            columns.push(format!("{} {sql_type}", quoted(field.name())));
        }
        if columns.is_empty() {
            return Err(WarehouseError::NoColumn);
        }
        self.execute_script(&format!("CREATE TABLE {}({})", quoted(table), columns.join(", ")))?;
        let statement = format!("append to {table}");
        let failed = |source| WarehouseError::statement(&statement, source);
        let mut appender = self.connection.appender(table).map_err(failed)?;
        for batch in batches {
            let batch: RecordBatch = batch?.project(&kept)?;
            received.rows += batch.num_rows() as u64;
            appender.append_record_batch(batch).map_err(failed)?;
        }
        // Dropping an appender hides its errors.
        appender.flush().map_err(failed)?;
        Ok(received)
    }

    /// Writes `table`, ordered by all its columns, as a Parquet file: the same rows give the same bytes, in whatever
    /// order they came.
    ///
    /// # Errors
    /// If the file lies outside the folders within reach, or cannot be written.
    pub fn write_sorted(&self, table: &str, file: &std::path::Path) -> Result<(), WarehouseError> {
        let path = file.display().to_string().replace('\'', "''");
        self.execute_script(&format!(
            "COPY (SELECT * FROM {} ORDER BY ALL) TO '{path}' (FORMAT parquet, COMPRESSION zstd)",
            quoted(table)
        ))
    }
}

/// The type that holds a column's values as they are; `None` where the contract has no use for any such value.
fn sql_type(field: &Field) -> Option<String> {
    let name = match field.data_type() {
        DataType::Boolean => "BOOLEAN",
        DataType::Int8 => "TINYINT",
        DataType::Int16 => "SMALLINT",
        DataType::Int32 => "INTEGER",
        DataType::Int64 => "BIGINT",
        DataType::UInt8 => "UTINYINT",
        DataType::UInt16 => "USMALLINT",
        DataType::UInt32 => "UINTEGER",
        DataType::UInt64 => "UBIGINT",
        DataType::Float32 => "FLOAT",
        DataType::Float64 => "DOUBLE",
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "VARCHAR",
        // The appender casts it.
        DataType::FixedSizeBinary(16)
            if field.metadata().get("ARROW:extension:name").is_some_and(|n| n == "arrow.uuid") =>
        {
            "VARCHAR"
        }
        DataType::Date32 | DataType::Date64 => "DATE",
        DataType::Timestamp(TimeUnit::Second, None) => "TIMESTAMP_S",
        DataType::Timestamp(TimeUnit::Millisecond, None) => "TIMESTAMP_MS",
        DataType::Timestamp(TimeUnit::Microsecond, None) => "TIMESTAMP",
        DataType::Timestamp(TimeUnit::Nanosecond, None) => "TIMESTAMP_NS",
        DataType::Timestamp(_, Some(_)) => "TIMESTAMP WITH TIME ZONE",
        DataType::Decimal32(digits, scale)
        | DataType::Decimal64(digits, scale)
        | DataType::Decimal128(digits, scale)
            if *scale >= 0 && *digits <= 38 =>
        {
            return Some(format!("DECIMAL({digits}, {scale})"));
        }
        _ => return None,
    };
    Some(name.to_owned())
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use duckdb::arrow::{
        array::{ArrayRef, BinaryArray, Decimal128Array, Int64Array, RecordBatchIterator, StringArray},
        datatypes::Schema,
        error::ArrowError,
    };

    use super::*;
    use crate::{params, warehouse::WarehouseOptions};

    fn reader(columns: Vec<(&str, ArrayRef)>, copies: usize) -> Batches {
        let fields: Vec<Field> =
            columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
        let schema = Arc::new(Schema::new(fields));
        let batch =
            RecordBatch::try_new(schema.clone(), columns.into_iter().map(|(_, array)| array).collect()).unwrap();
        let batches: Vec<Result<RecordBatch, ArrowError>> = vec![batch; copies].into_iter().map(Ok).collect();
        Box::new(RecordBatchIterator::new(batches, schema))
    }

    #[test]
    fn values_arrive_as_they_are_and_what_has_no_counterpart_is_named() {
        let warehouse = Warehouse::in_memory(&WarehouseOptions::default()).unwrap();
        let money = Decimal128Array::from(vec![Some(123_456), None]).with_precision_and_scale(18, 2).unwrap();
        let received = warehouse
            .receive(
                "rows",
                reader(
                    vec![
                        ("Name", Arc::new(StringArray::from(vec![Some("Müller & Söhne"), None]))),
                        ("money", Arc::new(money)),
                        ("photo", Arc::new(BinaryArray::from(vec![Some(b"x".as_slice()), None]))),
                    ],
                    2,
                ),
            )
            .unwrap();
        assert_eq!(received, Received { rows: 4, left_out: vec![("photo".into(), "Binary".into())] });
        let text = "SELECT concat_ws('|', \"Name\", CAST(money AS VARCHAR)) FROM rows WHERE money IS NOT NULL";
        let rows = warehouse.query(text, params![], |row| row.get::<String>(0)).unwrap();
        assert_eq!(rows, ["Müller & Söhne|1234.56", "Müller & Söhne|1234.56"]);
    }

    #[test]
    fn the_same_rows_in_another_order_are_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        let written = |numbers: Vec<i64>, name: &str| {
            let warehouse = Warehouse::in_memory(&WarehouseOptions::default().folder(folder.path())).unwrap();
            warehouse.receive("rows", reader(vec![("n", Arc::new(Int64Array::from(numbers)))], 1)).unwrap();
            warehouse.write_sorted("rows", &folder.path().join(name)).unwrap();
            std::fs::read(folder.path().join(name)).unwrap()
        };
        assert_eq!(written(vec![3, 1, 2], "a.parquet"), written(vec![2, 3, 1], "b.parquet"));
        assert_ne!(written(vec![3, 1, 2], "a.parquet"), written(vec![2, 3, 4], "b.parquet"));
    }

    #[test]
    fn two_columns_of_one_name_are_refused() {
        let warehouse = Warehouse::in_memory(&WarehouseOptions::default()).unwrap();
        let column = || Arc::new(Int64Array::from(vec![1])) as ArrayRef;
        let error = warehouse.receive("rows", reader(vec![("id", column()), ("ID", column())], 1)).unwrap_err();
        assert!(matches!(&error, WarehouseError::SameName { column } if column == "ID"), "{error:?}");
    }
}
