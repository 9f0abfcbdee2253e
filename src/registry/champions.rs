//! `champion.json`: per horizon the model in use, and every one before it, oldest first.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};

use super::{RegistryError, store::read_json};
use crate::{
    atomic,
    domain::{Horizon, Month},
};

/// A model's time as champion; it ends where the next one begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reign {
    /// The model.
    pub id: String,
    /// The as-of month of the run that crowned it.
    pub since: Month,
    /// Why, in a few words.
    pub reason: String,
}

/// The file, by horizon in months.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Champions(BTreeMap<i32, Vec<Reign>>);

impl Champions {
    pub(super) fn read(path: &Path) -> Result<Self, RegistryError> {
        if path.exists() { read_json(path) } else { Ok(Self::default()) }
    }

    pub(super) fn history(&self, horizon: Horizon) -> &[Reign] {
        self.0.get(&horizon.months()).map_or(&[], Vec::as_slice)
    }

    pub(super) fn current(&self, horizon: Horizon) -> Option<&str> {
        self.history(horizon).last().map(|reign| reign.id.as_str())
    }

    pub(super) fn is_champion(&self, id: &str) -> bool {
        self.0.values().any(|reigns| reigns.last().is_some_and(|reign| reign.id == id))
    }

    /// Appends `reign`; the model that already reigns stays, so that a repeated run changes no byte.
    pub(super) fn crown(&mut self, path: &Path, horizon: Horizon, reign: Reign) -> Result<bool, RegistryError> {
        if self.current(horizon) == Some(reign.id.as_str()) {
            return Ok(false);
        }
        self.0.entry(horizon.months()).or_default().push(reign);
        let mut json = serde_json::to_vec_pretty(self).expect("integers and text always serialise");
        json.push(b'\n');
        atomic::write_bytes(path, &json)?;
        Ok(true)
    }
}
