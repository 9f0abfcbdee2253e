//! Results of earlier runs, kept under `data/work/` and reused only for exactly the same question.
//!
//! One folder per stage and point in time, replaced as a whole, so that a kill leaves the old result or the new one.
//! Each holds the key of the question it answers: a hash over the code, the configuration and the results it was
//! made from. A result whose key differs, or whose bytes are not those that were written, is made again.

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{Origin, PipelineError};
use crate::atomic;

/// The hash of everything that a stage's result depends on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key(String);

impl Key {
    /// The key of `stage` for named inputs, this code included.
    pub fn of(stage: &str, inputs: &[(&str, &dyn fmt::Display)]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for (name, value) in [("stage", &stage as &dyn fmt::Display), ("code", &crate::CODE_HASH)].iter().chain(inputs)
        {
            let value = value.to_string();
            for part in [name.as_bytes(), value.as_bytes()] {
                hasher.update(&(part.len() as u64).to_le_bytes());
                hasher.update(part);
            }
        }
        Self(hasher.finalize().to_hex()[..32].to_owned())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a stage leaves behind and can be read back from.
pub trait Artifact: Sized {
    /// Writes the result into an empty folder.
    ///
    /// # Errors
    /// If the file system refuses.
    fn write(&self, folder: &Path) -> Result<(), PipelineError>;

    /// Reads back exactly what [`write`](Self::write) wrote.
    ///
    /// # Errors
    /// If a file is missing or unreadable.
    fn read(folder: &Path) -> Result<Self, PipelineError>;
}

#[derive(Serialize, Deserialize)]
struct Manifest {
    key: Key,
    files: BTreeMap<String, String>,
}

const MANIFEST: &str = "manifest.json";

/// The folder `data/work/`.
#[derive(Debug)]
pub struct WorkStore {
    root: PathBuf,
}

impl WorkStore {
    /// The store of a project; removes what killed runs left unfinished.
    ///
    /// # Errors
    /// If the file system refuses.
    pub fn open(data: &Path) -> Result<Self, PipelineError> {
        let root = data.join("work");
        if root.exists() {
            atomic::clear_drafts(&root)?;
        }
        Ok(Self { root })
    }

    /// The result named `name` for `key`: the stored one, or what `make` returns, which is then stored.
    ///
    /// # Errors
    /// Whatever `make` fails with, or the file system.
    pub fn reuse_or_make<T: Artifact>(
        &self,
        name: &str,
        key: &Key,
        make: impl FnOnce() -> Result<T, PipelineError>,
    ) -> Result<(T, Origin), PipelineError> {
        let folder = self.root.join(name);
        if is_intact(&folder, key)
            && let Ok(artifact) = T::read(&folder)
        {
            return Ok((artifact, Origin::Reused));
        }
        let artifact = make()?;
        atomic::publish_folder(&folder, |draft: &Path| {
            artifact.write(draft)?;
            let manifest = Manifest { key: key.clone(), files: hashes(draft)? };
            let text = serde_json::to_vec_pretty(&manifest).map_err(|error| PipelineError::json(draft, &error))?;
            fs::write(draft.join(MANIFEST), text).map_err(|error| PipelineError::io(draft, &error))
        })?;
        Ok((artifact, Origin::Made))
    }

    /// Publishes `folder`, which lies outside the store, as the result named `name` for `key`, unless it still holds
    /// the bytes that were published for that key.
    ///
    /// # Errors
    /// Whatever `fill` fails with, or the file system.
    pub fn republish(
        &self,
        name: &str,
        key: &Key,
        folder: &Path,
        fill: impl FnOnce(&Path) -> Result<(), PipelineError>,
    ) -> Result<Origin, PipelineError> {
        let record = self.root.join(format!("{name}.json"));
        let known: Option<Manifest> = fs::read(&record).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if let Some(known) = known
            && known.key == *key
            && hashes(folder).is_ok_and(|found| found == known.files)
        {
            return Ok(Origin::Reused);
        }
        atomic::publish_folder(folder, fill)?;
        let manifest = Manifest { key: key.clone(), files: hashes(folder)? };
        let text = serde_json::to_vec_pretty(&manifest).map_err(|error| PipelineError::json(&record, &error))?;
        atomic::write_bytes(&record, &text)?;
        Ok(Origin::Made)
    }
}

/// Whether `folder` holds the answer to `key`, byte for byte as it was written.
fn is_intact(folder: &Path, key: &Key) -> bool {
    let manifest = fs::read(folder.join(MANIFEST)).ok();
    let Some(manifest) = manifest.and_then(|bytes| serde_json::from_slice::<Manifest>(&bytes).ok()) else {
        return false;
    };
    manifest.key == *key && hashes(folder).is_ok_and(|found| found == manifest.files)
}

/// The hash of each file below `folder` but the manifest, by path.
fn hashes(folder: &Path) -> Result<BTreeMap<String, String>, PipelineError> {
    fn collect(folder: &Path, prefix: &str, found: &mut BTreeMap<String, String>) -> std::io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = format!("{prefix}{}", path.file_name().unwrap_or_default().to_string_lossy());
            if path.is_dir() {
                collect(&path, &format!("{name}/"), found)?;
            } else if name != MANIFEST {
                found.insert(name, blake3::hash(&fs::read(&path)?).to_hex().to_string());
            }
        }
        Ok(())
    }
    let mut found = BTreeMap::new();
    collect(folder, "", &mut found).map_err(|error| PipelineError::io(folder, &error))?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Text(String);

    impl Artifact for Text {
        fn write(&self, folder: &Path) -> Result<(), PipelineError> {
            fs::write(folder.join("text"), &self.0).map_err(|error| PipelineError::io(folder, &error))
        }

        fn read(folder: &Path) -> Result<Self, PipelineError> {
            fs::read_to_string(folder.join("text")).map(Self).map_err(|error| PipelineError::io(folder, &error))
        }
    }

    #[test]
    fn a_result_is_reused_for_the_same_question_only_and_never_after_tampering() {
        let data = tempfile::tempdir().unwrap();
        let store = WorkStore::open(data.path()).unwrap();
        let ask = |question: &str| {
            let key = Key::of("stage", &[("question", &question)]);
            let (text, origin) = store.reuse_or_make("stage/2021-10", &key, || Ok(Text(question.into()))).unwrap();
            (text.0, origin)
        };
        assert_eq!(ask("a"), ("a".into(), Origin::Made));
        assert_eq!(ask("a"), ("a".into(), Origin::Reused));
        assert_eq!(ask("b"), ("b".into(), Origin::Made));
        fs::write(data.path().join("work/stage/2021-10/text"), "forged").unwrap();
        assert_eq!(ask("b"), ("b".into(), Origin::Made));
    }

    #[test]
    fn keys_tell_apart_inputs_that_only_their_borders_distinguish() {
        assert_ne!(Key::of("s", &[("a", &"bc")]), Key::of("s", &[("ab", &"c")]));
    }
}
