//! A file as a relation that SQL can type: CSV by way of a temporary table of text, Parquet where it lies.

use std::collections::BTreeMap;

use super::{
    IngestError,
    columns::{self, Mapping},
    contract::Table,
    delimited::{self, Rejected},
    discover::{Format, SourceFile},
    plan::HashedFile,
    pseudonym::PseudonymKey,
    typed::{SourceColumn, identifier, literal},
};
use crate::{
    config::sources::SourceConfig,
    domain::Notice,
    params,
    warehouse::{Warehouse, WarehouseError},
};

/// A file, ready to be typed.
#[derive(Debug)]
pub(super) struct Prepared {
    /// SQL: a relation with `row_number` and the canonical columns that the file has.
    pub(super) relation: String,
    /// Those columns.
    pub(super) columns: Vec<SourceColumn>,
    /// Rows in the file.
    pub(super) rows_in: u64,
    /// Records that are no row at all.
    pub(super) rejected: Vec<Rejected>,
    /// What was recognised.
    pub(super) recognised: BTreeMap<String, String>,
    /// What the user should know.
    pub(super) notices: Vec<Notice>,
}

/// Prepares the `number`-th file of a delivery.
pub(super) fn prepare(
    warehouse: &Warehouse,
    table: &'static Table,
    config: &SourceConfig,
    HashedFile { file, hash, .. }: &HashedFile,
    number: usize,
    key: Option<&PseudonymKey>,
) -> Result<Prepared, IngestError> {
    let mut prepared = match file.format {
        Format::Delimited => text(warehouse, table, config, file, hash, number)?,
        Format::Parquet => parquet(warehouse, table, config, file)?,
    };
    for column in &prepared.columns {
        if !column.is_possible() {
            return Err(IngestError::ColumnType {
                file: file.name.clone(),
                column: column.name.into(),
                found: column.sql_type.clone(),
                expected: column.kind.to_string(),
            });
        }
    }
    if let Some(key) = key
        && let Some(rater) = prepared.columns.iter_mut().find(|column| column.name == "rater")
    {
        rater.sql_type = "VARCHAR".into();
        prepared.relation = key.replace_raters(warehouse, &prepared.relation)?;
    }
    Ok(prepared)
}

/// The temporary table that holds the text of a delivery's `number`-th file.
pub(super) fn text_relation(number: usize) -> String {
    format!("read_rows_{number}")
}

fn text(
    warehouse: &Warehouse,
    table: &'static Table,
    config: &SourceConfig,
    file: &SourceFile,
    hash: &str,
    number: usize,
) -> Result<Prepared, IngestError> {
    let fingerprint = delimited::fingerprint(file)?;
    if fingerprint.hash != hash {
        return Err(IngestError::Read { file: file.name.clone(), reason: "changed while it was read".into() });
    }
    if fingerprint.is_empty {
        return Err(IngestError::Empty { file: file.name.clone() });
    }
    let profile = delimited::profile(file, &fingerprint, table, config)?;
    let relation = text_relation(number);
    let columns = source_columns(&profile.mapping, |_| "VARCHAR".into());
    let names: Vec<String> = columns.iter().map(|column| format!("{} VARCHAR", column.sql)).collect();
    warehouse
        .execute_script(&format!("CREATE OR REPLACE TEMP TABLE {relation}(row_number BIGINT, {})", names.join(", ")))?;
    let rejected = profile.rows(|frame| Ok(warehouse.append(&relation, frame)?))?;
    let mut notices = unused(table, file, &profile.mapping);
    if profile.has_damage {
        let text =
            format!("{}: some bytes are no {}; they show as \u{fffd}", file.name, profile.recognised["encoding"]);
        notices.push(Notice::warning("damaged-text", text));
    }
    Ok(Prepared { relation, columns, rows_in: profile.rows, rejected, recognised: profile.recognised, notices })
}

fn parquet(
    warehouse: &Warehouse,
    table: &'static Table,
    config: &SourceConfig,
    file: &SourceFile,
) -> Result<Prepared, IngestError> {
    let unreadable = |error: WarehouseError| IngestError::Read { file: file.name.clone(), reason: error.to_string() };
    let path = literal(&file.path.display().to_string());
    let described = warehouse
        .query(&format!("DESCRIBE SELECT * FROM read_parquet({path})"), params![], |row| {
            Ok((row.get::<String>(0)?, row.get::<String>(1)?))
        })
        .map_err(unreadable)?;
    let found: Vec<String> = described.iter().map(|(name, _)| name.clone()).collect();
    let mapping = columns::map(&file.name, table, &found, &config.columns)?;
    let columns = source_columns(&mapping, |position| described[position].1.clone());
    let selected: Vec<String> = mapping
        .columns
        .iter()
        .map(|mapped| format!("{} AS {}", identifier(&mapped.theirs), identifier(mapped.column.name)))
        .collect();
    let relation = format!(
        "(SELECT file_row_number + 1 AS row_number, {} FROM read_parquet({path}, file_row_number = true))",
        selected.join(", ")
    );
    let rows_in = warehouse
        .query(&format!("SELECT count(*) FROM read_parquet({path})"), params![], |row| row.get::<i64>(0))
        .map_err(unreadable)?;
    Ok(Prepared {
        relation,
        columns,
        rows_in: rows_in.first().map_or(0, |rows| *rows as u64),
        rejected: Vec::new(),
        recognised: BTreeMap::from([("format".to_owned(), "parquet".to_owned())]),
        notices: unused(table, file, &mapping),
    })
}

fn source_columns(mapping: &Mapping, sql_type: impl Fn(usize) -> String) -> Vec<SourceColumn> {
    let columns = mapping.columns.iter().map(|mapped| SourceColumn {
        name: mapped.column.name,
        kind: mapped.column.kind,
        required: mapped.column.required,
        sql: identifier(mapped.column.name),
        sql_type: sql_type(mapped.position),
    });
    columns.collect()
}

fn unused(table: &Table, file: &SourceFile, mapping: &Mapping) -> Vec<Notice> {
    if mapping.unused.is_empty() {
        return Vec::new();
    }
    let names = mapping.unused.join(", ");
    vec![Notice::info("unused-columns", format!("{}: `{}` has no use for {names}", file.name, table.name))]
}
