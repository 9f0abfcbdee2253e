//! Mappings of well-known programs' exports, as text that `headroom init --preset` appends to `headroom.toml`.
//!
//! They are ordinary configuration: whoever uses one may change it. What each was made from stands in its first lines.

use super::ConfigError;

macro_rules! preset {
    ($name:literal) => {
        Preset { name: $name, text: include_str!(concat!("presets/", $name, ".toml")) }
    };
}

/// A mapping that ships with headroom.
#[derive(Debug, Clone, Copy)]
pub struct Preset {
    /// Its name on the command line.
    pub name: &'static str,
    /// What is appended to `headroom.toml`.
    pub text: &'static str,
}

impl Preset {
    /// The program it is for: its first line.
    pub fn title(&self) -> &'static str {
        self.text.lines().next().map_or("", |line| line.trim_start_matches("# "))
    }
}

/// Every preset, by name.
pub const PRESETS: &[Preset] = &[
    preset!("brevo"),
    preset!("datev"),
    preset!("hubspot"),
    preset!("mailchimp"),
    preset!("qualtrics"),
    preset!("salesforce"),
    preset!("sap"),
    preset!("social"),
    preset!("zendesk"),
    preset!("zoho"),
];

/// The named presets, each once, in the order of the list.
///
/// # Errors
/// If there is no preset of a name.
pub(super) fn named(names: &[String]) -> Result<Vec<Preset>, ConfigError> {
    let known = || PRESETS.iter().map(|preset| preset.name);
    if let Some(unknown) = names.iter().find(|name| !known().any(|known| known == name.as_str())) {
        return Err(ConfigError::UnknownPreset {
            name: unknown.clone(),
            known: known().collect::<Vec<_>>().join(", "),
        });
    }
    Ok(PRESETS.iter().filter(|preset| names.iter().any(|name| name == preset.name)).copied().collect())
}
