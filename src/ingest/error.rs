//! What can go wrong while files become tables.

use std::path::PathBuf;

use crate::warehouse::WarehouseError;

/// An error of the ingest stage. Nothing was changed when one is returned.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// A configured pattern matches no file.
    #[error("`{table}`: no file matches `{pattern}`")]
    NoFile {
        /// Table.
        table: String,
        /// As configured.
        pattern: String,
    },
    /// A database that nothing was fetched from.
    #[error("`{table}`: nothing was fetched yet from the database `{source_name}`")]
    NotFetched {
        /// Table.
        table: String,
        /// Source.
        source_name: String,
    },
    /// A configured file lies outside the project.
    #[error("`{table}`: `{pattern}` lies outside the project folder")]
    OutsideProject {
        /// Table.
        table: String,
        /// As configured.
        pattern: String,
    },
    /// There is nothing to work on.
    #[error("there are no order lines in `{}`", folder.display())]
    NoOrderLines {
        /// The data folder.
        folder: PathBuf,
    },
    /// The files of order lines are there and hold none.
    #[error("{files}: a header and no order lines below it")]
    OnlyHeaders {
        /// Them.
        files: String,
    },
    /// A section of the configuration names what the contract does not have.
    #[error("[{section}] names `{name}`, which is no column of `{table}`")]
    UnknownColumn {
        /// Section of `headroom.toml`.
        section: String,
        /// As typed.
        name: String,
        /// Table.
        table: &'static str,
        /// The nearest column, or all of them.
        known: String,
    },
    /// `upsert` without anything that identifies a row.
    #[error("`{table}` is loaded by upsert, but nothing identifies its rows")]
    NoKey {
        /// Table.
        table: &'static str,
    },
    /// A file cannot be read.
    #[error("{file}: {reason}")]
    Read {
        /// File.
        file: String,
        /// What the system says.
        reason: String,
    },
    /// A file without a header line.
    #[error("{file}: the file is empty, expected a header line with column names")]
    Empty {
        /// File.
        file: String,
    },
    /// A record that does not end.
    #[error("{file}: the record at line {line} {reason}")]
    Record {
        /// File.
        file: String,
        /// Line on which it begins.
        line: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A required column is not in the file.
    #[error("{file}: `{table}` needs a column `{column}`, found {}", list(found))]
    MissingColumn {
        /// File.
        file: String,
        /// Table.
        table: &'static str,
        /// Canonical column.
        column: String,
        /// What the file has.
        found: Vec<String>,
        /// The most similar one.
        nearest: Option<String>,
    },
    /// A mapped or filtered column is not in the file.
    #[error("{file}: there is no column `{name}` for {use_}, found {}", list(found))]
    UnknownSourceColumn {
        /// File.
        file: String,
        /// As configured.
        name: String,
        /// The canonical column, or the filter.
        use_: String,
        /// What the file has.
        found: Vec<String>,
        /// The most similar one.
        nearest: Option<String>,
    },
    /// A constant that cannot be one.
    #[error("`{table}`: column `{column}` {problem}")]
    Constant {
        /// Table.
        table: &'static str,
        /// Canonical column.
        column: String,
        /// What is wrong.
        problem: String,
    },
    /// A mailbox, and nobody said whose.
    #[error("{file}: which addresses in this mailbox are our own is not said")]
    NoOwnDomain {
        /// Table.
        table: &'static str,
        /// The mailbox.
        file: String,
    },
    /// The configured header is not there.
    #[error("{file}: there is no header in row {row}")]
    NoHeader {
        /// File.
        file: String,
        /// As configured.
        row: u32,
    },
    /// The configured sheet is not there.
    #[error("{file}: there is no sheet `{sheet}`, found {}", list(found))]
    NoSheet {
        /// File.
        file: String,
        /// As configured.
        sheet: String,
        /// The sheets.
        found: Vec<String>,
    },
    /// JSON without records.
    #[error("{file}: there are no records{}", path.as_ref().map(|path| format!(" below `{path}`")).unwrap_or_default())]
    NoRecords {
        /// File.
        file: String,
        /// As configured.
        path: Option<String>,
    },
    /// More than a file may hold.
    #[error("{file}: {what}, expected {limit}")]
    TooLarge {
        /// File.
        file: String,
        /// What there is too much of.
        what: String,
        /// How much may be.
        limit: String,
    },
    /// Two columns of a file stand for the same canonical one.
    #[error("{file}: the columns `{first}` and `{second}` both stand for `{column}`")]
    AmbiguousColumn {
        /// File.
        file: String,
        /// Canonical column.
        column: String,
        /// One.
        first: String,
        /// The other.
        second: String,
    },
    /// A column of a type that cannot become the canonical one.
    #[error("{file}: column `{column}` is of type {found}, expected {expected}")]
    ColumnType {
        /// File.
        file: String,
        /// The file's column.
        column: String,
        /// Its type.
        found: String,
        /// What the contract wants.
        expected: String,
    },
    /// Dates that can be read both ways.
    #[error("{file}: dates such as `{value}` in column `{column}` can be read day first and month first")]
    AmbiguousDates {
        /// Table.
        table: &'static str,
        /// File.
        file: String,
        /// The file's column.
        column: String,
        /// The first such value.
        value: String,
    },
    /// Numbers that can be read both ways.
    #[error(
        "{file}: numbers such as `{value}` in column `{column}` can be read with a decimal mark and with thousands"
    )]
    AmbiguousNumbers {
        /// Table.
        table: &'static str,
        /// File.
        file: String,
        /// The file's column.
        column: String,
        /// The first such value.
        value: String,
    },
    /// Every row went to quarantine.
    #[error("{file}: none of {rows} rows could be loaded; the first has {found} in `{column}`, expected {expected}")]
    NothingReadable {
        /// File.
        file: String,
        /// Rows in the file.
        rows: u64,
        /// The first refused value.
        found: String,
        /// Its column.
        column: String,
        /// What the contract wants.
        expected: String,
    },
    /// Several files, no declaration, and they are not disjoint.
    #[error("`{table}`: {first} and {second} overlap ({overlap}), and nothing says how they follow each other")]
    Overlap {
        /// Table.
        table: &'static str,
        /// A file.
        first: String,
        /// Another.
        second: String,
        /// What they share.
        overlap: String,
    },
    /// An earlier state delivered after a later one.
    #[error("`{table}`: {file} was received on {received_on}, but a file received on {loaded} is loaded already")]
    OutOfOrder {
        /// Table.
        table: &'static str,
        /// The file.
        file: String,
        /// Its day.
        received_on: String,
        /// The day of the newest loaded file.
        loaded: String,
    },
    /// A correction without a day.
    #[error(
        "`{table}`: {files} changes, removes or adds {rows} rows of the past, and nothing says when it was received"
    )]
    NoReceivedOn {
        /// Table.
        table: &'static str,
        /// The files.
        files: String,
        /// How many rows need it.
        rows: u64,
    },
    /// An empty file that would take everything back.
    #[error("`{table}`: {files} holds no rows, but {rows} are loaded")]
    EmptySnapshot {
        /// Table.
        table: &'static str,
        /// The files.
        files: String,
        /// Rows it would remove.
        rows: u64,
    },
    /// The reading of a table was configured anew, but a file it came from is gone.
    #[error("`{table}` must be read again, because its settings changed, but {file} is gone")]
    CannotReload {
        /// Table.
        table: &'static str,
        /// The file.
        file: String,
    },
    /// Money in a currency without a rate.
    #[error("there is no rate from {currency} to {report_currency} for {months}")]
    NoRate {
        /// The currency.
        currency: String,
        /// The report currency.
        report_currency: String,
        /// First months without, and how many more.
        months: String,
    },
    /// Rows lost or doubled on the way: a defect of headroom.
    #[error("{file}: {rows_in} rows were read, but {rows_loaded} are loaded and {rows_quarantined} in quarantine")]
    Reconciliation {
        /// File.
        file: String,
        /// Rows in the file.
        rows_in: u64,
        /// Rows in the table.
        rows_loaded: u64,
        /// Rows in quarantine.
        rows_quarantined: u64,
    },
    /// The key of the raters' pseudonyms cannot be read or made.
    #[error("pseudonym key `{}`: {reason}", path.display())]
    PseudonymKey {
        /// The key file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Sources that a dry run could not read.
    #[error("{sources} {} cannot be read", if *sources == 1 { "source" } else { "sources" })]
    DryRun {
        /// How many.
        sources: usize,
    },
    /// An error of the warehouse.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// A frame that could not be made.
    #[error("rows could not be handed to the warehouse: {0}")]
    Frame(#[from] polars::error::PolarsError),
}

impl IngestError {
    /// The remedy, where there is one.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoFile { table, .. } => format!("`files` in `[{table}]` is relative to the project folder"),
            Self::NotFetched { .. } => "run `headroom fetch` first; it asks the databases, and nothing else does".into(),
            Self::OutsideProject { .. } => "copy the file into the project's data folder".into(),
            Self::NoOrderLines { folder } => format!(
                "put `order_lines.csv` or `order_lines.parquet` into `{}` (columns: docs/data.md), or name the files in \
                 `[order_lines] files = [\"...\"]`",
                folder.display()
            ),
            Self::OnlyHeaders { .. } => "export it again with its rows; `headroom ingest --dry-run` shows what is read, and \
                                         how many rows a `filter` leaves out"
                .into(),
            Self::UnknownColumn { known, .. } => known.clone(),
            Self::NoKey { table } => format!("set `key = [\"...\"]` in `[{table}]`"),
            Self::Empty { .. } => "export it again, or remove it".into(),
            Self::Record { .. } => "look for a quotation mark that is opened and never closed".into(),
            Self::MissingColumn { table, column, nearest, .. } => {
                let theirs = nearest.as_deref().unwrap_or("its name in the file");
                format!("map it in `[{table}.columns]`: {column} = \"{theirs}\"")
            }
            Self::UnknownSourceColumn { nearest, .. } => nearest.as_ref().map_or_else(
                || "columns of the file stand on the right of the mapping; `allow_missing = true` leaves optional ones empty".into(),
                |nearest| format!("did you mean `{nearest}`?"),
            ),
            Self::Constant { .. } => "a column is mapped, or has one value in all rows; only shares are given in percent".into(),
            Self::NoOwnDomain { table, .. } => format!("set `own_domains = [\"example.com\"]` in `[{table}]`"),
            Self::NoHeader { .. } => "rows are counted from 1, blank ones with them; a header row holds column names".into(),
            Self::NoSheet { .. } => "`sheet` is a name or a number from 1".into(),
            Self::NoRecords { .. } => {
                "name the member that holds the list of records: records = \"value\", or \"d.results\" for a nested one".into()
            }
            Self::TooLarge { .. } => "export only what the table needs".into(),
            Self::AmbiguousColumn { column, first, .. } => {
                format!("say which in the table's `columns` section: {column} = \"{first}\"")
            }
            Self::AmbiguousDates { table, .. } => {
                format!("set `date_order = \"dmy\"` or `\"mdy\"` in `[{table}]`")
            }
            Self::AmbiguousNumbers { table, .. } => format!("set `decimal = \",\"` or `\".\"` in `[{table}]`"),
            Self::NothingReadable { .. } => {
                "check the mapping of columns, the decimal mark and the date order of this file".into()
            }
            Self::Overlap { table, .. } => format!(
                "in `[{table}]` set mode = \"snapshot\" if each file is the whole table as it stood then, \"append\" if \
                 each brings further rows, or \"upsert\" if each brings new and changed rows"
            ),
            Self::OutOfOrder { .. } | Self::CannotReload { .. } => {
                "all the warehouse holds is rebuilt from the files: put all of them in place, delete \
                 `data/warehouse.duckdb` and run again"
                    .into()
            }
            Self::NoReceivedOn { table, .. } => format!(
                "put the day into the file's name ({table}_2021-10-31.csv), or set `received_on = \"2021-10-31\"` in \
                 `[{table}]`"
            ),
            Self::EmptySnapshot { .. } => "export it again; to start over, delete `data/warehouse.duckdb`".into(),
            Self::NoRate { currency, .. } => format!(
                "add the rates to `data/fx_rates.csv` (month, currency, rate), or set `currency = \"{currency}\"` in \
                 `[project]` if that is the report currency"
            ),
            Self::PseudonymKey { path, .. } => format!("restore `{}` from a backup", path.display()),
            Self::DryRun { .. } => "each is named above with its remedy; nothing was written".into(),
            Self::Warehouse(error) => return error.hint(),
            Self::Read { .. } | Self::ColumnType { .. } | Self::Reconciliation { .. } | Self::Frame(_) => return None,
        })
    }
}

fn list(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(30).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(shown.len());
    match (shown.is_empty(), more) {
        (true, _) => "none".into(),
        (false, 0) => shown.join(", "),
        (false, more) => format!("{} and {more} more", shown.join(", ")),
    }
}
