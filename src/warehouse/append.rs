//! Polars rows into a table.

use polars::prelude::DataFrame;

use super::{Warehouse, WarehouseError, arrow_bridge};

impl Warehouse {
    /// Appends `frame` to `table`, matching columns by name; columns that the frame lacks take their default.
    ///
    /// Part of the open [transaction](Self::transaction), if there is one; otherwise all rows or none.
    ///
    /// # Errors
    /// If a column's type cannot cross ([`WarehouseError::ColumnType`]), if the table lacks a column, or if a value
    /// does not fit or breaks a constraint.
    pub fn append(&self, table: &str, frame: &DataFrame) -> Result<(), WarehouseError> {
        let statement = format!("append to {table}");
        let failed = |source| WarehouseError::statement(&statement, source);
        let batches = arrow_bridge::batches_of(frame)?;
        let columns: Vec<&str> = frame.columns().iter().map(|column| column.name().as_str()).collect();
        let mut appender = self.connection.appender_with_columns(table, &columns).map_err(failed)?;
        for batch in batches {
            appender.append_record_batch(batch).map_err(failed)?;
        }
        // Dropping an appender hides its errors.
        appender.flush().map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::*;

    use crate::{
        params,
        warehouse::{Warehouse, WarehouseError, WarehouseOptions},
    };

    fn with_table(ddl: &str) -> Warehouse {
        let warehouse = Warehouse::in_memory(&WarehouseOptions::default()).unwrap();
        warehouse.execute_script(ddl).unwrap();
        warehouse
    }

    #[test]
    fn a_frame_appended_comes_back_as_it_was() {
        let warehouse = with_table("CREATE TABLE t(n BIGINT, x DOUBLE, s VARCHAR, d DATE, b BOOLEAN)");
        let day = Series::new("d".into(), [Some(19_782_i32), None, Some(-1)]).cast(&DataType::Date).unwrap();
        let frame = df!(
            "n" => [Some(1_i64), None, Some(i64::MIN)],
            "x" => [Some(0.1), None, Some(f64::MAX)],
            "s" => [Some("a text that is longer than twelve bytes"), None, Some("")],
            "d" => day,
            "b" => [Some(true), None, Some(false)],
        )
        .unwrap();
        warehouse.append("t", &frame).unwrap();
        assert!(warehouse.frame("SELECT * FROM t", params![]).unwrap().equals_missing(&frame));
    }

    #[test]
    fn columns_are_matched_by_name_over_any_number_of_chunks() {
        let warehouse = with_table("CREATE TABLE t(a BIGINT, b VARCHAR, c BIGINT DEFAULT 7)");
        let mut frame = df!("b" => ["x"], "a" => [1_i64]).unwrap();
        for n in 2..=5_i64 {
            frame.vstack_mut(&df!("b" => [format!("row {n}")], "a" => [n]).unwrap()).unwrap();
        }
        warehouse.append("t", &frame).unwrap();
        let read = warehouse.frame("SELECT * FROM t ORDER BY a", params![]).unwrap();
        let expected =
            df!("a" => [1_i64, 2, 3, 4, 5], "b" => ["x", "row 2", "row 3", "row 4", "row 5"], "c" => [7_i64; 5]);
        assert!(read.equals(&expected.unwrap()), "{read}");
    }

    #[test]
    fn narrower_numbers_widen_and_numbers_that_do_not_fit_are_refused() {
        let warehouse = with_table("CREATE TABLE t(n BIGINT); CREATE TABLE small(n INTEGER)");
        warehouse.append("t", &df!("n" => [1_i32, -2]).unwrap()).unwrap();
        let sum = warehouse.query("SELECT sum(n)::BIGINT FROM t", params![], |row| row.get::<i64>(0)).unwrap();
        assert_eq!(sum, [-1]);
        let error = warehouse.append("small", &df!("n" => [i64::MAX]).unwrap()).unwrap_err();
        assert!(error.to_string().starts_with("statement `append to small` failed"), "{error}");
    }

    #[test]
    fn a_frame_that_breaks_a_constraint_is_refused_and_nothing_of_it_stays() {
        let warehouse = with_table("CREATE TABLE t(n BIGINT NOT NULL)");
        let frame = df!("n" => [Some(1_i64), None]).unwrap();
        assert!(warehouse.append("t", &frame).unwrap_err().to_string().contains("NOT NULL"));
        assert_eq!(warehouse.frame("SELECT * FROM t", params![]).unwrap().height(), 0);
    }

    #[test]
    fn a_column_without_counterpart_is_refused_by_name() {
        let warehouse = with_table("CREATE TABLE t(n BIGINT)");
        let lists = Series::new("n".into(), [Series::new("".into(), [1_i64])]);
        let error = warehouse.append("t", &df!("n" => lists).unwrap()).unwrap_err();
        assert!(matches!(&error, WarehouseError::ColumnType { column, .. } if column == "n"), "{error:?}");
    }
}
