//! What each stage last did, so that a second run redoes only what changed.

use super::{Warehouse, WarehouseError};
use crate::params;

/// The last finished run of a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageRun {
    /// The stage, by its folder's name.
    pub stage: String,
    /// Hash of all it read: inputs, configuration, code.
    pub inputs_hash: String,
    /// What it reported, as JSON.
    pub report: String,
}

impl Warehouse {
    /// The last finished run of `stage`, if there is one.
    ///
    /// # Errors
    /// If DuckDB refuses the question.
    pub fn last_run(&self, stage: &str) -> Result<Option<StageRun>, WarehouseError> {
        let sql = "SELECT stage, inputs_hash, report FROM stage_runs WHERE stage = ?";
        let read = self.query(sql, params![stage], |row| {
            Ok(StageRun { stage: row.get(0)?, inputs_hash: row.get(1)?, report: row.get(2)? })
        })?;
        Ok(read.into_iter().next())
    }

    /// Remembers a finished run in place of the stage's earlier one. Call it in the transaction that wrote the
    /// stage's tables, so that neither is ever there without the other.
    ///
    /// # Errors
    /// If DuckDB refuses to write.
    pub fn record_run(&self, run: &StageRun) -> Result<(), WarehouseError> {
        self.execute("DELETE FROM stage_runs WHERE stage = ?", params![&run.stage])?;
        let sql = "INSERT INTO stage_runs VALUES (?, ?, ?)";
        self.execute(sql, params![&run.stage, &run.inputs_hash, &run.report]).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warehouse::WarehouseOptions;

    #[test]
    fn the_newest_run_of_a_stage_replaces_its_last() {
        let warehouse = Warehouse::in_memory(&WarehouseOptions::default()).unwrap();
        assert_eq!(warehouse.last_run("history").unwrap(), None);
        for hash in ["a", "b"] {
            let run = StageRun { stage: "history".into(), inputs_hash: hash.into(), report: "{}".into() };
            let done: Result<(), WarehouseError> = warehouse.transaction(|w| w.record_run(&run));
            done.unwrap();
            assert_eq!(warehouse.last_run("history").unwrap(), Some(run));
        }
        assert_eq!(warehouse.last_run("score").unwrap(), None);
    }
}
