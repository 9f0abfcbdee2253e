//! Erasure: a customer, a contact or a rater is removed from every file of the project, and stays removed.
//!
//! ```text
//! id ─▶ delivered files (CSV, Parquet) ─▶ warehouse, written anew ─▶ data/work, review, decisions
//!                                                               └──▶ reports and models that name it
//! ```
//!
//! What stays is an aggregate: a customer's order lines under a number that stands for nobody, a contact's touches and
//! scores without the person. The warehouse is copied into a new file, since a deleted row stays readable in the old
//! one. Files that cannot be written anew are named, never passed over. [`retain`] deletes rows past their time.

mod error;
mod files;
mod list;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

pub use self::{error::ForgetError, list::FORGOTTEN};
use self::{
    files::{Change, Edit},
    list::List,
};
use crate::{
    ingest::{
        PseudonymKey,
        contract::{self, TABLES},
    },
    params,
    resolve::{Decisions, REVIEW},
    warehouse::{Warehouse, WarehouseError},
};

/// Who can be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A customer: all records of its account.
    Customer,
    /// A person at a customer.
    Contact,
    /// An employee who answered the staff survey.
    Rater,
}

impl Kind {
    /// Its name in commands and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Contact => "contact",
            Self::Rater => "rater",
        }
    }
}

/// The folders of a project.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    /// The project itself.
    pub project: &'a Path,
    /// Its data folder.
    pub data: &'a Path,
    /// Its models.
    pub models: &'a Path,
    /// Its reports.
    pub reports: &'a Path,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Rows deleted or made nobody's, by table.
    pub rows: BTreeMap<String, u64>,
    /// Delivered files that were written anew.
    pub rewritten: Vec<String>,
    /// Files and folders that were removed because they named it; `headroom run` makes them again.
    pub removed: Vec<String>,
    /// Files that could not be written anew and may still hold it: mend them by hand.
    pub left: Vec<String>,
}

/// Who is forgotten, in all spellings.
struct Subject {
    kind: Kind,
    /// Ids as in the tables.
    ids: BTreeSet<String>,
    /// Ids as in delivered files.
    file_ids: BTreeSet<String>,
    /// Ids and names by which derived files may speak of it.
    texts: BTreeSet<String>,
    substitute: String,
}

/// Forgets. The caller then closes the warehouse by [`Warehouse::write_anew`], without which its file still holds the
/// deleted bytes.
///
/// # Errors
/// If nobody has the id, or a file cannot be read or written; running it again finishes what was begun.
pub fn forget(warehouse: &Warehouse, places: &Places<'_>, kind: Kind, id: &str) -> Result<Forgotten, ForgetError> {
    let key = PseudonymKey::of(places.data)?;
    let mut list = List::of(places.data)?;
    let mut subject = subject(warehouse, &key, kind, id)?;
    let mut substitute: Option<String> = None;
    for id in &subject.file_ids {
        substitute = Some(list.add(kind, id, substitute.as_deref(), &key));
    }
    subject.substitute = substitute.unwrap_or_default();
    list.write(places.data)?;
    erase(warehouse, places, &subject)
}

/// Removes again what a delivery brought back; `None` if it brought nothing back.
///
/// # Errors
/// As [`forget`].
pub fn enforce(warehouse: &Warehouse, places: &Places<'_>) -> Result<Option<Forgotten>, ForgetError> {
    let list = List::of(places.data)?;
    if list.is_empty() {
        return Ok(None);
    }
    let key = PseudonymKey::of(places.data)?;
    let mut done: Option<Forgotten> = None;
    for (kind, sql) in [
        (Kind::Customer, "SELECT customer_id FROM customers UNION SELECT customer_id FROM order_lines ORDER BY 1"),
        (Kind::Contact, "SELECT contact_id FROM contacts ORDER BY 1"),
    ] {
        for id in warehouse.query(sql, params![], |row| row.get::<String>(0))? {
            let Some(substitute) = list.substitute(kind, &id, &key) else { continue };
            let mut subject = subject(warehouse, &key, kind, &id)?;
            substitute.clone_into(&mut subject.substitute);
            let again = erase(warehouse, places, &subject)?;
            let all = done.get_or_insert_default();
            for (table, rows) in again.rows {
                *all.rows.entry(table).or_insert(0) += rows;
            }
            all.rewritten.extend(again.rewritten);
            all.left.extend(again.left);
        }
    }
    Ok(done)
}

/// Deletes rows that happened longer ago than their table's months before the newest delivery; rows by table.
///
/// # Errors
/// If the warehouse refuses.
pub fn retain(warehouse: &Warehouse, months: &BTreeMap<String, u32>) -> Result<BTreeMap<String, u64>, WarehouseError> {
    let mut deleted = BTreeMap::new();
    for (name, months) in months {
        let Some((table, event)) = contract::table(name).and_then(|table| Some((table, table.event?))) else {
            continue;
        };
        let sql = format!(
            "DELETE FROM {} WHERE {event} < (SELECT coalesce((SELECT max(received_on) FROM batches), \
             (SELECT max(known_at) FROM order_lines))) - to_months(CAST(? AS INTEGER))",
            table.name
        );
        let rows = warehouse.execute(&sql, params![i64::from(*months)])? as u64;
        if rows > 0 {
            deleted.insert(name.clone(), rows);
        }
    }
    Ok(deleted)
}

fn subject(warehouse: &Warehouse, key: &PseudonymKey, kind: Kind, id: &str) -> Result<Subject, ForgetError> {
    let column = |sql: &str, id: &str| warehouse.query(sql, params![id], |row| row.get::<Option<String>>(0));
    let texts = |found: Vec<Option<String>>| found.into_iter().flatten().filter(|text| text.len() > 3);
    let mut names: BTreeSet<String> = BTreeSet::new();
    let ids: BTreeSet<String> = match kind {
        Kind::Customer => {
            let of_account = "SELECT customer_id FROM accounts WHERE account_id IN \
                              (SELECT account_id FROM accounts WHERE customer_id = $1 OR account_id = $1)";
            let mut ids: BTreeSet<String> = column(of_account, id)?.into_iter().flatten().collect();
            let direct = "SELECT DISTINCT customer_id FROM (SELECT customer_id FROM customers \
                          UNION ALL SELECT customer_id FROM order_lines) WHERE customer_id = $1";
            ids.extend(column(direct, id)?.into_iter().flatten());
            for id in &ids {
                for field in ["name", "email", "vat_id", "phone", "website"] {
                    names.extend(texts(column(&format!("SELECT {field} FROM customers WHERE customer_id = $1"), id)?));
                }
                for field in ["contact_id", "full_name", "email"] {
                    names.extend(texts(column(&format!("SELECT {field} FROM contacts WHERE customer_id = $1"), id)?));
                }
            }
            ids
        }
        Kind::Contact => {
            for field in ["full_name", "email"] {
                names.extend(texts(column(&format!("SELECT {field} FROM contacts WHERE contact_id = $1"), id)?));
            }
            column("SELECT DISTINCT contact_id FROM contacts WHERE contact_id = $1", id)?
                .into_iter()
                .flatten()
                .collect()
        }
        Kind::Rater => {
            let pseudonym = key.pseudonym(id);
            let sql = "SELECT DISTINCT rater FROM staff_answers WHERE rater = $1";
            column(sql, &pseudonym)?.into_iter().flatten().collect()
        }
    };
    if ids.is_empty() {
        return Err(ForgetError::Unknown { kind: kind.name(), id: id.into() });
    }
    let file_ids = if kind == Kind::Rater { BTreeSet::from([id.to_owned()]) } else { ids.clone() };
    let texts = ids.iter().chain(&file_ids).cloned().chain(names).collect();
    Ok(Subject { kind, ids, file_ids, texts, substitute: String::new() })
}

fn erase(warehouse: &Warehouse, places: &Places<'_>, subject: &Subject) -> Result<Forgotten, ForgetError> {
    let mut done = Forgotten::default();
    rewrite_deliveries(warehouse, places, subject, &mut done)?;
    warehouse.transaction(|warehouse| delete_rows(warehouse, subject, &mut done))?;
    let mut decisions = Decisions::of(places.data)?;
    if subject.kind == Kind::Customer && subject.ids.iter().map(|id| decisions.forget(id)).sum::<usize>() > 0 {
        decisions.write(places.data)?;
    }
    remove_derived(places, subject, &mut done)?;
    Ok(done)
}

/// What becomes of a table's rows: the column that names the subject, and whether rows go or lose the name.
fn treatment(kind: Kind, table: &contract::Table) -> Option<(&'static str, bool)> {
    let column = match kind {
        Kind::Customer => "customer_id",
        Kind::Contact => "contact_id",
        Kind::Rater => "rater",
    };
    table.column(column)?;
    let stays = match kind {
        Kind::Customer => table.is_ledger(),
        Kind::Contact => table.name != "contacts",
        Kind::Rater => false,
    };
    Some((column, stays))
}

/// Columns of free text that are emptied where a row stays without its person.
const REMARKS: &[&str] = &["comment", "topic", "outcome"];

fn rewrite_deliveries(
    warehouse: &Warehouse,
    places: &Places<'_>,
    subject: &Subject,
    done: &mut Forgotten,
) -> Result<(), ForgetError> {
    for table in TABLES {
        let Some((column, stays)) = treatment(subject.kind, table) else { continue };
        let files = warehouse.query(
            "SELECT DISTINCT file FROM batches WHERE table_name = ? ORDER BY 1",
            params![table.name],
            |row| row.get::<String>(0),
        )?;
        let known: BTreeSet<String> = if subject.kind == Kind::Rater {
            BTreeSet::new()
        } else {
            let sql = format!("SELECT DISTINCT {column} FROM {} WHERE {column} IS NOT NULL LIMIT 100000", table.name);
            warehouse.query(&sql, params![], |row| row.get::<String>(0))?.into_iter().collect()
        };
        let substitute = if subject.kind == Kind::Customer { subject.substitute.as_str() } else { "" };
        let change = Change {
            ids: &subject.file_ids,
            known: &known,
            edit: if stays { Edit::Replace(substitute) } else { Edit::Drop },
            emptied: if stays && subject.kind == Kind::Contact { REMARKS } else { &[] },
            reference: (table.name == "customers").then_some("parent_id"),
        };
        for name in files {
            let path = places.project.join(&name);
            if !path.is_file() {
                continue;
            }
            if !files::is_editable(&path) {
                done.left.push(name);
                continue;
            }
            if files::rewrite(&path, &change)? > 0 {
                // the same delivery in other bytes
                let bytes = fs::read(&path).map_err(|error| ForgetError::file(&path, error))?;
                let hash = blake3::hash(&bytes).to_hex().to_string();
                warehouse.execute("UPDATE batches SET file_hash = ? WHERE file = ?", params![hash, name.as_str()])?;
                done.rewritten.push(name);
            }
        }
    }
    Ok(())
}

fn delete_rows(warehouse: &Warehouse, subject: &Subject, done: &mut Forgotten) -> Result<(), ForgetError> {
    warehouse.execute_script("CREATE OR REPLACE TEMP TABLE forgotten_ids(id VARCHAR)")?;
    for id in &subject.ids {
        warehouse.execute("INSERT INTO forgotten_ids VALUES (?)", params![id.as_str()])?;
    }
    for table in TABLES {
        let Some((column, stays)) = treatment(subject.kind, table) else { continue };
        let is_meant = format!("WHERE {column} IN (SELECT id FROM forgotten_ids)");
        let rows = if stays && subject.kind == Kind::Customer {
            let sql = format!("UPDATE {} SET {column} = ? {is_meant}", table.name);
            warehouse.execute(&sql, params![subject.substitute.as_str()])?
        } else if stays {
            let remarks = REMARKS.iter().filter(|remark| table.column(remark).is_some());
            let emptied: String = remarks.map(|remark| format!(", {remark} = NULL")).collect();
            warehouse.execute(&format!("UPDATE {} SET {column} = NULL{emptied} {is_meant}", table.name), params![])?
        } else {
            warehouse.execute(&format!("DELETE FROM {} {is_meant}", table.name), params![])?
        };
        // refused cells may hold anything
        warehouse.execute("DELETE FROM quarantine WHERE table_name = ?", params![table.name])?;
        if rows > 0 {
            done.rows.insert(table.name.to_owned(), rows as u64);
        }
    }
    if subject.kind == Kind::Customer {
        warehouse.execute_script(
            "UPDATE customers SET parent_id = NULL WHERE parent_id IN (SELECT id FROM forgotten_ids);
             DELETE FROM accounts WHERE customer_id IN (SELECT id FROM forgotten_ids);
             DELETE FROM group_members WHERE customer_id IN (SELECT id FROM forgotten_ids);
             DELETE FROM stage_runs WHERE stage = 'resolve';
             DELETE FROM ledger_groups; DELETE FROM ledger_accounts; DELETE FROM ledger_batches; DELETE FROM ledger_customers",
        )?;
    }
    Ok(warehouse.execute_script("DROP TABLE forgotten_ids")?)
}

/// Removes what was made from the data and names the subject; results in `data/work` go whatever they hold.
fn remove_derived(places: &Places<'_>, subject: &Subject, done: &mut Forgotten) -> Result<(), ForgetError> {
    let name = |path: &Path| path.strip_prefix(places.project).unwrap_or(path).display().to_string();
    let mut doomed: BTreeSet<PathBuf> = BTreeSet::new();
    let own = ["work", "quarantine", "reconciliation", REVIEW].map(|name| places.data.join(name));
    doomed.extend(own.into_iter().filter(|path| path.exists()));
    for (folder, depth) in [(places.reports, 1), (places.models, 2)] {
        for file in files::all_files(folder) {
            let within: Vec<_> = file.strip_prefix(folder).map(|path| path.components().collect()).unwrap_or_default();
            // files at the top are the project's own: a ladder, a register, a read-me
            if within.len() > depth && files::mentions(&file, &subject.texts)? {
                doomed.insert(within[..depth].iter().fold(folder.to_path_buf(), |path, part| path.join(part)));
            }
        }
    }
    for path in doomed {
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.map_err(|error| ForgetError::file(&path, error))?;
        done.removed.push(name(&path));
    }
    for file in files::all_files(places.data) {
        let is_own = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("warehouse.duckdb"));
        if !is_own && !done.left.contains(&name(&file)) && files::mentions(&file, &subject.texts)? {
            done.left.push(name(&file));
        }
    }
    done.left.sort();
    done.left.dedup();
    Ok(())
}
