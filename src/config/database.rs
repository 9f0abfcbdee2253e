//! A database as the source of a table: which driver, which environment variable holds its address, what to ask.
//!
//! The address, with its password, is never typed here: only the name of the variable that holds it.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, de::Error as _};

/// `database = { driver = "postgresql", uri_env = "ERP_DATABASE", query = "SELECT ..." }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Name of the ADBC driver, such as `postgresql`: a name and no path, so that a configuration cannot have a library
    /// of its own loaded.
    pub driver: String,
    /// Environment variable that holds the address.
    pub uri_env: String,
    /// What to ask.
    pub ask: Ask,
}

/// What a database is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// The result of one query.
    Query(String),
    /// All rows of a table or view, by its exact name, with its schema if need be (`sales.order_lines`).
    Table(String),
}

impl Ask {
    /// The statement that asks for it.
    pub fn sql(&self) -> String {
        match self {
            Self::Query(query) => query.clone(),
            Self::Table(name) => {
                let parts: Vec<String> = name.split('.').map(|part| format!("\"{part}\"")).collect();
                format!("SELECT * FROM {}", parts.join("."))
            }
        }
    }
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Query(_) => f.write_str("its query"),
            Self::Table(name) => write!(f, "table `{name}`"),
        }
    }
}

/// Folder, relative to the project, of what was fetched for `table`.
pub fn fetched_folder(table: &str) -> String {
    format!("data/fetched/{table}")
}

/// Name in that folder of what was fetched from `source` on `day`.
pub fn fetched_name(source: &str, day: Date) -> String {
    format!("{day}_{source}.parquet")
}

/// Pattern that all files fetched for `table` from `source` match, and no others.
pub fn fetched_pattern(table: &str, source: &str) -> String {
    format!("{}/????-??-??_{source}.parquet", fetched_folder(table))
}

impl<'de> Deserialize<'de> for Database {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Typed {
            driver: String,
            uri_env: String,
            query: Option<String>,
            table: Option<String>,
        }
        let Typed { driver, uri_env, query, table } = Typed::deserialize(deserializer)?;
        if !is_word(&driver, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')) {
            return Err(D::Error::custom(format!(
                "driver is `{driver}`, expected the name of an ADBC driver such as postgresql or sqlite, not a path"
            )));
        }
        if !is_word(&uri_env, |c| c.is_ascii_alphanumeric() || c == '_') {
            // Not repeated: what stands there may be the address with its password.
            return Err(D::Error::custom(
                "uri_env is no name of an environment variable, expected one such as ERP_DATABASE; the address itself \
                 does not belong into this file",
            ));
        }
        let ask = match (query, table) {
            (Some(query), None) => Ask::Query(checked_query(&query).map_err(D::Error::custom)?),
            (None, Some(table)) => {
                let is_plain = |part: &str| !part.is_empty() && !part.contains(['"', '\0']);
                if !table.split('.').all(is_plain) {
                    return Err(D::Error::custom(format!(
                        "table is `{table}`, expected a name such as order_lines or sales.order_lines"
                    )));
                }
                Ask::Table(table)
            }
            _ => return Err(D::Error::custom("database needs exactly one of query, table")),
        };
        Ok(Self { driver, uri_env, ask })
    }
}

fn is_word(text: &str, is_allowed: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.len() <= 100 && text.chars().all(is_allowed)
}

/// One query that reads: the database is asked to refuse anything else, too.
fn checked_query(query: &str) -> Result<String, String> {
    let query = query.trim().trim_end_matches(';').trim_end();
    let first = query.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or("").to_ascii_lowercase();
    match first.as_str() {
        "select" | "with" => Ok(query.to_owned()),
        _ => Err(format!("query begins with `{first}`, expected SELECT or WITH")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(text: &str) -> Result<Database, String> {
        toml::from_str(text).map_err(|error: toml::de::Error| error.message().to_owned())
    }

    #[test]
    fn a_database_is_asked_one_thing() {
        let asked = |rest: &str| database(&format!("driver = 'sqlite'\nuri_env = 'ERP'\n{rest}"));
        assert_eq!(asked("query = ' SELECT 1; '").unwrap().ask.sql(), "SELECT 1");
        assert_eq!(asked("table = 'sales.lines'").unwrap().ask.sql(), "SELECT * FROM \"sales\".\"lines\"");
        for wrong in ["", "query = 'SELECT 1'\ntable = 'x'", "query = 'DROP TABLE x'", "table = 'a\"; DROP TABLE x'"] {
            assert!(asked(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn neither_a_library_nor_an_address_is_taken_from_the_file() {
        let error = database("driver = '/tmp/evil.so'\nuri_env = 'X'\ntable = 'x'").unwrap_err();
        assert!(error.contains("expected the name of an ADBC driver"), "{error}");
        let address = "postgresql://me:secret@db/erp";
        let error = database(&format!("driver = 'postgresql'\nuri_env = '{address}'\ntable = 'x'")).unwrap_err();
        assert!(!error.contains("secret") && error.contains("such as ERP_DATABASE"), "{error}");
    }

    #[test]
    fn a_pattern_matches_the_files_of_its_source_only() {
        let day = jiff::civil::date(2021, 10, 31);
        assert_eq!(fetched_name("erp", day), "2021-10-31_erp.parquet");
        assert_eq!(fetched_pattern("reps", "erp"), "data/fetched/reps/????-??-??_erp.parquet");
    }
}
