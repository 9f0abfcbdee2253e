//! A new project folder: an explained `headroom.toml` and the four folders. Never overwrites anything.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{ConfigError, FILE, presets};

const TEMPLATE: &str = include_str!("template.toml");
const FOLDERS: [&str; 3] = ["data", "models", "reports"];

/// Makes `folder` a project whose configuration holds the named presets; returns what was made.
///
/// # Errors
/// If there is a `headroom.toml` already, there is no such preset, or the file system refuses.
pub fn init(folder: &Path, presets: &[String]) -> Result<Vec<PathBuf>, ConfigError> {
    let presets = presets::named(presets)?;
    let file = folder.join(FILE);
    if file.exists() {
        return Err(ConfigError::Exists { file });
    }
    let refused = |path: &Path| {
        let path = path.to_path_buf();
        move |error: std::io::Error| ConfigError::Write { path, reason: error.to_string() }
    };
    let mut made = Vec::new();
    for name in FOLDERS {
        let path = folder.join(name);
        if !path.is_dir() {
            fs::create_dir_all(&path).map_err(refused(&path))?;
            made.push(path);
        }
    }
    for preset in &presets {
        let path = folder.join("data").join(preset.name);
        fs::create_dir_all(&path).map_err(refused(&path))?;
        made.push(path);
    }
    let text: Vec<&str> = std::iter::once(TEMPLATE).chain(presets.iter().map(|preset| preset.text)).collect();
    fs::write(&file, text.join("\n")).map_err(refused(&file))?;
    made.push(file);
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::{super::*, *};

    #[test]
    fn a_new_project_loads_with_the_defaults_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        init(folder.path(), &[]).unwrap();
        let config = RunConfig::load(folder.path(), Overrides::default()).unwrap();
        assert_eq!(config.seed, Seed(1));
        assert!(matches!(init(folder.path(), &[]), Err(ConfigError::Exists { .. })));
    }

    #[test]
    fn every_setting_of_the_template_is_a_real_one() {
        let all: String = TEMPLATE
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(setting) if setting.contains(" = ") || setting.starts_with('[') => setting.to_owned(),
                _ if line.starts_with('#') => String::new(),
                _ => line.to_owned(),
            } + "\n")
            .collect();
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        fs::write(folder.path().join(FILE), &all).unwrap();
        let config = RunConfig::load(folder.path(), Overrides::default()).unwrap();
        assert_eq!(config.as_of.unwrap().to_string(), "2021-10");
        assert_eq!(config.sources.keys().collect::<Vec<_>>(), ["order_lines"]);
        assert_eq!(config.waivers.len(), 1);
    }
}
