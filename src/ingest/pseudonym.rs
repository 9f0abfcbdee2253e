//! Keyed pseudonyms of the raters in `staff_answers` (METHOD section 8): the warehouse never holds a name.
//!
//! The key lies in the project's data folder, drawn from the operating system on first use. Whoever has the warehouse
//! without the key cannot try out names.

use std::path::{Path, PathBuf};

use rand::{TryRngCore, rngs::OsRng};

use super::IngestError;
use crate::{
    params,
    warehouse::{Warehouse, WarehouseError},
};

/// The key's file name in the data folder.
pub const KEY_FILE: &str = "staff.key";

/// A key for pseudonyms.
pub struct PseudonymKey([u8; 32]);

/// What becomes of a key that is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    /// It is the project's from now on.
    Kept,
    /// It is forgotten with the warehouse that it was drawn for.
    Discarded,
}

impl PseudonymKey {
    /// Reads the key of a project, or makes one if there is none.
    ///
    /// # Errors
    /// If the file is no key, or cannot be written.
    pub fn of(data: &Path) -> Result<Self, IngestError> {
        Self::for_run(data, Keys::Kept)
    }

    /// The same, for a run that may leave no key behind.
    pub(super) fn for_run(data: &Path, keys: Keys) -> Result<Self, IngestError> {
        let path = data.join(KEY_FILE);
        let failed = |reason: String| IngestError::PseudonymKey { path: path.clone(), reason };
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let key = blake3::Hash::from_hex(text.trim()).map_err(|error| failed(error.to_string()))?;
                Ok(Self(*key.as_bytes()))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::draw(data, &path, keys),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    fn draw(data: &Path, path: &PathBuf, keys: Keys) -> Result<Self, IngestError> {
        let failed = |reason: String| IngestError::PseudonymKey { path: path.clone(), reason };
        let mut key = [0; 32];
        OsRng.try_fill_bytes(&mut key).map_err(|error| failed(error.to_string()))?;
        if keys == Keys::Discarded {
            return Ok(Self(key));
        }
        // Written beside and renamed, so that a kill leaves no half key; temporary files are readable by their owner
        // alone.
        let io = |error: std::io::Error| failed(error.to_string());
        let mut file = tempfile::NamedTempFile::new_in(data).map_err(io)?;
        std::io::Write::write_all(&mut file, blake3::Hash::from_bytes(key).to_hex().as_bytes()).map_err(io)?;
        file.as_file().sync_all().map_err(io)?;
        file.persist_noclobber(path).map_err(|error| failed(error.error.to_string()))?;
        Ok(Self(key))
    }

    /// What stands for a text; the same text has the same pseudonym in one project only.
    pub fn pseudonym(&self, rater: &str) -> String {
        blake3::keyed_hash(&self.0, rater.as_bytes()).to_hex()[..32].to_owned()
    }

    /// Replaces the column `rater` of the relation of a delivery's `number`-th file: returns a relation with pseudonyms in
    /// its place.
    pub(super) fn replace_raters(
        &self,
        warehouse: &Warehouse,
        relation: &str,
        number: usize,
    ) -> Result<String, WarehouseError> {
        let pseudonyms = format!("rater_pseudonyms_{number}");
        let name = "trim(CAST(rater AS VARCHAR))";
        let distinct = format!("SELECT DISTINCT {name} FROM {relation} WHERE {name} <> '' ORDER BY 1");
        let raters = warehouse.query(&distinct, params![], |row| row.get::<String>(0))?;
        warehouse
            .execute_script(&format!("CREATE OR REPLACE TEMP TABLE {pseudonyms}(rater VARCHAR, pseudonym VARCHAR)"))?;
        for rater in raters {
            let pseudonym = self.pseudonym(&rater);
            warehouse.execute(&format!("INSERT INTO {pseudonyms} VALUES (?, ?)"), params![rater, pseudonym])?;
        }
        Ok(format!(
            "(SELECT answer.* REPLACE (p.pseudonym AS rater) FROM {relation} AS answer \
             LEFT JOIN {pseudonyms} AS p ON p.rater = trim(CAST(answer.rater AS VARCHAR)))"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_keeps_its_key_and_another_project_has_another() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = PseudonymKey::of(here.path()).unwrap().pseudonym("Anna");
        assert_eq!(PseudonymKey::of(here.path()).unwrap().pseudonym("Anna"), first);
        assert_ne!(PseudonymKey::of(there.path()).unwrap().pseudonym("Anna"), first);
        assert_ne!(PseudonymKey::of(here.path()).unwrap().pseudonym("Ben"), first);
    }

    #[test]
    fn a_damaged_key_is_an_error_and_not_a_new_key() {
        let here = tempfile::tempdir().unwrap();
        std::fs::write(here.path().join(KEY_FILE), "no key").unwrap();
        assert!(matches!(PseudonymKey::of(here.path()), Err(IngestError::PseudonymKey { .. })));
    }
}
