//! Where a canonical table comes from: one `[<table>]` section of `headroom.toml`, or several `[[<table>.sources]]`.
//!
//! Types refuse what no file can have (an unknown encoding, a delimiter of two characters). Whether the columns named
//! here exist in the contract is checked against the table by ingest, which knows it.

use std::{collections::BTreeMap, num::NonZeroU32};

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use super::database::Database;
pub use super::mapping::{Condition, DateFormat, Names, Scalar, Sheet, SourceName, Test};

/// How a table's files follow each other (METHOD section 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoadMode {
    /// Every file brings further rows.
    Append,
    /// Every file is the whole table as it stood when the file was received.
    Snapshot,
    /// Every file brings new and changed rows; rows of the same key are replaced.
    Upsert,
}

impl LoadMode {
    /// Its name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Snapshot => "snapshot",
            Self::Upsert => "upsert",
        }
    }
}

/// What separates the fields of a CSV file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delimiter {
    /// `,`
    #[serde(rename = ",")]
    Comma,
    /// `;`
    #[serde(rename = ";")]
    Semicolon,
    /// A tab.
    #[serde(rename = "\t", alias = "tab")]
    Tab,
    /// `|`
    #[serde(rename = "|")]
    Bar,
}

impl Delimiter {
    /// All of them, most common first.
    pub const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Bar];

    /// Its byte.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Bar => b'|',
        }
    }
}

/// What separates units from fractions in a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DecimalMark {
    /// `1,234.56`
    #[serde(rename = ".")]
    Point,
    /// `1.234,56`
    #[serde(rename = ",")]
    Comma,
}

/// Which comes first in dates such as 03/04/2021. Dates with points are always day first, ISO dates year first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DateOrder {
    /// Day, month, year.
    Dmy,
    /// Month, day, year.
    Mdy,
}

/// A character encoding, by any label of the WHATWG standard (`utf-8`, `windows-1252`, `iso-8859-1`, `utf-16le`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(into = "&'static str")]
pub struct Encoding(pub &'static encoding_rs::Encoding);

impl From<Encoding> for &'static str {
    fn from(encoding: Encoding) -> Self {
        encoding.0.name()
    }
}

impl<'de> Deserialize<'de> for Encoding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let label = String::deserialize(deserializer)?;
        encoding_rs::Encoding::for_label(label.as_bytes()).map(Self).ok_or_else(|| {
            D::Error::custom(format!("encoding is `{label}`, expected a name such as utf-8, windows-1252 or utf-16le"))
        })
    }
}

/// The sources of each configured table, in the order in which they are loaded; never an empty list.
pub type Sources = BTreeMap<String, Vec<SourceConfig>>;

/// One source of a table: its whole section, or one entry of `[[<table>.sources]]`. Everything is optional: a canonical
/// file in `data/` needs no section at all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SourceConfig {
    /// What its rows carry as `source`.
    #[serde(skip_serializing)]
    pub name: SourceName,
    /// Who answers for it, for the inventory.
    #[serde(skip_serializing)]
    pub owner: Option<String>,
    /// The database it is, instead of files. What is asked may change: what came of it is a file, which counts.
    #[serde(skip_serializing)]
    pub database: Option<Database>,
    /// Whether it is no error that there is no file yet.
    #[serde(skip_serializing)]
    pub optional: bool,
    /// Files relative to the project folder; `*` and `?` match within a name. Empty: `data/<table>.csv` or `.parquet`,
    /// and names that begin so (`data/order_lines_2021-10.csv`).
    pub files: Vec<String>,
    /// Mailboxes: domains of our own addresses, such as `example.com`; those below them are ours, too.
    pub own_domains: Vec<String>,
    /// How the files follow each other. `None`: together they are the table, and may not overlap.
    pub mode: Option<LoadMode>,
    /// Canonical columns that identify a row, for `upsert`. Empty: the contract's key.
    pub key: Vec<String>,
    /// Day the files were received, where their names do not say so.
    #[serde(deserialize_with = "date_or_text", skip_serializing_if = "Option::is_none")]
    pub received_on: Option<Date>,
    /// CSV: the delimiter, where it should not be recognised.
    pub delimiter: Option<Delimiter>,
    /// Text: the encoding, where it should not be recognised.
    pub encoding: Option<Encoding>,
    /// Text: the decimal mark, where the numbers leave it open.
    pub decimal: Option<DecimalMark>,
    /// Text: the order of day and month, where the dates leave it open.
    pub date_order: Option<DateOrder>,
    /// Text: how dates are written, where they are written as no program should.
    pub date_format: Option<DateFormat>,
    /// Workbooks: the sheet, by name or number from 1; otherwise the first that has the columns.
    pub sheet: Option<Sheet>,
    /// CSV and workbooks: the first row of the header, from 1, where it should not be recognised.
    pub header_row: Option<NonZeroU32>,
    /// CSV and workbooks: rows that make up the header, where they should not be recognised.
    pub header_rows: Option<NonZeroU32>,
    /// JSON: the member that holds the records, such as `d.results`; otherwise every value of the file is one.
    pub records: Option<String>,
    /// Optional columns that a file lacks are left empty with a note, also where they are mapped.
    pub allow_missing: bool,
    /// Canonical column to the file's name for it, or to several, joined by blanks.
    pub columns: BTreeMap<String, Names>,
    /// Canonical column to the one value that every row has.
    pub constants: BTreeMap<String, Scalar>,
    /// Canonical column to the file's words and ours for them; `*` stands for all others.
    pub values: BTreeMap<String, BTreeMap<String, Scalar>>,
    /// Canonical columns that the file holds in percent: 75 or `75 %` for .75.
    pub percent: Vec<String>,
    /// Canonical column and what must hold for its cell to be read; it is empty otherwise.
    pub only: BTreeMap<String, Condition>,
    /// Conditions that a row must meet, all of them, to be read at all.
    pub filter: Vec<Condition>,
}

/// A day, as TOML's own date or as text.
fn date_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Typed {
        Date(toml::value::Datetime),
        Text(String),
    }
    let text = match Typed::deserialize(deserializer)? {
        Typed::Date(date) => date.to_string(),
        Typed::Text(text) => text,
    };
    text.parse().map(Some).map_err(|_| D::Error::custom(format!("date is `{text}`, expected a day such as 2021-10-31")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_read_as_typed() {
        let section: SourceConfig = toml::from_str(
            "files = ['data/erp_*.csv']\nmode = 'snapshot'\nreceived_on = 2021-10-31\ndelimiter = ';'\n\
             encoding = 'latin1'\ndecimal = ','\ndate_order = 'dmy'\n[columns]\norder_id = 'Beleg'",
        )
        .unwrap();
        assert_eq!(section.mode, Some(LoadMode::Snapshot));
        assert_eq!(section.received_on, Some(jiff::civil::date(2021, 10, 31)));
        assert_eq!(section.encoding.unwrap().0.name(), "windows-1252");
        assert_eq!(section.columns["order_id"].as_slice(), ["Beleg"]);
        assert_eq!(
            toml::from_str::<SourceConfig>("received_on = '2021-10-31'").unwrap().received_on,
            section.received_on
        );
    }

    #[test]
    fn what_no_file_can_have_is_refused() {
        for wrong in
            ["mode = 'replace'", "delimiter = '::'", "encoding = 'utf-9'", "received_on = '31.10.2021'", "file = 'x'"]
        {
            assert!(toml::from_str::<SourceConfig>(wrong).is_err(), "{wrong}");
        }
    }
}
