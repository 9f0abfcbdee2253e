//! A file as a relation that SQL can type: CSV by way of a temporary table of text, Parquet where it lies.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::{
    IngestError,
    columns::{self, Mapped, Mapping},
    contract::{Column, Table},
    delimited::Delimited,
    discover::{Format, SourceFile},
    filter::Filter,
    json::Json,
    mailbox::{Addresses, Mailbox},
    plan::HashedFile,
    profile::{self, Profile, Rejected},
    pseudonym::PseudonymKey,
    rows::{TextRows, check_width},
    typed::{SourceColumn, identifier, literal},
    workbook::Workbook,
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
    /// Which columns of the file they are.
    pub(super) mapping: Mapping,
    /// Rows in the file that the filter admits.
    pub(super) rows_in: u64,
    /// SQL: the rows that the filter leaves out, with the same columns and `reason`; of no table that nobody may look into.
    pub(super) left_out: Option<String>,
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
        Format::Parquet => parquet(warehouse, table, config, file)?,
        _ => text(warehouse, table, reader(warehouse, table, config, file, hash)?, config, file, number)?,
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
        prepared.relation = key.replace_raters(warehouse, &prepared.relation, number)?;
    }
    Ok(prepared)
}

/// The temporary table that holds the text of a delivery's `number`-th file.
pub(super) fn text_relation(number: usize) -> String {
    format!("read_rows_{number}")
}

/// The reader of a file's rows, by its format.
fn reader(
    warehouse: &Warehouse,
    table: &'static Table,
    config: &SourceConfig,
    file: &SourceFile,
    hash: &str,
) -> Result<Box<dyn TextRows>, IngestError> {
    Ok(match file.format {
        Format::Workbook(format) => Box::new(Workbook::open(file, format, table, config)?),
        Format::Json => Box::new(Json::open(file, hash, false, config)?),
        Format::JsonLines => Box::new(Json::open(file, hash, true, config)?),
        Format::Mailbox => Box::new(Mailbox::open(file, table.name, &config.own_domains, Addresses::read(warehouse)?)?),
        Format::Delimited | Format::Parquet => Box::new(Delimited::open(file, hash, table, config)?),
    })
}

fn text(
    warehouse: &Warehouse,
    table: &'static Table,
    reader: Box<dyn TextRows>,
    config: &SourceConfig,
    file: &SourceFile,
    number: usize,
) -> Result<Prepared, IngestError> {
    let mut profile = Profile::of(reader, &file.name, table, config)?;
    let relation = text_relation(number);
    let names: Vec<String> =
        profile.mapping.columns.iter().map(|mapped| format!(", {} VARCHAR", identifier(mapped.column.name))).collect();
    warehouse
        .execute_script(&format!("CREATE OR REPLACE TEMP TABLE {relation}(row_number BIGINT{})", names.concat()))?;
    let left = format!("{relation}_left");
    let is_explained = !config.filter.is_empty() && !table.confidential;
    if is_explained {
        warehouse.execute_script(&format!(
            "CREATE OR REPLACE TEMP TABLE {left}(row_number BIGINT{}, reason VARCHAR)",
            names.concat()
        ))?;
    }
    let leave = |frame: &DataFrame| if is_explained { Ok(warehouse.append(&left, frame)?) } else { Ok(()) };
    let rejected = profile.rows(|frame| Ok(warehouse.append(&relation, frame)?), leave)?;
    let columns = source_columns(&profile.mapping, |_| "VARCHAR".into());
    let Profile { mapping, rows: rows_in, recognised, notices, .. } = profile;
    let left_out = is_explained.then_some(left);
    Ok(Prepared { relation, columns, mapping, rows_in, left_out, rejected, recognised, notices })
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
    check_width(&file.name, described.len())?;
    let found: Vec<String> = described.iter().map(|(name, _)| name.clone()).collect();
    let mapping = columns::map(&file.name, table, &found, config)?;
    let filter = Filter::of(&file.name, &found, &config.filter)?;
    let (why_not, filter) = (filter.reason_sql(), filter.sql());
    let columns = source_columns(&mapping, |mapped| match (&mapped.positions[..], &mapped.values) {
        ([_], None) if mapped.is_percent => "DOUBLE".into(),
        ([position], None) => described[*position].1.clone(),
        _ => "VARCHAR".into(),
    });
    let selected: Vec<String> = mapping
        .columns
        .iter()
        .map(|mapped| format!(", {} AS {}", in_our_words(mapped), identifier(mapped.column.name)))
        .collect();
    let relation = format!(
        "(SELECT file_row_number + 1 AS row_number{} FROM read_parquet({path}, file_row_number = true) WHERE {filter})",
        selected.concat()
    );
    let left_out = (!table.confidential && filter != "true").then(|| {
        format!(
            "(SELECT file_row_number + 1 AS row_number{}, {why_not} AS reason \
             FROM read_parquet({path}, file_row_number = true) WHERE NOT ({filter}))",
            selected.concat()
        )
    });
    let count = format!("SELECT count(*), count(*) FILTER ({filter}) FROM read_parquet({path})");
    let (all, admitted) = warehouse
        .query(&count, params![], |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)))
        .map_err(unreadable)?
        .into_iter()
        .next()
        .unwrap_or_default();
    let mut recognised = BTreeMap::from([("format".to_owned(), "parquet".to_owned())]);
    if admitted < all {
        recognised.insert("left out by the filter".into(), (all - admitted).to_string());
    }
    let notices = profile::mapping_notices(&file.name, table, &mapping);
    let rows_in = admitted as u64;
    Ok(Prepared { relation, columns, mapping, rows_in, left_out, rejected: Vec::new(), recognised, notices })
}

/// A mapped column of a Parquet file: itself, several joined by blanks, and its words replaced by ours.
fn in_our_words(mapped: &Mapped) -> String {
    let sql = match &mapped.theirs[..] {
        [one] => identifier(one),
        several => {
            let cells = several.iter().map(|name| format!("nullif(trim(CAST({} AS VARCHAR)), '')", identifier(name)));
            format!("concat_ws(' ', {})", cells.collect::<Vec<_>>().join(", "))
        }
    };
    let sql = if mapped.is_percent { format!("TRY_CAST({sql} AS DOUBLE) / 100") } else { sql };
    let sql = match &mapped.only {
        Some(only) => format!("CASE WHEN {} THEN {sql} END", only.sql()),
        None => sql,
    };
    let Some(values) = &mapped.values else { return sql };
    let text = format!("trim(CAST({sql} AS VARCHAR))");
    let words = values.words.iter().map(|(theirs, ours)| format!(" WHEN {} THEN {}", literal(theirs), literal(ours)));
    let others = values.others.as_ref().map_or(text.clone(), |ours| literal(ours));
    format!(
        "CASE lower({text}) WHEN '' THEN NULL{} ELSE CASE WHEN {sql} IS NOT NULL THEN {others} END END",
        words.collect::<String>()
    )
}

fn source_columns(mapping: &Mapping, sql_type: impl Fn(&Mapped) -> String) -> Vec<SourceColumn> {
    let column = |column: &Column, sql: String, sql_type: String| SourceColumn {
        name: column.name,
        kind: column.kind,
        required: column.required,
        sql,
        sql_type,
    };
    let mapped = mapping.columns.iter().map(|m| column(&m.column, identifier(m.column.name), sql_type(m)));
    let constants = mapping.constants.iter().map(|(c, value)| column(c, literal(value), "VARCHAR".into()));
    mapped.chain(constants).collect()
}
