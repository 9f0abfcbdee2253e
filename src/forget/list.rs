//! `data/forgotten.json`: keyed hashes of what was forgotten, so that a later delivery does not bring it back.
//!
//! The ids themselves are not kept. The key is that of the staff survey's pseudonyms.

use std::{collections::BTreeMap, fs, path::Path};

use super::{ForgetError, Kind};
use crate::{atomic, ingest::PseudonymKey};

/// The file's name in the data folder.
pub const FORGOTTEN: &str = "forgotten.json";

/// What stands in place of each forgotten id, by kind and keyed hash.
#[derive(Debug, Default)]
pub(super) struct List {
    entries: BTreeMap<String, BTreeMap<String, String>>,
}

/// What is hashed of an id; an address is one in any case.
fn entry(kind: Kind, id: &str) -> String {
    let id = if id.contains('@') { id.to_lowercase() } else { id.to_owned() };
    format!("{}:{id}", kind.name())
}

impl List {
    pub fn of(data: &Path) -> Result<Self, ForgetError> {
        let path = data.join(FORGOTTEN);
        match fs::read(&path) {
            Ok(bytes) => {
                let entries = serde_json::from_slice(&bytes).map_err(|error| ForgetError::file(&path, error))?;
                Ok(Self { entries })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(ForgetError::file(&path, error)),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What stands for an id that was forgotten.
    pub fn substitute(&self, kind: Kind, id: &str, key: &PseudonymKey) -> Option<&str> {
        self.entries.get(kind.name())?.get(&key.pseudonym(&entry(kind, id))).map(String::as_str)
    }

    /// Adds an id; returns what stands for it from now on.
    pub fn add(&mut self, kind: Kind, id: &str, substitute: Option<&str>, key: &PseudonymKey) -> String {
        let of_kind = self.entries.entry(kind.name().to_owned()).or_default();
        let distinct: std::collections::BTreeSet<&String> = of_kind.values().collect();
        let next = substitute.map_or_else(|| format!("forgotten-{}", distinct.len() + 1), str::to_owned);
        of_kind.entry(key.pseudonym(&entry(kind, id))).or_insert(next).clone()
    }

    pub fn write(&self, data: &Path) -> Result<(), ForgetError> {
        let path = data.join(FORGOTTEN);
        let text = serde_json::to_vec_pretty(&self.entries).map_err(|error| ForgetError::file(&path, error))?;
        Ok(atomic::write_bytes(&path, &text)?)
    }
}
