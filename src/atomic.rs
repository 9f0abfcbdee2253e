//! Publishing files and folders so that a reader, or the run after a kill, finds the old content or the new one and
//! never half of either.
//!
//! Everything is written beside its target under a name that starts with [`DRAFT`], flushed to disk, and renamed. What
//! a kill leaves behind is such a draft: [`clear_drafts`] and the next publication under the same name remove it.
//! There is no lock here: two processes that publish the same name are kept apart by the warehouse's lock.

mod table;

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

pub use table::{write_csv, write_parquet};

/// How the name of every unfinished file or folder begins.
pub const DRAFT: &str = ".headroom-draft-";

/// A publication that failed; the target still holds what it held before.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The file system refused.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Why it was refused.
        source: io::Error,
    },
    /// A target such as `..` or `/`, which cannot be replaced by a rename.
    #[error("`{}` names no file or folder that can be replaced", path.display())]
    Nameless {
        /// The target.
        path: PathBuf,
    },
    /// A data frame that cannot be written as Parquet.
    #[error("cannot write the table `{}`: {source}", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// Why.
        source: polars::prelude::PolarsError,
    },
    /// A column of a type that a text file cannot carry.
    #[error("column `{column}` of `{}` is of type {found}, expected text, a number, a truth value or a date", path.display())]
    Cell {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// Its type.
        found: String,
    },
}

impl PublishError {
    /// The remedy, where there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Io { source, path, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied => Some(format!(
                    "give yourself the right to write to `{}`, or choose another project folder",
                    folder_of(path).display()
                )),
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    Some("free some disk space and run again; nothing was replaced".into())
                }
                io::ErrorKind::ReadOnlyFilesystem => Some("the disk is read-only; choose another folder".into()),
                _ => None,
            },
            Self::Nameless { .. } => Some("give the path of a file or folder with a name of its own".into()),
            Self::Table { .. } | Self::Cell { .. } => None,
        }
    }

    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.into(), source }
    }
}

/// Replaces the file `target` by what `fill` writes. Missing folders above it are made.
///
/// # Errors
/// If `fill` or the file system fails; the old file is then untouched.
pub fn write_file(
    target: &Path,
    fill: impl FnOnce(&mut (dyn Write + Send)) -> Result<(), PublishError>,
) -> Result<(), PublishError> {
    let (folder, name) = split(target)?;
    fs::create_dir_all(folder).map_err(PublishError::io("create", folder))?;
    clear_drafts_of(folder, name)?;
    let draft = draft_file(folder, name)?;
    let mut buffer = BufWriter::new(draft.as_file());
    fill(&mut buffer)?;
    buffer.flush().map_err(PublishError::io("write", target))?;
    drop(buffer);
    draft.as_file().sync_all().map_err(PublishError::io("flush", target))?;
    draft.persist(target).map_err(|failed| PublishError::io("replace", target)(failed.error))?;
    sync_folder(folder)
}

/// Replaces the file `target` by `bytes`.
///
/// # Errors
/// As [`write_file`].
pub fn write_bytes(target: &Path, bytes: &[u8]) -> Result<(), PublishError> {
    write_file(target, |out| out.write_all(bytes).map_err(PublishError::io("write", target)))
}

/// Replaces the folder `target`, as a whole, by what `fill` puts into the empty folder it is given.
///
/// On Linux the exchange is one system call; elsewhere, and on file systems without it, the old folder is moved
/// aside first, so that for a moment (and after a kill in it) there is none.
///
/// # Errors
/// Whatever `fill` fails with, or the file system; the old folder is then untouched.
pub fn publish_folder<E: From<PublishError>>(
    target: &Path,
    fill: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<(), E> {
    let (folder, name) = split(target)?;
    fs::create_dir_all(folder).map_err(PublishError::io("create", folder))?;
    clear_drafts_of(folder, name)?;
    let draft = draft_folder(folder, name)?;
    fill(draft.path())?;
    sync_tree(draft.path())?;
    if target.symlink_metadata().is_ok() {
        exchange(draft.path(), target)?;
        sync_folder(folder)?;
        // What is now under the draft's name is the old content.
        let old = draft.keep();
        remove(&old)?;
    } else {
        fs::rename(draft.path(), target).map_err(PublishError::io("create", target))?;
        let _ = draft.keep();
    }
    Ok(sync_folder(folder)?)
}

/// Removes the drafts that killed runs left in `folder`; a folder that does not exist holds none.
///
/// # Errors
/// If the file system refuses.
pub fn clear_drafts(folder: &Path) -> Result<(), PublishError> {
    clear_drafts_of(folder, "")
}

fn clear_drafts_of(folder: &Path, name: &str) -> Result<(), PublishError> {
    let prefix = if name.is_empty() { DRAFT.to_owned() } else { draft_prefix(name) };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(refused) => return Err(PublishError::io("list", folder)(refused)),
    };
    for entry in entries {
        let entry = entry.map_err(PublishError::io("list", folder))?;
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// The separator keeps the drafts of `a` apart from those of `a-b`: a tilde is in none of our names.
fn draft_prefix(name: &str) -> String {
    format!("{DRAFT}{name}~")
}

fn draft_file(folder: &Path, name: &str) -> Result<tempfile::NamedTempFile, PublishError> {
    let prefix = draft_prefix(name);
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix);
    // Drafts are private by default; a report is as readable as any other file of the user.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder).map_err(PublishError::io("create a file in", folder))
}

fn draft_folder(folder: &Path, name: &str) -> Result<tempfile::TempDir, PublishError> {
    let prefix = draft_prefix(name);
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    builder.tempdir_in(folder).map_err(PublishError::io("create a folder in", folder))
}

/// Swaps `draft` and `target`, both existing.
fn exchange(draft: &Path, target: &Path) -> Result<(), PublishError> {
    #[cfg(target_os = "linux")]
    {
        use rustix::{fs, io::Errno};
        match fs::renameat_with(fs::CWD, draft, fs::CWD, target, fs::RenameFlags::EXCHANGE) {
            Ok(()) => return Ok(()),
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {}
            Err(refused) => return Err(PublishError::io("replace", target)(refused.into())),
        }
    }
    let mut aside = draft.as_os_str().to_owned();
    aside.push(".old");
    let aside = PathBuf::from(aside);
    fs::rename(target, &aside).map_err(PublishError::io("move aside", target))?;
    if let Err(refused) = fs::rename(draft, target) {
        // Best effort: the first error is the one to tell, whether or not the old folder comes back.
        let _ = fs::rename(&aside, target);
        return Err(PublishError::io("replace", target)(refused));
    }
    fs::rename(&aside, draft).map_err(PublishError::io("replace", target))
}

fn split(target: &Path) -> Result<(&Path, &str), PublishError> {
    let name = target.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| PublishError::Nameless { path: target.into() })?;
    Ok((folder_of(target), name))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn remove(path: &Path) -> Result<(), PublishError> {
    let kind = path.symlink_metadata().map_err(PublishError::io("remove", path))?;
    if kind.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
        .map_err(PublishError::io("remove", path))
}

fn sync_folder(folder: &Path) -> Result<(), PublishError> {
    File::open(folder).and_then(|opened| opened.sync_all()).map_err(PublishError::io("flush", folder))
}

fn sync_tree(folder: &Path) -> Result<(), PublishError> {
    for entry in fs::read_dir(folder).map_err(PublishError::io("list", folder))? {
        let path = entry.map_err(PublishError::io("list", folder))?.path();
        if path.is_dir() {
            sync_tree(&path)?;
        } else {
            File::open(&path).and_then(|opened| opened.sync_all()).map_err(PublishError::io("flush", &path))?;
        }
    }
    sync_folder(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_draft() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("deep/card.json");
        write_bytes(&target, b"old").unwrap();
        let failed = write_file(&target, |out| {
            out.write_all(b"half").unwrap();
            Err(PublishError::Nameless { path: "x".into() })
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&target).unwrap(), b"old");
        assert_eq!(names(target.parent().unwrap()), ["card.json"]);
    }

    #[test]
    fn a_published_folder_replaces_the_old_one_as_a_whole() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("2021-10");
        let publish = |file: &'static str| {
            publish_folder::<PublishError>(&target, |draft| write_bytes(&draft.join(file), file.as_bytes()))
        };
        publish("a").unwrap();
        publish("b").unwrap();
        assert_eq!(names(&target), ["b"]);
        assert_eq!(names(home.path()), ["2021-10"]);
        let failed: Result<(), PublishError> =
            publish_folder(&target, |_| Err(PublishError::Nameless { path: "x".into() }));
        assert!(failed.is_err());
        assert_eq!(names(&target), ["b"]);
    }

    #[test]
    fn what_a_kill_left_behind_goes_with_the_next_publication_of_that_name_only() {
        let home = tempfile::tempdir().unwrap();
        let left = |name: &str| home.path().join(format!("{}x1", draft_prefix(name)));
        fs::create_dir(left("a")).unwrap();
        fs::write(left("a").join("half"), b"half").unwrap();
        fs::write(left("a-b"), b"half").unwrap();
        publish_folder::<PublishError>(&home.path().join("a"), |_| Ok(())).unwrap();
        assert!(!left("a").exists() && left("a-b").exists());
        clear_drafts(home.path()).unwrap();
        assert_eq!(names(home.path()), ["a"]);
        clear_drafts(&home.path().join("absent")).unwrap();
    }

    #[test]
    fn files_are_as_readable_as_the_users_other_files() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("usual"), b"").unwrap();
        write_bytes(&home.path().join("ours"), b"").unwrap();
        let mode = |name: &str| fs::metadata(home.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode("ours"), mode("usual"));
    }

    #[test]
    fn a_target_without_a_name_is_refused() {
        assert!(matches!(write_bytes(Path::new("/"), b""), Err(PublishError::Nameless { .. })));
    }
}
