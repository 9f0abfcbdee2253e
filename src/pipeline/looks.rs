//! How often a locked origin has been looked at: the number of different backtests that were judged on it.
//!
//! A set of keys, so that the same backtest again, or one that a kill interrupted, counts once.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::{Key, PipelineError};
use crate::{atomic, backtest::OriginPlan};

/// Remembers that `key` looks at the locked origin of `plan`, and returns how many have, this one included.
///
/// # Errors
/// If the file cannot be read or written.
pub(super) fn record(models: &Path, plan: &OriginPlan, key: &Key) -> Result<u32, PipelineError> {
    let Some(locked) = plan.locked else { return Ok(0) };
    let path = models.join("looks.json");
    let mut looks: BTreeMap<String, BTreeSet<Key>> = match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| PipelineError::json(&path, &error))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => return Err(PipelineError::io(&path, &error)),
    };
    let seen = looks.entry(format!("{locked}+{}", plan.horizon.months())).or_default();
    let new = seen.insert(key.clone());
    let count = u32::try_from(seen.len()).unwrap_or(u32::MAX);
    if new {
        let json = serde_json::to_vec_pretty(&looks).map_err(|error| PipelineError::json(&path, &error))?;
        atomic::write_bytes(&path, &json)?;
    }
    Ok(count)
}
