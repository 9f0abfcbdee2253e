//! Rows that are not in the table, and why: kept in the warehouse, and as `data/quarantine/<table>.csv` for whoever
//! mends the source.

use std::path::Path;

use super::{
    IngestError,
    contract::{TABLES, Table},
    prepare::Prepared,
    typed,
};
use crate::{
    params,
    warehouse::{Warehouse, WarehouseError},
};

/// Writes the refused rows of one file and returns how many rows they are.
pub(super) fn fill(
    warehouse: &Warehouse,
    table: &Table,
    file: &str,
    batch_id: i64,
    prepared: &Prepared,
) -> Result<u64, WarehouseError> {
    for record in &prepared.rejected {
        warehouse.execute(
            "INSERT INTO quarantine VALUES (?, ?, ?, ?, NULL, NULL, ?, ?)",
            params![
                batch_id,
                table.name,
                file,
                record.row_number as i64,
                format!("{} fields", record.expected),
                format!("{} fields", record.fields),
            ],
        )?;
    }
    let cells = typed::bad_cells(table, &prepared.relation, &prepared.columns);
    warehouse.execute(
        &format!(
            "INSERT INTO quarantine BY NAME SELECT CAST(? AS INTEGER) AS batch_id, ? AS table_name, ? AS file, *\n\
             FROM ({cells}) ORDER BY row_number, column_name"
        ),
        params![batch_id, table.name, file],
    )?;
    rows_of(warehouse, batch_id)
}

/// Notes the rows of one file that the filter left out, for the reconciliation.
pub(super) fn note_left_out(
    warehouse: &Warehouse,
    table: &Table,
    file: &str,
    batch_id: i64,
    prepared: &Prepared,
) -> Result<(), WarehouseError> {
    let Some(relation) = &prepared.left_out else { return Ok(()) };
    let value = |names: &[&str], sql_type: &str| {
        let column = prepared.columns.iter().find(|column| names.contains(&column.name));
        column.map_or_else(|| format!("CAST(NULL AS {sql_type})"), |column| column.value())
    };
    warehouse.execute(
        &format!(
            "INSERT INTO left_out SELECT CAST(? AS INTEGER), ?, ?, row_number, {}, {}, reason FROM {relation} ORDER BY row_number",
            value(table.event.as_slice(), "DATE"),
            value(&["net_revenue", "amount"], "BIGINT")
        ),
        params![batch_id, table.name, file],
    )?;
    Ok(())
}

/// Rows of a batch that are in quarantine.
pub(super) fn rows_of(warehouse: &Warehouse, batch_id: i64) -> Result<u64, WarehouseError> {
    let count = "SELECT count(DISTINCT row_number) FROM quarantine WHERE batch_id = ?";
    let rows = warehouse.query(count, params![batch_id], |row| row.get::<i64>(0))?;
    Ok(rows.first().map_or(0, |rows| *rows as u64))
}

/// Writes `data/quarantine/<table>.csv` for every table with refused rows in the newest load of a file, and removes
/// what is no longer true.
pub(super) fn export(warehouse: &Warehouse, data: &Path) -> Result<(), IngestError> {
    let folder = data.join("quarantine");
    for table in TABLES {
        let path = folder.join(format!("{}.csv", table.name));
        let rows = warehouse.query(
            "SELECT q.file, q.row_number, q.column_name, q.value, q.expected, q.reason FROM quarantine AS q \
             SEMI JOIN (SELECT max(batch_id) AS batch_id FROM batches WHERE table_name = ? GROUP BY source, file) AS newest \
             USING (batch_id) ORDER BY q.file, q.row_number, q.column_name",
            params![table.name],
            |row| {
                Ok([
                    row.get::<String>(0)?,
                    row.get::<i64>(1)?.to_string(),
                    row.get::<Option<String>>(2)?.unwrap_or_default(),
                    row.get::<Option<String>>(3)?.unwrap_or_default(),
                    row.get::<String>(4)?,
                    row.get::<String>(5)?,
                ])
            },
        )?;
        let failed =
            |error: std::io::Error| IngestError::Read { file: path.display().to_string(), reason: error.to_string() };
        if rows.is_empty() {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
                _ => continue,
            }
        }
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let mut file = tempfile::NamedTempFile::new_in(&folder).map_err(failed)?;
        let mut csv = csv::Writer::from_writer(&mut file);
        let failed_csv =
            |error: csv::Error| IngestError::Read { file: path.display().to_string(), reason: error.to_string() };
        csv.write_record(["file", "row", "column", "value", "expected", "reason"]).map_err(failed_csv)?;
        for row in &rows {
            csv.write_record(row.each_ref().map(|cell| inert(cell))).map_err(failed_csv)?;
        }
        csv.flush().map_err(failed)?;
        drop(csv);
        file.persist(&path).map_err(|error| failed(error.error))?;
    }
    Ok(())
}

/// A cell that no spreadsheet takes for a formula.
fn inert(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert!(inert(formula).starts_with('\''), "{formula}");
        }
        assert_eq!(inert("Müller"), "Müller");
    }
}
