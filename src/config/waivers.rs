//! `data/waivers.toml`: checks that somebody waived on the command line, each with the reason.
//!
//! A waiver holds until its line is deleted. What the configuration itself waives stands in `[checks.waive]` and is not
//! repeated here.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{ConfigError, RunConfig};
use crate::atomic::{self, PublishError};

const HEADER: &str = "# Waived with `headroom check --waive CHECK --reason TEXT`; delete a line to withdraw it.\n";

fn file(project: &Path) -> PathBuf {
    project.join("data").join("waivers.toml")
}

/// The waivers remembered in a project, by check.
pub(super) fn remembered(project: &Path) -> Result<BTreeMap<String, String>, ConfigError> {
    let file = file(project);
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(ConfigError::Read { file, reason: error.to_string() }),
    };
    toml::from_str(&text).map_err(|error: toml::de::Error| {
        let line = error.span().map(|span| text[..span.start].lines().count().max(1));
        ConfigError::Syntax { line, reason: error.message().to_owned() }.in_file(&file)
    })
}

impl RunConfig {
    /// Adds the waivers given now to those remembered.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn remember_waivers(&self) -> Result<(), PublishError> {
        if self.new_waivers.is_empty() {
            return Ok(());
        }
        // a file that cannot be read was refused when the configuration was loaded
        let mut all = remembered(&self.project).unwrap_or_default();
        all.extend(self.new_waivers.clone());
        let lines: Vec<String> =
            all.iter().map(|(check, reason)| format!("{check} = {}\n", toml::Value::from(reason.as_str()))).collect();
        atomic::write_bytes(&file(&self.project), format!("{HEADER}{}", lines.concat()).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;

    #[test]
    fn a_waiver_given_once_holds_in_later_runs() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        let given = |check: &str, reason: &str| Overrides {
            waivers: BTreeMap::from([(check.to_owned(), reason.to_owned())]),
            ..Overrides::default()
        };
        RunConfig::load(folder.path(), given("stray-months", "a \"pre-order\"")).unwrap().remember_waivers().unwrap();
        RunConfig::load(folder.path(), given("refused-rows", "old")).unwrap().remember_waivers().unwrap();
        let later = RunConfig::load(folder.path(), Overrides::default()).unwrap();
        assert_eq!(later.waivers["stray-months"], "a \"pre-order\"");
        assert_eq!(later.waivers["refused-rows"], "old");
        assert!(later.new_waivers.is_empty());
    }

    #[test]
    fn a_damaged_file_is_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        fs::write(folder.path().join("data/waivers.toml"), "stray-months = ").unwrap();
        let error = RunConfig::load(folder.path(), Overrides::default()).unwrap_err();
        assert!(error.to_string().contains("waivers.toml"), "{error}");
    }
}
