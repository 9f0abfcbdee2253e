//! What an ingest would read, told before anything is written: the same code on a warehouse that is thrown away.
//!
//! Every source is tried by itself, so that one that fails hides no other. What the project's own warehouse holds is not
//! looked at: each source is read as for the first time.

use std::fmt;

use super::{
    BatchReport, IngestError, IngestReport, Request,
    contract::{self, Kind, TABLES, Table},
    load_source,
    pseudonym::Keys,
    source_of,
};
use crate::{
    config::sources::SourceConfig,
    domain::Notice,
    params,
    warehouse::{Warehouse, WarehouseError},
};

/// Rows shown of each source.
const SHOWN_ROWS: usize = 5;
/// Refused cells shown of each source.
const SHOWN_PROBLEMS: usize = 20;

/// One source as it would be read.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Preview {
    /// Canonical table.
    pub table: String,
    /// Name of the source.
    pub source: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// How its files follow each other.
    pub mode: String,
    /// Its files, with counts of rows and what was recognised.
    pub files: Vec<BatchReport>,
    /// Canonical columns that it has.
    pub columns: Vec<String>,
    /// Its first rows as they would be stored.
    pub rows: Vec<Vec<String>>,
    /// The first cells that would go to quarantine, in words.
    pub problems: Vec<String>,
    /// Cells that would go to quarantine.
    pub refused_cells: u64,
    /// What the user should know.
    pub notices: Vec<Notice>,
    /// Why it cannot be read, and the remedy.
    pub error: Option<(String, Option<String>)>,
}

/// Reads every source into `scratch`, a warehouse that holds nothing and is thrown away.
///
/// Tables that have neither a section nor a file are left out.
///
/// # Errors
/// If the scratch warehouse fails; what is wrong with a source stands in its preview.
pub fn dry_run(scratch: &Warehouse, request: &Request<'_>) -> Result<Vec<Preview>, IngestError> {
    let _span = tracing::info_span!("ingest").entered();
    scratch.create_tables(&contract::table_definitions())?;
    scratch.execute_script(include_str!("sql/product_groups.sql"))?;
    scratch.execute_script(include_str!("sql/rates.sql"))?;
    let unconfigured = SourceConfig::default();
    let mut previews = Vec::new();
    for table in TABLES {
        let configured = request.sources.get(table.name);
        for config in configured.map_or(std::slice::from_ref(&unconfigured), Vec::as_slice) {
            let preview = preview(scratch, request, table, config)?;
            if configured.is_some() || !preview.files.is_empty() || preview.error.is_some() {
                previews.push(preview);
            }
        }
    }
    Ok(previews)
}

fn preview(
    scratch: &Warehouse,
    request: &Request<'_>,
    table: &'static Table,
    config: &SourceConfig,
) -> Result<Preview, WarehouseError> {
    let mut preview = Preview {
        table: table.name.into(),
        source: config.name.to_string(),
        owner: config.owner.clone(),
        mode: config.mode.map_or("together", |mode| mode.name()).into(),
        ..Preview::default()
    };
    let mut report = IngestReport::default();
    let loaded = source_of(request, table, config).and_then(|source| {
        scratch.transaction(|scratch| load_source(scratch, request, &source, Keys::Discarded, &mut report))
    });
    preview.notices = report.notices.into_iter().filter(|notice| notice.code != "quarantine").collect();
    match loaded {
        Err(error) => preview.error = Some((error.to_string(), error.hint())),
        Ok(_) => {
            preview.files = report.batches;
            (preview.columns, preview.rows) = first_rows(scratch, table, config, &preview.files)?;
            (preview.problems, preview.refused_cells) = problems(scratch, table, config)?;
        }
    }
    Ok(preview)
}

fn first_rows(
    scratch: &Warehouse,
    table: &Table,
    config: &SourceConfig,
    files: &[BatchReport],
) -> Result<(Vec<String>, Vec<Vec<String>>), WarehouseError> {
    let is_mapped = |name: &str| files.iter().any(|file| file.columns.contains_key(name));
    let columns: Vec<_> = table.input_columns().filter(|column| is_mapped(column.name)).collect();
    let shown = columns.iter().map(|column| {
        let stored = column.stored_as();
        let sql = match column.kind {
            Kind::Money | Kind::Quantity => format!("{stored} / 10000.0"),
            Kind::Month => format!("format('{{:04d}}-{{:02d}}', {stored} // 12, {stored} % 12 + 1)"),
            _ => stored,
        };
        format!("left(coalesce(CAST({sql} AS VARCHAR), ''), 60)")
    });
    let shown: Vec<String> = shown.collect();
    let names = columns.iter().map(|column| column.name.to_owned()).collect();
    if table.confidential || shown.is_empty() {
        return Ok((names, Vec::new()));
    }
    let sql =
        format!("SELECT {} FROM {} WHERE source = ? ORDER BY rowid LIMIT {SHOWN_ROWS}", shown.join(", "), table.name);
    let rows = scratch.query(&sql, params![config.name.as_str()], |row| {
        (0..shown.len()).map(|at| row.get::<String>(at)).collect::<Result<Vec<_>, _>>()
    })?;
    Ok((names, rows))
}

fn problems(scratch: &Warehouse, table: &Table, config: &SourceConfig) -> Result<(Vec<String>, u64), WarehouseError> {
    let from = "FROM quarantine JOIN batches USING (batch_id) WHERE batches.table_name = ? AND batches.source = ?";
    let of = params![table.name, config.name.as_str()];
    let count = scratch.query(&format!("SELECT count(*) {from}"), of, |row| row.get::<i64>(0))?;
    let sql = format!(
        "SELECT quarantine.file, row_number, column_name, value, expected, reason {from} \
         ORDER BY quarantine.file, row_number, column_name LIMIT {SHOWN_PROBLEMS}"
    );
    let problems = scratch.query(&sql, of, |row| {
        let column = row.get::<Option<String>>(2)?.map_or_else(|| "the row".to_owned(), |column| format!("`{column}`"));
        let value = row.get::<Option<String>>(3)?.map_or_else(String::new, |value| format!(" is `{value}`,"));
        let (file, number, expected, reason) =
            (row.get::<String>(0)?, row.get::<i64>(1)?, row.get::<String>(4)?, row.get::<String>(5)?);
        Ok(format!("{file}, row {number}: {column}{value} {reason}, expected {expected}"))
    })?;
    Ok((problems, count.first().map_or(0, |count| *count as u64)))
}

impl fmt::Display for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let owner = self.owner.as_ref().map_or_else(String::new, |owner| format!(", owner {owner}"));
        writeln!(f, "{} from {} ({}{owner})", self.table, self.source, self.mode)?;
        if self.files.is_empty() && self.error.is_none() {
            writeln!(f, "  no file yet")?;
        }
        for file in &self.files {
            let recognised: Vec<String> = file.recognised.iter().map(|(what, how)| format!("{what} {how}")).collect();
            writeln!(
                f,
                "  {}: {} rows, {} would be loaded, {} would go to quarantine; {}",
                file.file,
                file.rows_in,
                file.rows_loaded,
                file.rows_quarantined,
                recognised.join(", ")
            )?;
            let columns: Vec<String> =
                file.columns.iter().map(|(ours, theirs)| format!("{ours} <- {theirs}")).collect();
            writeln!(f, "    {}", columns.join(", ").replace("<- = ", "= "))?;
        }
        if !self.rows.is_empty() {
            writeln!(f, "  | {} |", self.columns.join(" | "))?;
            for row in &self.rows {
                writeln!(f, "  | {} |", row.join(" | ").replace(['\n', '\r', '\u{1b}'], " "))?;
            }
        }
        for problem in &self.problems {
            writeln!(f, "  problem: {}", problem.replace(['\n', '\r', '\u{1b}'], " "))?;
        }
        if self.refused_cells > self.problems.len() as u64 {
            writeln!(f, "  and {} more problems", self.refused_cells - self.problems.len() as u64)?;
        }
        for notice in &self.notices {
            writeln!(f, "  note: {}", notice.text)?;
        }
        if let Some((error, hint)) = &self.error {
            writeln!(f, "  error: {error}")?;
            if let Some(hint) = hint {
                writeln!(f, "  hint: {hint}")?;
            }
        }
        Ok(())
    }
}
