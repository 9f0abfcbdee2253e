//! Which rows of a source are read at all: declarative conditions on its own columns.

use csv::StringRecord;

use super::{
    IngestError,
    columns::{bare, position_in},
    typed::{identifier, literal},
};
use crate::config::sources::{Condition, Scalar, Test};

/// The conditions of a source on the columns of one file.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    conditions: Vec<(usize, String, Check)>,
}

#[derive(Debug, Clone)]
enum Check {
    In(Vec<String>),
    NotIn(Vec<String>),
    IsEmpty(bool),
}

impl Filter {
    /// Finds the columns of `conditions` in a header.
    ///
    /// # Errors
    /// If a column is not there; the error names those that are.
    pub(super) fn of(file: &str, header: &[String], conditions: &[Condition]) -> Result<Self, IngestError> {
        let folded = |values: &[Scalar]| values.iter().map(|v| v.to_string().trim().to_lowercase()).collect();
        let conditions = conditions.iter().map(|condition| {
            let position = position_in(file, header, &condition.column)?;
            let check = match &condition.test {
                Test::In(values) => Check::In(folded(values)),
                Test::NotIn(values) => Check::NotIn(folded(values)),
                Test::IsEmpty(is_empty) => Check::IsEmpty(*is_empty),
            };
            Ok((position, header[position].clone(), check))
        });
        Ok(Self { conditions: conditions.collect::<Result<_, IngestError>>()? })
    }

    /// Whether a row is to be read.
    pub(super) fn admits(&self, row: &StringRecord) -> bool {
        self.refusing(row).is_none()
    }

    /// Why a row is not to be read: the first condition that it does not meet.
    pub(super) fn reason(&self, row: &StringRecord) -> Option<String> {
        let (position, name, check) = self.refusing(row)?;
        let cell = bare(row.get(*position).unwrap_or_default());
        Some(format!("`{name}` is `{}`, the filter wants {}", shortened(cell), check.wanted()))
    }

    fn refusing(&self, row: &StringRecord) -> Option<&(usize, String, Check)> {
        self.conditions.iter().find(|(position, _, check)| {
            let cell = bare(row.get(*position).unwrap_or_default());
            match check {
                Check::In(values) => !values.contains(&cell.to_lowercase()),
                Check::NotIn(values) => values.contains(&cell.to_lowercase()),
                Check::IsEmpty(is_empty) => cell.is_empty() != *is_empty,
            }
        })
    }

    /// The same as SQL over columns of the file's own names; `true` without conditions.
    pub(super) fn sql(&self) -> String {
        let parts: Vec<String> = self.conditions.iter().map(|(_, name, check)| check.sql(name)).collect();
        if parts.is_empty() { "true".into() } else { parts.join(" AND ") }
    }

    /// [`Filter::reason`] as SQL over columns of the file's own names; null where all conditions are met.
    pub(super) fn reason_sql(&self) -> String {
        let reasons = self.conditions.iter().map(|(_, name, check)| {
            format!(
                "WHEN NOT ({}) THEN {} || left(trim(coalesce(CAST({} AS VARCHAR), '')), {LONGEST_SHOWN}) || {}",
                check.sql(name),
                literal(&format!("`{name}` is `")),
                identifier(name),
                literal(&format!("`, the filter wants {}", check.wanted()))
            )
        });
        let reasons: Vec<String> = reasons.collect();
        if reasons.is_empty() { "CAST(NULL AS VARCHAR)".into() } else { format!("CASE {} END", reasons.join(" ")) }
    }
}

/// Characters of a cell that a reason shows.
const LONGEST_SHOWN: usize = 200;

fn shortened(cell: &str) -> String {
    cell.chars().take(LONGEST_SHOWN).collect()
}

impl Check {
    fn wanted(&self) -> String {
        let list = |values: &[String]| values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
        match self {
            Self::In(values) => format!("one of {}", list(values)),
            Self::NotIn(values) => format!("none of {}", list(values)),
            Self::IsEmpty(true) => "it empty".into(),
            Self::IsEmpty(false) => "it filled in".into(),
        }
    }

    fn sql(&self, name: &str) -> String {
        let cell = format!("lower(trim(coalesce(CAST({} AS VARCHAR), '')))", identifier(name));
        let list = |values: &[String]| {
            let values: Vec<String> = values.iter().map(|value| literal(value)).collect();
            format!("[{}]", values.join(", "))
        };
        match self {
            Self::In(values) => format!("list_contains({}, {cell})", list(values)),
            Self::NotIn(values) => format!("NOT list_contains({}, {cell})", list(values)),
            Self::IsEmpty(true) => format!("{cell} = ''"),
            Self::IsEmpty(false) => format!("{cell} <> ''"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::sources::SourceConfig;

    #[test]
    fn a_row_must_meet_all_conditions() {
        let config: SourceConfig = toml::from_str(
            "filter = [{ column = 'art', in = ['RE', 'GU'] }, { column = 'Storno', is_empty = true }, \
             { column = 'Werk', is_not = 7 }]",
        )
        .unwrap();
        let header: Vec<String> = ["Art", "Storno", "Werk"].map(str::to_owned).to_vec();
        let filter = Filter::of("f", &header, &config.filter).unwrap();
        let admits = |row: [&str; 3]| filter.admits(&StringRecord::from(row.to_vec()));
        assert!(admits([" re", "", "1"]) && admits(["GU", " ", ""]));
        let reason = |row: [&str; 3]| filter.reason(&StringRecord::from(row.to_vec()));
        assert_eq!(reason(["LS", "", "1"]).unwrap(), "`Art` is `LS`, the filter wants one of `re`, `gu`");
        assert_eq!(reason(["RE", "x", "1"]).unwrap(), "`Storno` is `x`, the filter wants it empty");
        assert_eq!(reason(["RE", "", "\u{2}7"]).unwrap(), "`Werk` is `7`, the filter wants none of `7`");
        assert_eq!(reason(["RE", "", "1"]), None);
        assert!(!admits(["LS", "", "1"]) && !admits(["RE", "x", "1"]) && !admits(["RE", "", "\u{2}7"]));
        let error = Filter::of("f", &header[1..], &config.filter).unwrap_err();
        assert_eq!(error.to_string(), "f: there is no column `art` for the filter, found `Storno`, `Werk`");
    }
}
