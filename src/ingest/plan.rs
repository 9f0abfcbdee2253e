//! What has to be loaded: the files of a table against the batches that the warehouse holds (METHOD section 1).
//!
//! Decides by names, hashes and days only; what the files hold is not looked at here.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{IngestError, contract::Table, discover::SourceFile};
use crate::config::sources::LoadMode;

/// Hash of a file that was there once and is no longer: a batch of its own, without rows.
pub(super) const GONE: &str = "gone";

/// A batch that the warehouse holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) batch_id: i64,
    pub(super) file: String,
    pub(super) file_hash: String,
    pub(super) settings_hash: String,
    pub(super) received_on: Option<Date>,
}

/// A file and the hash of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HashedFile {
    pub(super) file: SourceFile,
    pub(super) hash: String,
    /// The batch that holds exactly these bytes of this file, if it is the file's newest.
    pub(super) loaded_as: Option<i64>,
}

/// Which rows of the table a delivery speaks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scope {
    /// All of them: what it lacks has vanished.
    WholeTable,
    /// Those that came from this file.
    File(String),
    /// Those whose key it holds.
    Keys,
    /// None: all its rows are further ones.
    Nothing,
}

/// Files that were received together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Delivery {
    pub(super) files: Vec<HashedFile>,
    pub(super) scope: Scope,
    pub(super) received_on: Option<Date>,
    /// Files of which this delivery says that they are no longer there.
    pub(super) gone: Vec<String>,
}

/// What has to be done for a table.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Everything held must be forgotten first, because the settings of the table have changed.
    pub(super) starts_anew: bool,
    /// Files that are loaded already, by name and batch.
    pub(super) reused: Vec<(String, i64)>,
    /// What to load, in order.
    pub(super) deliveries: Vec<Delivery>,
}

/// Plans the load of one table.
pub(super) fn plan(
    table: &'static Table,
    mode: Option<LoadMode>,
    settings_hash: &str,
    files: &[(SourceFile, String)],
    known: &[Known],
) -> Result<Plan, IngestError> {
    let starts_anew = known.iter().any(|batch| batch.settings_hash != settings_hash);
    if starts_anew && mode.is_some() {
        let missing = known.iter().find(|batch| {
            batch.file_hash != GONE
                && !files.iter().any(|(file, hash)| file.name == batch.file || *hash == batch.file_hash)
        });
        if let Some(missing) = missing {
            return Err(IngestError::CannotReload { table: table.name, file: missing.file.clone() });
        }
    }
    let known = if starts_anew { &[] } else { known };
    // The newest batch of each file: batches come in order.
    let newest: BTreeMap<&str, &Known> = known.iter().map(|batch| (batch.file.as_str(), batch)).collect();
    let files: Vec<HashedFile> = files
        .iter()
        .map(|(file, hash)| {
            let loaded_as = newest.get(file.name.as_str()).filter(|batch| batch.file_hash == *hash);
            HashedFile { file: file.clone(), hash: hash.clone(), loaded_as: loaded_as.map(|batch| batch.batch_id) }
        })
        .collect();
    let (reused, deliveries) = match mode {
        None => together(files, &newest),
        Some(LoadMode::Append) => append(table, files, known, &newest),
        Some(LoadMode::Snapshot) => one_by_one(table, files, known, Scope::WholeTable)?,
        Some(LoadMode::Upsert) => one_by_one(table, files, known, Scope::Keys)?,
    };
    Ok(Plan { starts_anew, reused, deliveries })
}

type Parts = (Vec<(String, i64)>, Vec<Delivery>);

/// Without a declaration all files together are the table: if one has changed, the whole is compared.
fn together(files: Vec<HashedFile>, newest: &BTreeMap<&str, &Known>) -> Parts {
    let gone: Vec<String> = newest
        .values()
        .filter(|batch| batch.file_hash != GONE && !files.iter().any(|file| file.file.name == batch.file))
        .map(|batch| batch.file.clone())
        .collect();
    let reused: Vec<(String, i64)> =
        files.iter().filter_map(|file| Some((file.file.name.clone(), file.loaded_as?))).collect();
    if gone.is_empty() && reused.len() == files.len() {
        return (reused, Vec::new());
    }
    let changed = files.iter().filter(|file| file.loaded_as.is_none()).filter_map(|file| file.file.received_on).max();
    let received_on = changed.or_else(|| files.iter().filter_map(|file| file.file.received_on).max());
    (reused, vec![Delivery { files, scope: Scope::WholeTable, received_on, gone }])
}

/// Files received on the same day are one delivery; bytes that are held under any name are not loaded again.
fn append(table: &Table, files: Vec<HashedFile>, known: &[Known], newest: &BTreeMap<&str, &Known>) -> Parts {
    let mut reused = Vec::new();
    let mut deliveries: Vec<Delivery> = Vec::new();
    for mut file in files {
        let name = file.file.name.clone();
        let held = file.loaded_as.or_else(|| {
            let same = known.iter().find(|batch| batch.file_hash == file.hash && newest[batch.file.as_str()] == *batch);
            same.map(|batch| batch.batch_id)
        });
        if let Some(batch_id) = held {
            reused.push((name, batch_id));
            continue;
        }
        file.loaded_as = None;
        let received_on = file.file.received_on;
        // A changed row of a table with ids is the next state of its id, wherever it comes from.
        let scope = match newest.contains_key(name.as_str()) {
            true => Scope::File(name),
            false if !table.is_ledger() && !table.key.is_empty() => Scope::Keys,
            false => Scope::Nothing,
        };
        match deliveries.last_mut() {
            Some(last) if last.received_on == received_on && last.scope == scope => last.files.push(file),
            _ => deliveries.push(Delivery { files: vec![file], scope, received_on, gone: Vec::new() }),
        }
    }
    (reused, deliveries)
}

/// Every file is a delivery of its own, none received before what is held.
fn one_by_one(
    table: &'static Table,
    files: Vec<HashedFile>,
    known: &[Known],
    scope: Scope,
) -> Result<Parts, IngestError> {
    let mut reused = Vec::new();
    let mut deliveries = Vec::new();
    let newest = known.iter().filter_map(|batch| batch.received_on).max();
    for file in files {
        if let Some(batch_id) = file.loaded_as {
            reused.push((file.file.name, batch_id));
            continue;
        }
        let received_on = file.file.received_on;
        if let (Some(newest), Some(received_on)) = (newest, received_on)
            && received_on < newest
        {
            return Err(IngestError::OutOfOrder {
                table: table.name,
                file: file.file.name,
                received_on: received_on.to_string(),
                loaded: newest.to_string(),
            });
        }
        deliveries.push(Delivery { files: vec![file], scope: scope.clone(), received_on, gone: Vec::new() });
    }
    Ok((reused, deliveries))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::ingest::{contract::table, discover::Format};

    fn file(name: &str, received_on: Option<Date>) -> SourceFile {
        SourceFile { path: name.into(), name: name.into(), format: Format::Delimited, received_on }
    }

    fn known(batch_id: i64, name: &str, hash: &str, received_on: Option<Date>) -> Known {
        Known { batch_id, file: name.into(), file_hash: hash.into(), settings_hash: "s".into(), received_on }
    }

    fn lines(mode: Option<LoadMode>, files: &[(SourceFile, String)], known: &[Known]) -> Result<Plan, IngestError> {
        plan(table("order_lines").unwrap(), mode, "s", files, known)
    }

    #[test]
    fn the_same_bytes_again_are_nothing_to_do_in_every_mode() {
        let files = [(file("a", None), "x".to_owned())];
        for mode in [None, Some(LoadMode::Append), Some(LoadMode::Snapshot), Some(LoadMode::Upsert)] {
            let plan = lines(mode, &files, &[known(1, "a", "x", None)]).unwrap();
            assert!(plan.deliveries.is_empty() && plan.reused == [("a".to_owned(), 1)], "{mode:?}");
        }
    }

    #[test]
    fn without_a_declaration_one_changed_file_is_compared_as_part_of_the_whole() {
        let files = [(file("a", None), "x".to_owned()), (file("b", Some(date(2021, 11, 30))), "new".to_owned())];
        let held = [known(1, "a", "x", None), known(2, "b", "old", None), known(3, "c", "z", None)];
        let plan = lines(None, &files, &held).unwrap();
        let [delivery] = &plan.deliveries[..] else { panic!("{plan:?}") };
        assert_eq!((delivery.files.len(), &delivery.scope), (2, &Scope::WholeTable));
        assert_eq!(
            (delivery.received_on, delivery.gone.as_slice()),
            (Some(date(2021, 11, 30)), ["c".to_owned()].as_slice())
        );
        let after = [known(1, "a", "x", None), known(4, "b", "new", None), known(5, "c", GONE, None)];
        assert!(lines(None, &files, &after).unwrap().deliveries.is_empty());
    }

    #[test]
    fn appended_files_of_one_day_are_one_delivery_and_a_renamed_file_is_none() {
        let day = Some(date(2021, 10, 31));
        let files =
            [(file("copy", None), "x".to_owned()), (file("n", day), "n".to_owned()), (file("s", day), "s".to_owned())];
        let plan = lines(Some(LoadMode::Append), &files, &[known(1, "a", "x", None)]).unwrap();
        assert_eq!(plan.reused, [("copy".to_owned(), 1)]);
        assert_eq!(plan.deliveries.iter().map(|d| d.files.len()).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn an_older_snapshot_after_a_newer_one_is_an_error() {
        let files = [(file("a", Some(date(2021, 9, 30))), "x".to_owned())];
        let error =
            lines(Some(LoadMode::Snapshot), &files, &[known(1, "b", "y", Some(date(2021, 10, 31)))]).unwrap_err();
        assert!(matches!(error, IngestError::OutOfOrder { .. }));
    }

    #[test]
    fn changed_settings_read_everything_again_or_say_what_is_missing() {
        let files = [(file("a", None), "x".to_owned())];
        let held = [Known { settings_hash: "other".into(), ..known(1, "a", "x", None) }];
        let plan = lines(None, &files, &held).unwrap();
        assert!(plan.starts_anew && plan.deliveries.len() == 1);
        let lost = [Known { settings_hash: "other".into(), ..known(1, "b", "z", None) }];
        assert!(matches!(lines(Some(LoadMode::Append), &files, &lost), Err(IngestError::CannotReload { .. })));
    }
}
