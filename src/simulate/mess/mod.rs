//! A company's data as it is really found: some thirty sources in as many formats, with duplicates, faults and gaps that
//! are known, so that loading, reconciling and finding them can be checked.
//!
//! ```text
//! company ─write─▶ canonical tables ─▶ sheets of text ─split over systems, spelt, broken─▶ files + headroom.toml
//!                                                                                     └──▶ planted.json
//! ```
//!
//! `headroom.toml` maps every source; `planted.json` says what a perfect reading would find: revenue by month, rows that
//! must be refused, records of the same company, a delivery that never came.

mod format;
mod orders;
mod others;
mod planted;
mod sheet;
mod variants;

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

pub use self::planted::{Fault, Planted, Record};
use self::sheet::Sheet;
use super::{Changes, Company, SimulateError, draw::Draw, export};

/// What was written.
#[derive(Debug, Clone, PartialEq)]
pub struct MessReport {
    /// Table, source, files and rows of each source.
    pub sources: Vec<(&'static str, &'static str, usize, usize)>,
    /// What a perfect reading finds.
    pub planted: Planted,
}

/// Writes the company's data as the project folder `out`: `data/in/*`, `headroom.toml`, `planted.json`.
///
/// # Errors
/// If an option is out of range, or a file cannot be written.
pub fn write_mess(company: &Company, out: &Path) -> Result<MessReport, SimulateError> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| SimulateError::Write { path, source }
    };
    fs::create_dir_all(out).map_err(failed(out))?;
    let clean = tempfile::Builder::new().prefix(".clean-").tempdir_in(out).map_err(failed(out))?;
    // Real systems keep the newest state of each fact.
    let company = Company { changes: Changes::Overwritten, foreign_currency: false, ..*company };
    export::write(&company, clean.path(), None)?;
    let mut mess = Mess::new(&company, clean.path().join("data"))?;
    orders::add(&mut mess)?;
    others::add(&mut mess)?;

    let mut toml = String::from(HEAD);
    let mut report = MessReport { sources: Vec::new(), planted: mess.planted };
    for source in &mess.sources {
        let patterns: Vec<String> = source.patterns.iter().map(|pattern| format!("\"data/in/{pattern}\"")).collect();
        // Writing to a String cannot fail.
        let _ = write!(
            toml,
            "\n[[{}.sources]]\nname = \"{}\"\nowner = \"{}\"\nfiles = [{}]\n{}\n",
            source.table,
            source.name,
            source.owner,
            patterns.join(", "),
            source.settings.trim()
        );
        for (name, bytes) in &source.files {
            let path = out.join("data/in").join(name);
            let folder = path.parent().unwrap_or(out);
            fs::create_dir_all(folder).map_err(failed(folder))?;
            fs::write(&path, bytes).map_err(failed(&path))?;
        }
        report.sources.push((source.table, source.name, source.files.len(), source.rows));
    }
    let file = out.join("headroom.toml");
    fs::write(&file, toml).map_err(failed(&file))?;
    let file = out.join("planted.json");
    fs::write(&file, report.planted.json()).map_err(failed(&file))?;
    Ok(report)
}

const HEAD: &str = "# Written by `headroom simulate --mess`: each source as another system exports it. What was planted in them is in \
                    planted.json.\n[project]\nname = \"Messy GmbH\"\ncurrency = \"EUR\"\n";

/// A source as it is configured and delivered.
struct Source {
    table: &'static str,
    name: &'static str,
    owner: &'static str,
    /// Below `data/in/`.
    patterns: Vec<String>,
    /// Lines of its section.
    settings: String,
    files: Vec<(String, Vec<u8>)>,
    rows: usize,
}

/// The mess in the making.
struct Mess {
    clean: PathBuf,
    company: Company,
    /// Ids of the customers in the ERP, in their order.
    customers: Vec<String>,
    sources: Vec<Source>,
    planted: Planted,
}

impl Mess {
    fn new(company: &Company, clean: PathBuf) -> Result<Self, SimulateError> {
        let customers = Sheet::read(&clean, "customers")?;
        let at = customers.at("customer_id");
        let mut customers: Vec<String> = customers.rows.into_iter().map(|mut row| row.swap_remove(at)).collect();
        customers.sort();
        Ok(Self { clean, company: *company, customers, sources: Vec::new(), planted: Planted::default() })
    }

    fn read(&self, table: &'static str) -> Result<Sheet, SimulateError> {
        Sheet::read(&self.clean, table)
    }

    fn draw(&self, purpose: &str) -> Draw {
        Draw::of(self.company.seed, &format!("simulate/mess/{purpose}"))
    }

    /// The customer's place in the ERP, which decides which systems know it.
    fn place(&self, customer_id: &str) -> usize {
        self.customers.binary_search_by(|id| id.as_str().cmp(customer_id)).unwrap_or_default()
    }

    /// The customer's number in the CRM, if it is kept there: two of three.
    fn crm_id(&self, customer_id: &str) -> Option<String> {
        let place = self.place(customer_id);
        (!place.is_multiple_of(3)).then(|| format!("CRM-{:05}", 7 * place + 13))
    }

    /// The customer's number in the web shop, if it buys there: every tenth.
    fn shop_id(&self, customer_id: &str) -> Option<String> {
        let place = self.place(customer_id);
        (place % 10 == 9).then(|| format!("S{:06}", 900_000 - 11 * place))
    }

    /// Adds a source of one file.
    fn add(
        &mut self,
        table: &'static str,
        name: &'static str,
        owner: &'static str,
        settings: &str,
        file: (&str, Vec<u8>),
        rows: usize,
    ) {
        let (path, bytes) = file;
        let files = vec![(path.to_owned(), bytes)];
        self.sources.push(Source {
            table,
            name,
            owner,
            patterns: vec![path.to_owned()],
            settings: settings.to_owned(),
            files,
            rows,
        });
    }
}
