//! Data across the Arrow C data interface, in both directions.
//!
//! DuckDB's client speaks arrow-rs and Polars its own fork; both write the same two C structs. The crates' own
//! bridge pins an older Polars, and their Arrow iterators panic where a fetch fails, so results are fetched with
//! `Statement::step`, which returns the error. Only types with an exact counterpart cross; all others are refused by
//! name. This file knows nothing of tables or SQL.

use std::{sync::mpsc, thread};

use duckdb::{
    Statement,
    arrow::{
        array::{Array as _, RecordBatch, StructArray},
        compute::concat_batches,
        datatypes::{DataType as ArrowType, Schema, SchemaRef},
        ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi, to_ffi},
    },
};
use polars::prelude::*;
use polars_arrow::{array::StructArray as PolarsStructArray, datatypes::Field as PolarsArrowField, ffi};

use super::WarehouseError;

/// DuckDB hands out 2,048 rows at a time; so many are joined before they cross, and make one chunk of the frame.
const CHUNK_ROWS: usize = 1 << 20;

/// Chunks that may wait for their reader.
const WAITING_CHUNKS: usize = 64;

const CAN_BE_READ: &str = "BOOLEAN, an integer of up to 64 bits, FLOAT, DOUBLE, DECIMAL below 38 digits, VARCHAR, ENUM, BLOB, DATE or TIMESTAMP";
const CAN_BE_APPENDED: &str = "Boolean, an integer of up to 64 bits, Float32, Float64, Decimal, String, Binary, Date or Datetime without time zone";

/// Fetches the whole result of an executed `statement`; `failed` gives a fetch error the statement's name.
pub(super) fn frame_of(
    statement: &Statement<'_>,
    failed: impl Fn(duckdb::Error) -> WarehouseError,
) -> Result<DataFrame, WarehouseError> {
    let schema = statement.schema();
    refuse_unreadable(statement, &schema)?;
    let mut frame = empty_frame(&schema)?;
    let mut pending: Vec<RecordBatch> = Vec::new();
    let mut rows = 0;
    while let Some(array) = statement.step().map_err(&failed)? {
        rows += array.len();
        pending.push(RecordBatch::from(array));
        if rows >= CHUNK_ROWS {
            frame.vstack_mut_owned(import(&std::mem::take(&mut pending))?)?;
            rows = 0;
        }
    }
    if !pending.is_empty() {
        frame.vstack_mut_owned(import(&pending)?)?;
    }
    Ok(frame)
}

/// Hands the result of an executed `statement` to `read` as it is fetched, without joining anything; what comes next is
/// made meanwhile.
pub(super) fn each_chunk<E: From<WarehouseError> + Send>(
    statement: &Statement<'_>,
    failed: impl Fn(duckdb::Error) -> WarehouseError,
    mut read: impl FnMut(&DataFrame) -> Result<(), E> + Send,
) -> Result<(), E> {
    refuse_unreadable(statement, &statement.schema())?;
    let (sender, receiver) = mpsc::sync_channel::<StructArray>(WAITING_CHUNKS);
    thread::scope(|scope| {
        let reader =
            scope.spawn(move || receiver.into_iter().try_for_each(|array| read(&import(&[RecordBatch::from(array)])?)));
        let fetched = loop {
            match statement.step() {
                Ok(Some(array)) => {
                    // nobody receives any more after an error of the reader
                    if sender.send(array).is_err() {
                        break Ok(());
                    }
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(failed(error)),
            }
        };
        drop(sender);
        reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok(fetched?)
    })
}

fn refuse_unreadable(statement: &Statement<'_>, schema: &Schema) -> Result<(), WarehouseError> {
    for (index, field) in schema.fields().iter().enumerate() {
        let crosses = match field.data_type() {
            ArrowType::Boolean
            | ArrowType::Int8
            | ArrowType::Int16
            | ArrowType::Int32
            | ArrowType::Int64
            | ArrowType::UInt8
            | ArrowType::UInt16
            | ArrowType::UInt32
            | ArrowType::UInt64
            | ArrowType::Float32
            | ArrowType::Float64
            | ArrowType::Utf8
            | ArrowType::LargeUtf8
            | ArrowType::Binary
            | ArrowType::LargeBinary
            | ArrowType::Date32
            | ArrowType::Timestamp(_, None) => true,
            // ENUM, whose values are text.
            ArrowType::Dictionary(_, values) => matches!(**values, ArrowType::Utf8 | ArrowType::LargeUtf8),
            // HUGEINT arrives as Decimal(38, 0): almost always a sum that lacks its cast.
            ArrowType::Decimal128(digits, _) => *digits < 38,
            _ => false,
        };
        if !crosses {
            return Err(WarehouseError::ColumnType {
                column: field.name().clone(),
                found: format!("{:?}", statement.column_logical_type(index).id()),
                expected: CAN_BE_READ,
            });
        }
    }
    Ok(())
}

fn empty_frame(schema: &SchemaRef) -> Result<DataFrame, WarehouseError> {
    let fields = FFI_ArrowSchema::try_from(schema.as_ref())?;
    let PolarsArrowField { dtype: polars_arrow::datatypes::ArrowDataType::Struct(fields), .. } = import_field(fields)?
    else {
        return Ok(DataFrame::empty());
    };
    let columns = fields.iter().map(|field| Column::new_empty(field.name.clone(), &DataType::from_arrow_field(field)));
    Ok(DataFrame::new(0, columns.collect())?)
}

/// Joins batches and moves them to Polars.
fn import(batches: &[RecordBatch]) -> Result<DataFrame, WarehouseError> {
    let whole = StructArray::from(concat_batches(&batches[0].schema(), batches)?);
    let (array, schema) = to_ffi(&whole.to_data())?;
    let field = import_field(schema)?;
    // SAFETY: both are the C struct `ArrowArray` of the Arrow C data interface (`repr(C)`, the same ten fields), and
    // ownership moves: `transmute` consumes the exporter's value, so `release` runs once, from the importer.
    let array = unsafe { std::mem::transmute::<FFI_ArrowArray, ffi::ArrowArray>(array) };
    // SAFETY: arrow-rs has just exported this array with exactly this type.
    let array = unsafe { ffi::import_array_from_c(array, field.dtype)? };
    let array = array.as_any().downcast_ref::<PolarsStructArray>().cloned();
    let array = array.ok_or_else(|| polars_err!(ComputeError: "a record batch did not arrive as a struct"))?;
    Ok(DataFrame::try_from(array)?)
}

fn import_field(schema: FFI_ArrowSchema) -> Result<PolarsArrowField, WarehouseError> {
    // SAFETY: both are the C struct `ArrowSchema` (`repr(C)`, the same nine fields); ownership moves as above.
    let schema = unsafe { std::mem::transmute::<FFI_ArrowSchema, ffi::ArrowSchema>(schema) };
    // SAFETY: arrow-rs has just exported this schema.
    Ok(unsafe { ffi::import_field_from_c(&schema)? })
}

/// A frame as record batches, one for each of its chunks.
///
/// # Errors
/// If a column's type has no exact counterpart in DuckDB.
pub(super) fn batches_of(frame: &DataFrame) -> Result<Vec<RecordBatch>, WarehouseError> {
    refuse_unwritable(frame)?;
    let mut aligned = frame.clone();
    aligned.align_chunks_par();
    // The oldest level writes plain strings, which every consumer of the interface knows.
    aligned.iter_chunks(CompatLevel::oldest(), false).map(export).collect()
}

fn refuse_unwritable(frame: &DataFrame) -> Result<(), WarehouseError> {
    for column in frame.columns() {
        let crosses = matches!(
            column.dtype(),
            DataType::Boolean
                | DataType::Int8
                | DataType::Int16
                | DataType::Int32
                | DataType::Int64
                | DataType::UInt8
                | DataType::UInt16
                | DataType::UInt32
                | DataType::UInt64
                | DataType::Float32
                | DataType::Float64
                | DataType::String
                | DataType::Binary
                | DataType::Date
                | DataType::Decimal(..)
                | DataType::Datetime(_, None)
        );
        if !crosses {
            return Err(WarehouseError::ColumnType {
                column: column.name().to_string(),
                found: column.dtype().to_string(),
                expected: CAN_BE_APPENDED,
            });
        }
    }
    Ok(())
}

fn export(batch: polars_arrow::record_batch::RecordBatch) -> Result<RecordBatch, WarehouseError> {
    let (length, schema, arrays) = (batch.len(), batch.schema().clone(), batch.into_arrays());
    let fields: Vec<PolarsArrowField> = schema.iter_values().cloned().collect();
    let dtype = polars_arrow::datatypes::ArrowDataType::Struct(fields);
    let field = PolarsArrowField::new("".into(), dtype.clone(), false);
    let array = PolarsStructArray::new(dtype, length, arrays, None);
    let (array, field) = (ffi::export_array_to_c(Box::new(array)), ffi::export_field_to_c(&field));
    // SAFETY: the same C structs as in `import`, moved the other way.
    let array = unsafe { std::mem::transmute::<ffi::ArrowArray, FFI_ArrowArray>(array) };
    // SAFETY: as above.
    let field = unsafe { std::mem::transmute::<ffi::ArrowSchema, FFI_ArrowSchema>(field) };
    // SAFETY: Polars has just exported array and schema, and they belong together.
    let data = unsafe { from_ffi(array, &field)? };
    Ok(RecordBatch::from(StructArray::from(data)))
}

// The layouts that the moves above rely on; a change of either crate stops the build.
const _: () = {
    assert!(size_of::<FFI_ArrowArray>() == size_of::<ffi::ArrowArray>());
    assert!(size_of::<FFI_ArrowSchema>() == size_of::<ffi::ArrowSchema>());
    assert!(align_of::<FFI_ArrowArray>() == align_of::<ffi::ArrowArray>());
    assert!(align_of::<FFI_ArrowSchema>() == align_of::<ffi::ArrowSchema>());
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        params,
        warehouse::{Warehouse, WarehouseOptions},
    };

    fn memory() -> Warehouse {
        Warehouse::in_memory(&WarehouseOptions::default()).unwrap()
    }

    #[test]
    fn each_type_that_can_cross_keeps_its_values_and_its_nulls() {
        let frame = memory()
            .frame(
                "SELECT * FROM (VALUES
                   (true, 1::TINYINT, 2::SMALLINT, 3::INTEGER, 4::BIGINT, 5::UTINYINT, 6::USMALLINT, 7::UINTEGER,
                    8::UBIGINT, 0.5::FLOAT, 0.25::DOUBLE, 'ü', DATE '2024-02-29', 12.3456::DECIMAL(18, 4),
                    'b'::ENUM('a', 'b'), TIMESTAMP '2024-02-29 12:00:00', 'x'::BLOB),
                   (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)) AS t(
                   b, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64, s, d, m, e, ts, raw)",
                params![],
            )
            .unwrap();
        let types: Vec<String> = frame.dtypes().iter().map(ToString::to_string).collect();
        assert_eq!(
            types.join(" "),
            "bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 str date decimal[18,4] cat datetime[μs] binary"
        );
        assert!(frame.columns().iter().all(|column| column.null_count() == 1));
        let first: Vec<String> = frame.columns().iter().take(15).map(|c| c.get(0).unwrap().to_string()).collect();
        assert_eq!(first.join(" "), "true 1 2 3 4 5 6 7 8 0.5 0.25 \"ü\" 2024-02-29 12.3456 \"b\"");
    }

    #[test]
    fn a_column_that_cannot_cross_is_refused_by_name_and_with_a_remedy() {
        let warehouse = memory();
        let refused = |sql: &str| warehouse.frame(sql, params![]).unwrap_err();
        let error = refused("SELECT 1 AS fine, sum(i) AS total FROM range(10) t(i)");
        assert!(error.to_string().starts_with("column `total` of type Hugeint cannot cross"), "{error}");
        assert!(error.hint().unwrap().contains("CAST(sum(x) AS BIGINT)"));
        for (sql, column) in [
            ("SELECT INTERVAL 1 DAY AS gap", "gap"),
            ("SELECT TIME '12:00' AS clock", "clock"),
            ("SELECT TIMESTAMPTZ '2024-01-01 00:00:00+00' AS moment", "moment"),
            ("SELECT [1, 2] AS list", "list"),
            ("SELECT {'a': 1} AS pair", "pair"),
            ("SELECT union_value(a := 1) AS either", "either"),
            ("SELECT MAP {'a': 1} AS lookup", "lookup"),
        ] {
            let error = refused(sql);
            assert!(matches!(&error, WarehouseError::ColumnType { column: c, .. } if c == column), "{error:?}");
        }
    }

    #[test]
    fn an_empty_result_keeps_its_columns_and_types() {
        let frame = memory().frame("SELECT 1::BIGINT AS a, 'x' AS b, DATE '2024-01-01' AS c WHERE false", params![]);
        let frame = frame.unwrap();
        assert_eq!(frame.shape(), (0, 3));
        assert_eq!(frame.dtypes(), [DataType::Int64, DataType::String, DataType::Date]);
    }

    #[test]
    fn more_rows_than_one_chunk_arrive_complete_and_in_order() {
        let sql = "SELECT i, 'r' || i AS text FROM range(2500000) t(i) ORDER BY i";
        let frame = memory().frame(sql, params![]).unwrap();
        assert_eq!(frame.height(), 2_500_000);
        assert!(frame.first_col_n_chunks() <= 3, "{}", frame.first_col_n_chunks());
        let numbers = frame.column("i").unwrap().i64().unwrap();
        assert!(numbers.iter().flatten().eq(0..2_500_000));
        assert_eq!(frame.column("text").unwrap().get(2_499_999).unwrap().to_string(), "\"r2499999\"");
    }

    #[test]
    fn chunks_hold_each_row_once_and_an_error_of_the_reader_ends_the_reading() {
        let sql = "SELECT i FROM range(100000) t(i)";
        let (mut rows, mut sum) = (0, 0);
        let read = |chunk: &DataFrame| {
            rows += chunk.height();
            sum += chunk.column("i")?.i64()?.sum().unwrap_or(0);
            Ok::<_, WarehouseError>(())
        };
        memory().each_chunk(sql, params![], read).unwrap();
        assert_eq!((rows, sum), (100_000, 4_999_950_000));
        let mut chunks = 0;
        let refuse = |chunk: &DataFrame| {
            chunks += 1;
            chunk.column("j").map(|_| ()).map_err(WarehouseError::from)
        };
        assert!(memory().each_chunk(sql, params![], refuse).is_err());
        assert_eq!(chunks, 1);
    }

    #[test]
    fn an_error_while_rows_are_fetched_is_an_error_not_a_panic() {
        let sql = "SELECT CAST(CASE WHEN i = 150000 THEN 'x' ELSE '1' END AS BIGINT) AS n FROM range(200000) t(i)";
        let error = memory().frame(sql, params![]).unwrap_err();
        assert!(matches!(error, WarehouseError::Statement { .. }), "{error:?}");
        let error = memory().each_chunk(sql, params![], |_| Ok::<_, WarehouseError>(())).unwrap_err();
        assert!(matches!(error, WarehouseError::Statement { .. }), "{error:?}");
    }
}
