//! Erasure: a customer, a contact or a rater is removed from every file of the project, and stays removed.
//!
//! ```text
//! id ─▶ delivered files, written anew ─▶ warehouse, written anew ─▶ data/work, review, decisions
//!                                                             └──▶ reports and models that name it
//! ```
//!
//! What stays is an aggregate: a customer's order lines under a number that stands for nobody, a contact's touches and
//! scores without the person. The warehouse is copied into a new file, since a deleted row stays readable in the old
//! one. At last every delivered file is searched, and one that still names the subject is reported, never passed over.
//! [`retain`] deletes rows past their time.

mod error;
mod files;
mod json;
mod list;
mod mail;
mod workbook;

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
    config::sources::{SourceConfig, Sources},
    ingest::{
        self, PseudonymKey,
        contract::{self, TABLES, Table},
    },
    params,
    resolve::{Decisions, REVIEW},
    survey::Closed,
    warehouse::{StageRun, Warehouse, WarehouseError},
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
    /// How its files are laid out.
    pub sources: &'a Sources,
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
    /// Delivered files that still name it: mend them by hand.
    pub left: Vec<String>,
    /// Delivered files that hold no more of it than a name, number or address which others have, too.
    pub namesakes: Vec<String>,
}

/// Who is forgotten, in all spellings.
struct Subject {
    kind: Kind,
    /// Ids as in the tables.
    ids: BTreeSet<String>,
    /// Ids as in delivered files.
    file_ids: BTreeSet<String>,
    /// A contact's addresses, as they stand for a customer in lists that know no numbers.
    addresses: BTreeSet<String>,
    /// Names and addresses by which anything may speak of it.
    names: BTreeSet<String>,
    /// The ids, and the names that are nobody else's.
    texts: BTreeSet<String>,
    /// The names that others have, too.
    shared: BTreeSet<String>,
    substitute: String,
}

/// Forgets. The caller then closes the warehouse by [`Warehouse::write_anew`], without which its file still holds the
/// deleted bytes.
///
/// # Errors
/// If nobody has the id, if an `.xls` file names it (nothing has changed then), or a file cannot be read or written; running
/// it again finishes what was begun.
pub fn forget(warehouse: &Warehouse, places: &Places<'_>, kind: Kind, id: &str) -> Result<Forgotten, ForgetError> {
    if !warehouse.has_table("order_lines")? {
        return Err(ForgetError::NothingLoaded);
    }
    let key = PseudonymKey::of(places.data)?;
    let mut list = List::of(places.data)?;
    let mut subject = subject(warehouse, &key, kind, id)?;
    refuse_what_nothing_writes(warehouse, places, &subject)?;
    let mut substitute: Option<String> = None;
    for id in subject.file_ids.iter().chain(&subject.addresses) {
        substitute = Some(list.add(kind, id, substitute.as_deref(), &key));
    }
    subject.substitute = substitute.unwrap_or_default();
    list.write(places.data)?;
    erase(warehouse, places, &subject)
}

/// A half-done erasure would forget the ids by which the rest is found.
fn refuse_what_nothing_writes(
    warehouse: &Warehouse,
    places: &Places<'_>,
    subject: &Subject,
) -> Result<(), ForgetError> {
    for file in delivered(warehouse)? {
        let path = places.project.join(&file);
        if path.is_file() && files::extension(&path) == "xls" && files::mentions(&path, &subject.texts)? {
            return Err(ForgetError::NoWriter { file });
        }
    }
    Ok(())
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
        (Kind::Contact, &format!("SELECT contact_id FROM contacts UNION {ADDRESSES} ORDER BY 1")),
    ] {
        for id in warehouse.query(sql, params![], |row| row.get::<String>(0))? {
            let Some(substitute) = list.substitute(kind, &id, &key) else { continue };
            // one that was removed with the one before it
            let mut subject = match subject(warehouse, &key, kind, &id) {
                Err(ForgetError::Unknown { .. }) => continue,
                found => found?,
            };
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
            // files hold more than the table from now on, which the check of the ledger's lines must know
            let run = StageRun { stage: format!("retention/{name}"), inputs_hash: String::new(), report: "{}".into() };
            warehouse.record_run(&run)?;
            deleted.insert(name.clone(), rows);
        }
    }
    Ok(deleted)
}

fn subject(warehouse: &Warehouse, key: &PseudonymKey, kind: Kind, id: &str) -> Result<Subject, ForgetError> {
    let column = |sql: &str, id: &str| warehouse.query(sql, params![id], |row| row.get::<Option<String>>(0));
    let texts = |found: Vec<Option<String>>| found.into_iter().flatten().filter(|text| text.len() > 3);
    let (mut names, mut addresses): (BTreeSet<String>, BTreeSet<String>) = Default::default();
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
            // the same person in other lists: the same address, and no other name
            let same = "SELECT DISTINCT other.contact_id FROM contacts other, contacts own
                        WHERE own.contact_id = $1 AND (other.contact_id = $1 OR (lower(other.email) = lower(own.email)
                            AND coalesce(lower(other.full_name) = lower(own.full_name), true)))";
            let ids: BTreeSet<String> = column(same, id)?.into_iter().flatten().collect();
            for id in &ids {
                for field in ["full_name", "email"] {
                    names.extend(texts(column(&format!("SELECT {field} FROM contacts WHERE contact_id = $1"), id)?));
                }
            }
            let written: BTreeSet<String> =
                names.iter().chain([&id.to_owned()]).map(|name| name.to_lowercase()).collect();
            let known = warehouse.query(&format!("{ADDRESSES} ORDER BY 1"), params![], |row| row.get::<String>(0))?;
            addresses.extend(known.into_iter().filter(|address| written.contains(&address.to_lowercase())));
            names.extend(addresses.iter().cloned());
            ids
        }
        Kind::Rater => {
            let pseudonym = key.pseudonym(id);
            let sql = "SELECT DISTINCT rater FROM staff_answers WHERE rater = $1";
            column(sql, &pseudonym)?.into_iter().flatten().collect()
        }
    };
    if ids.is_empty() && addresses.is_empty() {
        return Err(ForgetError::Unknown { kind: kind.name(), id: id.into() });
    }
    let file_ids = if kind == Kind::Rater { BTreeSet::from([id.to_owned()]) } else { ids.clone() };
    let mut shared = BTreeSet::new();
    for name in &names {
        if is_others(warehouse, kind, &ids, name)? {
            shared.insert(name.clone());
        }
    }
    let texts = ids.iter().chain(&file_ids).chain(names.difference(&shared)).cloned().collect();
    Ok(Subject { kind, ids, file_ids, addresses, names, texts, shared, substitute: String::new() })
}

/// Whether a name, number or address is that of somebody else, too.
fn is_others(warehouse: &Warehouse, kind: Kind, ids: &BTreeSet<String>, name: &str) -> Result<bool, WarehouseError> {
    let sql = "SELECT customer_id, contact_id FROM contacts WHERE $1 IN (contact_id, full_name, email, phone)
               UNION SELECT customer_id, NULL FROM customers WHERE $1 IN (name, email, vat_id, phone, website)";
    let holders = warehouse.query(sql, params![name], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(holders.into_iter().any(|(customer, contact): (String, Option<String>)| {
        let holder = if kind == Kind::Customer { Some(customer) } else { contact };
        !holder.is_some_and(|id| ids.contains(&id))
    }))
}

fn erase(warehouse: &Warehouse, places: &Places<'_>, subject: &Subject) -> Result<Forgotten, ForgetError> {
    let mut done = Forgotten::default();
    rewrite_deliveries(warehouse, places, subject, &mut done)?;
    warehouse.transaction(|warehouse| delete_rows(warehouse, subject, &mut done))?;
    let mut decisions = Decisions::of(places.data)?;
    if subject.kind == Kind::Customer && subject.ids.iter().map(|id| decisions.forget(id)).sum::<usize>() > 0 {
        decisions.write(places.data)?;
    }
    if subject.kind == Kind::Customer {
        Closed::of(places.data)?.forget(places.data, &subject.ids)?;
    }
    remove_derived(warehouse, places, subject, &mut done)?;
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

/// Tables in which an address may stand for a customer.
const ADDRESSED: &[&str] = &["interactions", "survey_answers", "complaints", "opportunities", "public_signals"];

/// Addresses that stand for customers.
const ADDRESSES: &str = "SELECT customer_id FROM (SELECT customer_id FROM interactions UNION SELECT customer_id FROM survey_answers \
                         UNION SELECT customer_id FROM complaints UNION SELECT customer_id FROM opportunities \
                         UNION SELECT customer_id FROM public_signals) WHERE contains(customer_id, '@')";

fn rewrite_deliveries(
    warehouse: &Warehouse,
    places: &Places<'_>,
    subject: &Subject,
    done: &mut Forgotten,
) -> Result<(), ForgetError> {
    let none = SourceConfig::default();
    for table in TABLES {
        let deliveries = warehouse.query(
            "SELECT DISTINCT file, source FROM batches WHERE table_name = ? ORDER BY ALL",
            params![table.name],
            |row| Ok((row.get::<String>(0)?, row.get::<String>(1)?)),
        )?;
        for (name, source) in deliveries {
            let path = places.project.join(&name);
            if !path.exists() {
                continue;
            }
            let configured = places.sources.get(table.name).into_iter().flatten();
            let config = configured.clone().find(|config| config.name.to_string() == source).unwrap_or(&none);
            if rewrite(warehouse, &path, table, config, subject)? == 0 {
                continue;
            }
            if path.exists() {
                // the same delivery in other bytes
                let hash = ingest::delivery_hash(&path).map_err(|error| ForgetError::file(&path, error))?;
                warehouse.execute("UPDATE batches SET file_hash = ? WHERE file = ?", params![hash, name.as_str()])?;
            }
            done.rewritten.push(name);
        }
    }
    done.rewritten.sort();
    done.rewritten.dedup();
    Ok(())
}

/// Writes a delivered file anew for what a table reads from it; rows or messages changed.
fn rewrite(
    warehouse: &Warehouse,
    path: &Path,
    table: &Table,
    config: &SourceConfig,
    subject: &Subject,
) -> Result<u64, ForgetError> {
    let is_mail = path.is_dir() || path.extension().is_some_and(|extension| extension == "mbox" || extension == "eml");
    if is_mail {
        return if subject.kind == Kind::Rater { Ok(0) } else { mail::rewrite(path, &subject.names) };
    }
    let theirs = |columns: &[&str]| -> BTreeSet<String> {
        let mapped = columns.iter().filter_map(|column| config.columns.get(*column)).flat_map(|names| names.as_slice());
        mapped.map(String::as_str).chain(columns.iter().copied()).map(files::normal).collect()
    };
    let is_nobodys = subject.kind == Kind::Contact;
    let known = |column: &str| -> Result<BTreeSet<String>, ForgetError> {
        let sql = format!("SELECT DISTINCT {column} FROM {} WHERE {column} IS NOT NULL LIMIT 100000", table.name);
        Ok(warehouse.query(&sql, params![], |row| row.get::<String>(0))?.into_iter().collect())
    };
    let (emptied, reference, nothing) = (theirs(REMARKS), theirs(&["parent_id"]), BTreeSet::new());
    let mut changed = 0;
    if let Some((column, stays)) = treatment(subject.kind, table) {
        let substitute = if is_nobodys { "" } else { subject.substitute.as_str() };
        let change = Change {
            ids: &subject.file_ids,
            known: &if subject.kind == Kind::Rater { BTreeSet::new() } else { known(column)? },
            edit: if stays { Edit::Replace(substitute) } else { Edit::Drop },
            emptied: if stays && is_nobodys { &emptied } else { &nothing },
            reference: if table.name == "customers" { &reference } else { &nothing },
            records: config.records.as_deref(),
        };
        changed += files::rewrite(path, &change)?.unwrap_or(0);
    }
    if ADDRESSED.contains(&table.name) && !subject.addresses.is_empty() {
        let change = Change {
            ids: &subject.addresses,
            known: &known("customer_id")?,
            edit: Edit::Drop,
            emptied: &nothing,
            reference: &nothing,
            records: config.records.as_deref(),
        };
        changed += files::rewrite(path, &change)?.unwrap_or(0);
    }
    Ok(changed)
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
        warehouse.execute("DELETE FROM left_out WHERE table_name = ?", params![table.name])?;
        if rows > 0 {
            done.rows.insert(table.name.to_owned(), rows as u64);
        }
    }
    if !subject.addresses.is_empty() {
        warehouse.execute_script("CREATE OR REPLACE TEMP TABLE forgotten_addresses(address VARCHAR)")?;
        for address in &subject.addresses {
            warehouse.execute("INSERT INTO forgotten_addresses VALUES (?)", params![address.as_str()])?;
        }
        let is_meant = "WHERE customer_id IN (SELECT address FROM forgotten_addresses)";
        for table in ADDRESSED {
            let rows = warehouse.execute(&format!("DELETE FROM {table} {is_meant}"), params![])? as u64;
            if rows > 0 {
                *done.rows.entry((*table).to_owned()).or_insert(0) += rows;
            }
            warehouse.execute("DELETE FROM quarantine WHERE table_name = ?", params![*table])?;
            warehouse.execute("DELETE FROM left_out WHERE table_name = ?", params![*table])?;
        }
        warehouse.execute(&format!("DELETE FROM accounts {is_meant}"), params![])?;
        warehouse.execute_script("DROP TABLE forgotten_addresses; DELETE FROM stage_runs WHERE stage = 'resolve'")?;
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

/// The files of all batches.
fn delivered(warehouse: &Warehouse) -> Result<Vec<String>, WarehouseError> {
    warehouse.query("SELECT DISTINCT file FROM batches ORDER BY 1", params![], |row| row.get::<String>(0))
}

/// Removes what was made from the data and names the subject; results in `data/work` go whatever they hold.
fn remove_derived(
    warehouse: &Warehouse,
    places: &Places<'_>,
    subject: &Subject,
    done: &mut Forgotten,
) -> Result<(), ForgetError> {
    let name = |path: &Path| path.strip_prefix(places.project).unwrap_or(path).display().to_string();
    let mut doomed: BTreeSet<PathBuf> = BTreeSet::new();
    let own = ["work", "quarantine", "reconciliation", REVIEW].map(|name| places.data.join(name));
    doomed.extend(own.into_iter().filter(|path| path.exists()));
    for (folder, depth) in [(places.reports, 1), (places.models, 2)] {
        for file in files::all_files(folder) {
            let within: Vec<_> = file.strip_prefix(folder).map(|path| path.components().collect()).unwrap_or_default();
            // files at the top are the project's own: a ladder, a register, a read-me
            if within.len() > depth
                && (files::mentions(&file, &subject.texts)? || files::mentions(&file, &subject.shared)?)
            {
                doomed.insert(within[..depth].iter().fold(folder.to_path_buf(), |path, part| path.join(part)));
            }
        }
    }
    for path in doomed {
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.map_err(|error| ForgetError::file(&path, error))?;
        done.removed.push(name(&path));
    }
    let mut searched = files::all_files(places.data);
    searched
        .retain(|file| !file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("warehouse.duckdb")));
    let elsewhere = delivered(warehouse)?.into_iter().map(|file| places.project.join(file));
    searched.extend(elsewhere.filter(|path| !path.starts_with(places.data) && path.exists()));
    for path in searched {
        if files::mentions(&path, &subject.texts)? {
            done.left.push(name(&path));
        } else if files::mentions(&path, &subject.shared)? {
            done.namesakes.push(name(&path));
        }
    }
    for files in [&mut done.left, &mut done.namesakes] {
        files.sort();
        files.dedup();
    }
    Ok(())
}
