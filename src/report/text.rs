//! The words of the report, from `text/<language>.toml`.
//!
//! Both files hold the same keys (a test sees to it). Placeholders are names in braces. Nothing here escapes: what a
//! sentence is filled with is escaped where it enters a page.

use serde_json::Value;

use super::ReportError;
use crate::config::Language;

/// All texts of one language.
#[derive(Debug, Clone)]
pub struct Texts {
    root: Value,
}

impl Texts {
    /// The texts of `language`.
    ///
    /// # Errors
    /// If the embedded file is not valid TOML.
    pub fn load(language: Language) -> Result<Self, ReportError> {
        let (name, source) = match language {
            Language::En => ("en", include_str!("text/en.toml")),
            Language::De => ("de", include_str!("text/de.toml")),
        };
        let root =
            toml::from_str(source).map_err(|error| ReportError::Text { language: name, reason: error.to_string() })?;
        Ok(Self { root })
    }

    /// The text under `section.key`; a text that is not there shows as its key, which the tests look for.
    pub fn get<'a>(&'a self, section: &str, key: &'a str) -> &'a str {
        self.find(section, key).unwrap_or(key)
    }

    /// The text under `section.key`, if there is one.
    pub fn find(&self, section: &str, key: &str) -> Option<&str> {
        self.root.get(section)?.get(key)?.as_str()
    }

    /// The text with its placeholders filled.
    pub fn fill(&self, section: &str, key: &str, values: &[(&str, &str)]) -> String {
        fill(self.get(section, key), values)
    }

    /// The text in singular (`<key>_one`) or plural (`<key>_many`), filled.
    pub fn count(&self, section: &str, key: &str, n: usize, values: &[(&str, &str)]) -> String {
        let form = if n == 1 { "one" } else { "many" };
        self.fill(section, &format!("{key}_{form}"), values)
    }

    /// Everything, as templates read it.
    pub const fn root(&self) -> &Value {
        &self.root
    }
}

/// Replaces each `{name}` in one pass, so that a customer called `{total}` stays what it is.
fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        let after = &rest[open + 1..];
        match after.find('}') {
            Some(close) => {
                let name = &after[..close];
                match values.iter().find(|(known, _)| *known == name) {
                    Some((_, value)) => out.push_str(value),
                    None => out.push_str(&rest[open..open + close + 2]),
                }
                rest = &after[close + 1..];
            }
            None => {
                out.push_str(&rest[open..]);
                rest = "";
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    fn flat(language: Language) -> BTreeMap<String, String> {
        let texts = Texts::load(language).unwrap();
        let mut all = BTreeMap::new();
        for (section, keys) in texts.root().as_object().unwrap() {
            for (key, text) in keys.as_object().unwrap() {
                all.insert(format!("{section}.{key}"), text.as_str().unwrap().to_owned());
            }
        }
        all
    }

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name)).collect()
    }

    #[test]
    fn both_languages_say_everything_with_the_same_placeholders() {
        let (en, de) = (flat(Language::En), flat(Language::De));
        assert_eq!(en.keys().collect::<Vec<_>>(), de.keys().collect::<Vec<_>>());
        for (key, text) in &en {
            assert_eq!(placeholders(text), placeholders(&de[key]), "{key}");
            assert!(!text.trim().is_empty() && !de[key].trim().is_empty(), "{key}");
        }
    }

    #[test]
    fn no_text_promises_what_the_method_forbids() {
        for (key, text) in flat(Language::En) {
            for word in ["attainable", "wallet"] {
                assert!(!text.to_lowercase().contains(word), "{key}: {text}");
            }
        }
        for (key, text) in flat(Language::De) {
            for word in ["erreichbar", "wallet"] {
                assert!(!text.to_lowercase().contains(word), "{key}: {text}");
            }
        }
    }

    #[test]
    fn values_are_filled_once_and_never_read_as_placeholders() {
        assert_eq!(fill("{a} and {b}", &[("a", "{b}"), ("b", "2")]), "{b} and 2");
        assert_eq!(fill("{unknown} {", &[]), "{unknown} {");
    }
}
