//! `headroom.toml` as typed: one struct per section, unknown keys denied.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use toml::{Table, Value};

use super::{
    error::ConfigError,
    resolve::ResolveConfig,
    sources::{LoadMode, SourceConfig, Sources},
};
use crate::{
    domain::{AbcThresholds, Horizon, Month},
    ingest::contract,
};

/// Language of the report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// German.
    De,
}

#[derive(Debug, Default)]
pub(super) struct RawConfig {
    pub(super) project: RawProject,
    pub(super) run: RawRun,
    pub(super) abc: AbcThresholds,
    pub(super) report: RawReport,
    pub(super) resolve: ResolveConfig,
    pub(super) retention: BTreeMap<String, u32>,
    pub(super) checks: RawChecks,
    pub(super) sources: Sources,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawProject {
    pub(super) name: Option<String>,
    pub(super) currency: String,
    pub(super) data: PathBuf,
}

impl Default for RawProject {
    fn default() -> Self {
        Self { name: None, currency: "EUR".into(), data: "data".into() }
    }
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawRun {
    pub(super) as_of: Option<Month>,
    pub(super) horizon: Option<Horizon>,
    pub(super) seed: u64,
}

impl Default for RawRun {
    fn default() -> Self {
        Self { as_of: None, horizon: None, seed: 1 }
    }
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawReport {
    pub(super) language: Language,
    pub(super) top_accounts: usize,
}

impl Default for RawReport {
    fn default() -> Self {
        Self { language: Language::En, top_accounts: 25 }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawChecks {
    pub(super) waive: BTreeMap<String, String>,
}

const SECTIONS: [&str; 7] = ["project", "run", "abc", "resolve", "retention", "report", "checks"];

/// Parses the text of a `headroom.toml`.
pub(super) fn parse(text: &str) -> Result<RawConfig, ConfigError> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| ConfigError::Syntax {
        line: error.span().map(|span| text[..span.start].lines().count().max(1)),
        reason: error.message().to_owned(),
    })?;
    let mut raw = RawConfig::default();
    for (name, value) in table {
        match name.as_str() {
            "project" => raw.project = section(&name, value)?,
            "run" => raw.run = section(&name, value)?,
            "abc" => raw.abc = section(&name, value)?,
            "resolve" => raw.resolve = section(&name, value)?,
            "retention" => raw.retention = retention(value)?,
            "report" => raw.report = section(&name, value)?,
            "checks" => raw.checks = section(&name, value)?,
            table if contract::TABLES.iter().any(|t| t.name == table) => {
                let sources = sources_of(&name, value)?;
                raw.sources.insert(name, sources);
            }
            _ => {
                let known = SECTIONS.into_iter().chain(contract::TABLES.iter().map(|t| t.name));
                return Err(ConfigError::UnknownSection { nearest: nearest(&name, known), name });
            }
        }
    }
    Ok(raw)
}

/// A table's section: itself a source, or a list of them.
fn sources_of(table: &str, mut value: Value) -> Result<Vec<SourceConfig>, ConfigError> {
    let listed = value.as_table_mut().and_then(|section| section.remove("sources"));
    let Some(listed) = listed else { return Ok(vec![source(table, value)?]) };
    if let Some(key) = value.as_table().and_then(|section| section.keys().next()) {
        return Err(ConfigError::BesideSources { table: table.into(), key: key.clone() });
    }
    let list = format!("{table}.sources");
    let sources: Vec<Value> = section(&list, listed)?;
    let mut checked: Vec<SourceConfig> = Vec::new();
    for (number, value) in sources.into_iter().enumerate() {
        let path = format!("{list}.{}", number + 1);
        if value.get("name").is_none() {
            return Err(ConfigError::SourceName { path, problem: "has no name" });
        }
        let source = source(&path, value)?;
        if checked.iter().any(|other| other.name == source.name) {
            return Err(ConfigError::SourceName { path, problem: "has the name of another" });
        }
        checked.push(source);
    }
    if checked.is_empty() {
        return Err(ConfigError::SourceName { path: list, problem: "is empty" });
    }
    Ok(checked)
}

/// Months by table; only what happened on a day can be too old.
fn retention(value: Value) -> Result<BTreeMap<String, u32>, ConfigError> {
    let months: BTreeMap<String, u32> = section("retention", value)?;
    for (table, months) in &months {
        if !contract::TABLES.iter().any(|known| known.name == table && known.event.is_some()) {
            let dated = contract::TABLES.iter().filter(|known| known.event.is_some()).map(|known| known.name);
            let known: Vec<String> = dated.map(str::to_owned).collect();
            let nearest = nearest(table, known.iter().map(String::as_str));
            return Err(ConfigError::UnknownKey { section: "retention".into(), key: table.clone(), nearest, known });
        }
        if *months == 0 {
            let reason = "is `0`, expected a number of months from 1".into();
            return Err(ConfigError::Value { key: format!("retention.{table}"), reason });
        }
    }
    Ok(months)
}

/// One source, with what its kind implies: a database is fetched whole unless something else is said.
fn source(path: &str, value: Value) -> Result<SourceConfig, ConfigError> {
    let mut source: SourceConfig = section(path, value)?;
    if source.database.is_some() {
        if !source.files.is_empty() {
            let reason = "a source is either a database or files".into();
            return Err(ConfigError::Value { key: format!("{path}.files"), reason });
        }
        source.mode.get_or_insert(LoadMode::Snapshot);
    }
    Ok(source)
}

fn section<T: DeserializeOwned>(name: &str, value: Value) -> Result<T, ConfigError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let mut path: Vec<String> = vec![name.to_owned()];
        path.extend(error.path().iter().map(ToString::to_string));
        let reason = error.into_inner().message().to_owned();
        match unknown_field(&reason) {
            Some((field, known)) => {
                if path.last().is_some_and(|last| last == &field) {
                    path.pop();
                }
                let nearest = nearest(&field, known.iter().map(String::as_str));
                ConfigError::UnknownKey { section: path.join("."), key: field, nearest, known }
            }
            None => ConfigError::Value { key: path.join("."), reason },
        }
    })
}

/// The field and the known fields in serde's message "unknown field `x`, expected one of `a`, `b`".
fn unknown_field(message: &str) -> Option<(String, Vec<String>)> {
    let rest = message.strip_prefix("unknown field ")?;
    let mut quoted = rest.split('`').skip(1).step_by(2).map(str::to_owned);
    let field = quoted.next()?;
    let mut known: Vec<String> = quoted.collect();
    known.sort();
    Some((field, known))
}

fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    known
        .map(|candidate| (strsim::jaro_winkler(candidate, name), candidate))
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate.to_owned())
}
