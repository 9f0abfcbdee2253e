//! Closed rounds: scores that stay when the answers behind them are gone.
//!
//! `data/staff_rounds.json` cannot be made again from anything, so it lies beside the sources and not in the warehouse.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::{StaffRound, SurveyError, rounds};
use crate::{atomic, params, warehouse::Warehouse};

/// The file's name in the data folder.
pub const CLOSED: &str = "staff_rounds.json";

/// All closed rounds of a project, by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Closed(BTreeMap<String, StaffRound>);

impl Closed {
    /// The closed rounds of a project; none if it has no file of them.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn of(data: &Path) -> Result<Self, SurveyError> {
        let file = data.join(CLOSED);
        let failed = |reason: String| SurveyError::Read { file: file.clone(), reason };
        let text = match fs::read_to_string(&file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            text => text.map_err(|error| failed(error.to_string()))?,
        };
        let rounds: Vec<StaffRound> = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
        Ok(Self(rounds.into_iter().map(|round| (round.round.clone(), round)).collect()))
    }

    /// The rounds, by name.
    pub fn rounds(&self) -> impl Iterator<Item = &StaffRound> {
        self.0.values()
    }

    /// The round of that name.
    pub fn round(&self, name: &str) -> Option<&StaffRound> {
        self.0.get(name)
    }

    /// Evaluates a round with all answers that came before a month without any, and keeps what is shown of it. Closing
    /// a round twice changes nothing. The caller then deletes the answers by [`drop_answers`].
    ///
    /// # Errors
    /// If there is no such round, or the file cannot be written.
    pub fn close(&mut self, warehouse: &Warehouse, data: &Path, name: &str) -> Result<&StaffRound, SurveyError> {
        let answers = rounds::answers(warehouse)?;
        if !self.0.contains_key(name) {
            let Some(round) = answers.get(name).and_then(|answers| StaffRound::of(name, answers, false)) else {
                let known: BTreeSet<&String> = answers.keys().chain(self.0.keys()).collect();
                return Err(SurveyError::NoRound { round: name.into(), rounds: known.into_iter().cloned().collect() });
            };
            self.0.insert(name.to_owned(), round);
            self.write(data)?;
        }
        Ok(&self.0[name])
    }

    /// Removes an account's scores; whether there were any.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn forget(&mut self, data: &Path, ids: &BTreeSet<String>) -> Result<bool, SurveyError> {
        let mut found = false;
        for round in self.0.values_mut() {
            let before = round.scores.len();
            round.scores.retain(|score| !ids.contains(&score.customer_id));
            found |= round.scores.len() < before;
        }
        if found {
            self.write(data)?;
        }
        Ok(found)
    }

    fn write(&self, data: &Path) -> Result<(), SurveyError> {
        let file = data.join(CLOSED);
        let rounds: Vec<&StaffRound> = self.0.values().collect();
        let text = serde_json::to_string_pretty(&rounds)
            .map_err(|error| SurveyError::Read { file: file.clone(), reason: error.to_string() })?;
        Ok(atomic::write_bytes(&file, text.as_bytes())?)
    }
}

/// Deletes the answers of closed rounds, also those that a delivery brought back; how many there were. The caller then
/// writes the warehouse anew, since deleted rows stay readable in its file.
///
/// # Errors
/// If the warehouse refuses.
pub fn drop_answers(warehouse: &Warehouse, closed: &Closed) -> Result<usize, SurveyError> {
    let mut dropped = 0;
    if !closed.0.is_empty() && warehouse.has_table("staff_answers")? {
        for name in closed.0.keys() {
            dropped += warehouse.execute("DELETE FROM staff_answers WHERE round = ?", params![name.as_str()])?;
        }
    }
    Ok(dropped)
}
