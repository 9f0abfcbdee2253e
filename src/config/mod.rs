//! `headroom.toml`: what was typed (`raw`) and what may run ([`RunConfig`]).
//!
//! A project needs no configuration at all; every setting has a default. What is typed is checked once, here: unknown
//! keys are refused with the nearest known one, ranges are checked by the domain types, and paths are resolved.

pub mod database;
mod error;
mod init;
mod mapping;
mod presets;
mod raw;
pub mod resolve;
pub mod sources;
mod waivers;

use std::{
    collections::BTreeMap,
    fs,
    path::{Component, Path, PathBuf},
};

pub use error::ConfigError;
pub use init::init;
pub use presets::{PRESETS, Preset};
pub use raw::Language;
use resolve::ResolveConfig;
use sources::Sources;

use jiff::civil::Date;

use crate::domain::{AbcThresholds, Horizon, Month, Seed};

/// The configuration's file name in a project folder.
pub const FILE: &str = "headroom.toml";

/// A checked configuration: what one run may do.
#[derive(Debug, Clone)]
pub struct RunConfig {
    /// The project folder, absolute.
    pub project: PathBuf,
    /// The company's name, for the report.
    pub name: String,
    /// ISO code of the report currency, such as `EUR`.
    pub currency: String,
    /// Language of the report.
    pub language: Language,
    /// The month the run speaks of; `None` for the last complete month in the data.
    pub as_of: Option<Month>,
    /// Months ahead; `None` for 12, or 3 where the history is too short for 12.
    pub horizon: Option<Horizon>,
    /// Seed of every random draw.
    pub seed: Seed,
    /// Cumulative shares at which classes end.
    pub abc: AbcThresholds,
    /// Accounts listed on the report's first page.
    pub top_accounts: usize,
    /// Leave out merges after this day, as a report published then did.
    pub merged_by: Option<Date>,
    /// Months after which rows of a table are deleted.
    pub retention: BTreeMap<String, u32>,
    /// How records become accounts.
    pub resolve: ResolveConfig,
    /// Waived checks, each with its reason: of the configuration, remembered, and given now.
    pub waivers: BTreeMap<String, String>,
    /// Those given now.
    pub new_waivers: BTreeMap<String, String>,
    /// The folder, relative to the project, in which tables without a source of their own are looked for as `<table>.csv` or so.
    pub tables: PathBuf,
    /// Where canonical tables come from that are not simply in [`tables`](Self::tables).
    pub sources: Sources,
}

/// Settings given on the command line, which win over the file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--as-of`.
    pub as_of: Option<Month>,
    /// `--horizon`.
    pub horizon: Option<Horizon>,
    /// `--seed`.
    pub seed: Option<Seed>,
    /// `--merged-by DAY`.
    pub merged_by: Option<Date>,
    /// `--waive CHECK --reason TEXT`.
    pub waivers: BTreeMap<String, String>,
}

impl RunConfig {
    /// Reads `headroom.toml` in `project`, or takes the defaults if there is none, and checks it.
    ///
    /// # Errors
    /// If the folder does not exist, the file cannot be read or parsed, or a setting is unknown or out of range.
    pub fn load(project: &Path, overrides: Overrides) -> Result<Self, ConfigError> {
        let project = fs::canonicalize(project)
            .map_err(|source| ConfigError::Project { path: project.to_path_buf(), reason: source.to_string() })?;
        let file = project.join(FILE);
        let raw = match fs::read_to_string(&file) {
            Ok(text) => raw::parse(&text).map_err(|error| error.in_file(&file))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => raw::RawConfig::default(),
            Err(error) => return Err(ConfigError::Read { file, reason: error.to_string() }),
        };
        let mut waivers = raw.checks.waive;
        waivers.extend(waivers::remembered(&project)?);
        waivers.extend(overrides.waivers.clone());
        if let Some((check, _)) = waivers.iter().find(|(_, reason)| reason.trim().is_empty()) {
            return Err(ConfigError::WaiverWithoutReason { check: check.clone() });
        }
        let currency = raw.project.currency;
        if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
            let range = ConfigError::Range {
                key: "project.currency",
                value: currency,
                expected: "an ISO 4217 code such as EUR",
            };
            return Err(range.in_file(&file));
        }
        if raw.project.data.is_absolute() || raw.project.data.components().any(|part| part == Component::ParentDir) {
            let range = ConfigError::Range {
                key: "project.data",
                value: raw.project.data.display().to_string(),
                expected: "a folder inside the project folder",
            };
            return Err(range.in_file(&file));
        }
        let name = raw.project.name.unwrap_or_else(|| {
            project.file_name().map_or_else(|| "headroom".into(), |name| name.to_string_lossy().into_owned())
        });
        Ok(Self {
            name,
            currency,
            language: raw.report.language,
            as_of: overrides.as_of.or(raw.run.as_of),
            horizon: overrides.horizon.or(raw.run.horizon),
            seed: overrides.seed.unwrap_or(Seed(raw.run.seed)),
            abc: raw.abc,
            top_accounts: raw.report.top_accounts,
            merged_by: overrides.merged_by,
            retention: raw.retention,
            resolve: raw.resolve,
            waivers,
            new_waivers: overrides.waivers,
            sources: raw.sources,
            tables: raw.project.data,
            project,
        })
    }

    /// The folder of the data.
    pub fn data(&self) -> PathBuf {
        self.project.join("data")
    }

    /// The warehouse file.
    pub fn warehouse(&self) -> PathBuf {
        self.data().join("warehouse.duckdb")
    }

    /// The folder of the models.
    pub fn models(&self) -> PathBuf {
        self.project.join("models")
    }

    /// The folder of the reports.
    pub fn reports(&self) -> PathBuf {
        self.project.join("reports")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<RunConfig, String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), text).unwrap();
        RunConfig::load(folder.path(), Overrides::default()).map_err(|error| {
            let hint = error.hint().map(|hint| format!(" | {hint}")).unwrap_or_default();
            format!("{error}{hint}").replace(&*fs::canonicalize(folder.path()).unwrap().to_string_lossy(), "DIR")
        })
    }

    #[test]
    fn a_project_without_configuration_has_defaults() {
        let folder = tempfile::tempdir().unwrap();
        let config = RunConfig::load(folder.path(), Overrides::default()).unwrap();
        assert_eq!((config.as_of, config.horizon, config.currency.as_str()), (None, None, "EUR"));
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_known_one() {
        insta::assert_snapshot!(load("[run]\nhorizons = 6").unwrap_err(),
            @"DIR/headroom.toml: `run` has no setting `horizons` | did you mean `horizon`? known: as_of, horizon, seed");
        insta::assert_snapshot!(load("[order_line]\nfiles = []").unwrap_err(),
            @"DIR/headroom.toml: there is no section `[order_line]` | did you mean `[order_lines]`?");
    }

    #[test]
    fn a_value_out_of_range_is_named() {
        insta::assert_snapshot!(load("[run]\nhorizon = 60").unwrap_err(),
            @"DIR/headroom.toml: run.horizon: horizon is `60`, expected 1 to 36 months");
        insta::assert_snapshot!(load("[run]\nas_of = '2021-13'").unwrap_err(),
            @"DIR/headroom.toml: run.as_of: month is `2021-13`, expected a month such as 2021-10");
        insta::assert_snapshot!(load("[abc]\na = 0.9\nb = 0.5").unwrap_err(),
            @"DIR/headroom.toml: abc: abc thresholds is `0.9, 0.5`, expected 0 < a < b < 1, such as 0.80 and 0.95");
        insta::assert_snapshot!(load("[project]\ncurrency = 'euro'").unwrap_err(),
            @"DIR/headroom.toml: project.currency is `euro`, expected an ISO 4217 code such as EUR");
    }
}
