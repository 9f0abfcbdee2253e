//! The words in which a source's rows are mapped to a table: names, constants, values, conditions.
//!
//! Everything is declarative: there is no SQL and no expression, so a configuration can be read and checked by eye.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// Name of a source: letters, digits, `_`, `-` and `.`, at most 40 of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SourceName(String);

impl SourceName {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for SourceName {
    /// The project's folder.
    fn default() -> Self {
        Self("files".into())
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SourceName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        if name.is_empty() || name.chars().count() > 40 || !name.chars().all(is_plain) {
            return Err(D::Error::custom(format!(
                "name is `{name}`, expected up to 40 letters, digits, `_`, `-` and `.`, such as erp"
            )));
        }
        Ok(Self(name))
    }
}

/// One column of a file, or several whose texts are joined by blanks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Names {
    /// A column.
    One(String),
    /// Columns in the order of the text.
    Several(Vec<String>),
}

impl Names {
    /// The names, in order.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
        }
    }
}

/// A single value as TOML knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// `true`
    Bool(bool),
    /// `7`
    Integer(i64),
    /// `7.5`
    Real(f64),
    /// `"erp"`
    Text(String),
    /// `2021-10-31`
    Date(toml::value::Datetime),
}

impl fmt::Display for Scalar {
    /// In plain spelling: decimal point, ISO date.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Real(value) => value.fmt(f),
            Self::Text(value) => value.fmt(f),
            Self::Date(value) => value.fmt(f),
        }
    }
}

/// A sheet of a workbook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Sheet {
    /// By its place, from 1.
    Number(std::num::NonZeroUsize),
    /// By its name.
    Name(String),
}

/// How dates are written, in the words of `strftime`: `%d.%m.%y`, `%b %d, %Y`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DateFormat(String);

impl DateFormat {
    /// The day that `text` names, if it is written so.
    pub fn parse(&self, text: &str) -> Option<Date> {
        jiff::fmt::strtime::parse(&self.0, text).ok()?.to_date().ok()
    }
}

impl<'de> Deserialize<'de> for DateFormat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let format = String::deserialize(deserializer)?;
        let day = Date::constant(2021, 10, 31);
        let written = jiff::fmt::strtime::format(&format, day).ok();
        let parsed = Self(format);
        match written.and_then(|text| parsed.parse(&text)) {
            Some(read) if read == day => Ok(parsed),
            _ => Err(D::Error::custom(format!(
                "date_format is `{}`, expected day, month and year as in %d.%m.%y or %b %d, %Y",
                parsed.0
            ))),
        }
    }
}

/// What a cell must be.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum Test {
    /// One of these, whatever its case.
    In(Vec<Scalar>),
    /// None of these, whatever its case.
    NotIn(Vec<Scalar>),
    /// Blank, or not.
    IsEmpty(bool),
}

/// A column of the file, and what it must be for a row to be read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Condition {
    /// The file's name for the column.
    pub column: String,
    /// What it must be.
    pub test: Test,
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Typed {
            column: String,
            is: Option<Scalar>,
            is_not: Option<Scalar>,
            r#in: Option<Vec<Scalar>>,
            not_in: Option<Vec<Scalar>>,
            is_empty: Option<bool>,
        }
        let typed = Typed::deserialize(deserializer)?;
        let tests = [
            typed.is.map(|value| Test::In(vec![value])),
            typed.is_not.map(|value| Test::NotIn(vec![value])),
            typed.r#in.map(Test::In),
            typed.not_in.map(Test::NotIn),
            typed.is_empty.map(Test::IsEmpty),
        ];
        let mut tests = tests.into_iter().flatten();
        match (tests.next(), tests.next()) {
            (Some(test), None) => Ok(Self { column: typed.column, test }),
            _ => Err(D::Error::custom(format!(
                "the condition on `{}` needs exactly one of is, is_not, in, not_in, is_empty",
                typed.column
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::sources::SourceConfig;

    #[test]
    fn a_condition_is_one_comparison() {
        let filter = |text: &str| toml::from_str::<SourceConfig>(&format!("filter = [{text}]"));
        for good in ["is = 'RE'", "is_not = 7", "in = ['a', 'b']", "not_in = []", "is_empty = false"] {
            assert!(filter(&format!("{{ column = 'Belegart', {good} }}")).is_ok(), "{good}");
        }
        let error = filter("{ column = 'Belegart' }").unwrap_err().to_string();
        assert!(error.contains("the condition on `Belegart` needs exactly one of is, is_not"), "{error}");
        assert!(filter("{ column = 'a', is = 1, is_not = 2 }").is_err());
        assert!(filter("{ column = 'a', like = 'x%' }").is_err());
    }

    #[test]
    fn names_and_date_formats_are_checked_when_they_are_typed() {
        assert!(toml::from_str::<SourceConfig>("name = 'crm-2'\ndate_format = '%d.%m.%y'").is_ok());
        for wrong in ["name = ''", "name = \"a'; DROP TABLE x\"", "date_format = '%d.%m'", "date_format = 'dd.mm.yyyy'"]
        {
            assert!(toml::from_str::<SourceConfig>(wrong).is_err(), "{wrong}");
        }
    }
}
