//! `journal.json`: per horizon, all that ever put a model of one target into use or kept it there, oldest first.
//!
//! The journal is the pointer: the model in use as of `t` is that of the last entry up to `t`, so that no run about the
//! past is scored by a model that knows the future, and one atomic write changes both. Runs write no clock time into it;
//! people who overrule the method are named with the day.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};

use super::{RegistryError, store::read_json};
use crate::{
    atomic,
    domain::{Horizon, Month},
};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// The first model of its target and horizon.
    First,
    /// The same recipe, fitted on newer data.
    Refit,
    /// A challenger took over as METHOD section 5 allows.
    Won,
    /// A person put it into use against the method.
    Forced,
    /// A person went back to the model before.
    RolledBack,
    /// A challenger was refused; what was in use stays.
    Kept,
}

impl Act {
    /// Whether a person decided.
    pub const fn is_manual(self) -> bool {
        matches!(self, Self::Forced | Self::RolledBack)
    }

    /// Its name in the journal.
    pub const fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Refit => "refit",
            Self::Won => "won",
            Self::Forced => "forced",
            Self::RolledBack => "rolled back",
            Self::Kept => "kept",
        }
    }
}

/// Who overruled the method, when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The person.
    pub by: String,
    /// The day, as `2021-10-31`.
    pub on: String,
    /// The reason.
    pub reason: String,
}

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What happened.
    pub act: Act,
    /// The model in use from here on.
    pub id: String,
    /// The as-of month from which it is in use.
    pub as_of: Month,
    /// The as-of month in which its recipe came into use.
    pub since: Month,
    /// The model it replaced, or the challenger that was refused.
    pub other: Option<String>,
    /// Why.
    pub reason: String,
    /// Who, where it was a person.
    pub by: Option<String>,
    /// On which day, where it was a person.
    pub on: Option<String>,
}

/// The file, by horizon in months.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Journal(BTreeMap<i32, Vec<Entry>>);

impl Journal {
    pub(super) fn read(path: &Path) -> Result<Self, RegistryError> {
        if path.exists() { read_json(path) } else { Ok(Self::default()) }
    }

    pub(super) fn horizons(&self) -> Vec<i32> {
        self.0.keys().copied().collect()
    }

    pub(super) fn entries(&self, horizon: Horizon) -> &[Entry] {
        self.0.get(&horizon.months()).map_or(&[], Vec::as_slice)
    }

    /// Entries that put a model into use, in the order of what they speak of.
    fn reigns(&self, horizon: Horizon) -> Vec<&Entry> {
        let mut reigns: Vec<&Entry> = self.entries(horizon).iter().filter(|entry| entry.act != Act::Kept).collect();
        // stable: of one month, what was written last comes last
        reigns.sort_by_key(|entry| entry.as_of);
        reigns
    }

    /// What is in use as of `as_of`; the newest without one.
    pub(super) fn in_use(&self, horizon: Horizon, as_of: Option<Month>) -> Option<&Entry> {
        self.reigns(horizon).into_iter().rfind(|entry| as_of.is_none_or(|as_of| entry.as_of <= as_of))
    }

    /// The entry that the newest one replaced, roll-backs undone.
    pub(super) fn before(&self, horizon: Horizon) -> Option<&Entry> {
        let mut stack: Vec<&Entry> = Vec::new();
        for entry in self.reigns(horizon) {
            if entry.act == Act::RolledBack {
                stack.pop();
            }
            if stack.last().is_none_or(|top| top.id != entry.id) {
                stack.push(entry);
            }
        }
        stack.len().checked_sub(2).map(|at| stack[at])
    }

    pub(super) fn is_champion(&self, id: &str) -> bool {
        self.0
            .keys()
            .filter_map(|&months| Horizon::new(months.into()).ok())
            .any(|horizon| self.in_use(horizon, None).is_some_and(|entry| entry.id == id))
    }

    /// Whether somebody went back from `id` to the model before it.
    pub(super) fn was_rolled_back(&self, horizon: Horizon, id: &str) -> bool {
        let mut deposed = false;
        for entry in self.entries(horizon) {
            if entry.act == Act::RolledBack && entry.other.as_deref() == Some(id) {
                deposed = true;
            } else if entry.act != Act::Kept && entry.id == id {
                deposed = false;
            }
        }
        deposed
    }

    /// Appends `entry`, unless it says nothing new, so that a repeated run changes no byte.
    pub(super) fn record(&mut self, path: &Path, horizon: Horizon, entry: Entry) -> Result<bool, RegistryError> {
        let known = match entry.act {
            Act::Kept => self.entries(horizon).contains(&entry),
            _ => self.in_use(horizon, Some(entry.as_of)).is_some_and(|reign| reign.id == entry.id),
        };
        if known {
            return Ok(false);
        }
        self.0.entry(horizon.months()).or_default().push(entry);
        let mut json = serde_json::to_vec_pretty(self).expect("integers and text always serialise");
        json.push(b'\n');
        atomic::write_bytes(path, &json)?;
        Ok(true)
    }
}
