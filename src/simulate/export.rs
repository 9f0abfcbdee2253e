//! The company's database as it stands at the end of a month, written block by block of accounts.
//!
//! A row is in the export if the company knew it by then. Since every change of a fact is a row of its own, an invoice
//! that is paid later is open, an opportunity is in its stage of then, a line booked later is missing, and a customer
//! who comes later is unknown.

use std::{
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
};

use polars::prelude::*;
use rayon::prelude::*;

use super::{
    Changes, Company, SimulateError,
    account::Account,
    calendar::Day,
    catalogue::{FxRow, ProductRow, RepRow, fx_rates, products, reps},
    firm::{ContactRow, CustomerRow, contacts, customer},
    orders::{OrderLine, in_own_currency, order_lines},
    payment::{InvoiceRow, invoices},
    sales::{
        AppointmentRow, InteractionRow, OpportunityRow, SignalRow, appointments, interactions, opportunities,
        public_signals,
    },
    sink::Sink,
    staff::{StaffRow, staff_answers},
    table::Row,
    truth::{TruthRow, truth},
    voice::{ComplaintRow, SurveyRow, complaints, survey_answers},
    world::World,
};
use crate::domain::Month;

/// Expected lines of a block of accounts, which bounds memory.
const LINES_PER_BLOCK: f64 = 150_000.0;
/// Most accounts of a block.
const ACCOUNTS_PER_BLOCK: usize = 1_000;
/// Blocks made at once, while the ones before are being written. Not the number of threads: the same for all.
const WAVE: usize = 4;

/// What was written.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulateReport {
    /// The month at whose end the database stands.
    pub as_of: Month,
    /// Rows and bytes of every table, by name; `truth` last.
    pub tables: Vec<(&'static str, u64, u64)>,
    /// Accounts that are with the company in that month; the others have left.
    pub active_accounts: usize,
}

impl SimulateReport {
    /// Rows of a table, none if it was not written.
    pub fn rows(&self, table: &str) -> u64 {
        self.tables.iter().find(|(name, ..)| *name == table).map_or(0, |(_, rows, _)| *rows)
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.tables.iter().map(|(.., bytes)| bytes).sum()
    }
}

/// How far the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Accounts written so far.
    pub accounts: usize,
    /// Accounts in all.
    pub of: usize,
    /// Order lines written so far.
    pub lines: u64,
}

/// Writes the company's database as it stood at the end of `as_of` (its last month if none) to `<out>/data/`, and the
/// truth of that day to `<out>/truth.parquet`. Existing files of these names are replaced; `fx_rates` of a former
/// company is removed if this one has no second currency.
///
/// # Errors
/// If an option is out of range, `as_of` lies outside the history, or a file cannot be written.
pub fn write(company: &Company, out: &Path, as_of: Option<Month>) -> Result<SimulateReport, SimulateError> {
    write_with_progress(company, out, as_of, &|_| {})
}

/// [`write()`], telling `progress` after every few blocks of accounts.
///
/// # Errors
/// As [`write()`].
pub fn write_with_progress(
    company: &Company,
    out: &Path,
    as_of: Option<Month>,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<SimulateReport, SimulateError> {
    let span = tracing::info_span!("simulate", accounts = company.accounts, months = company.months);
    let _entered = span.enter();
    let world = World::new(company)?;
    let export = Export::new(&world, as_of)?;
    let data = out.join("data");
    fs::create_dir_all(&data).map_err(|source| SimulateError::Write { path: data.clone(), source })?;

    let mut sinks = Rows::default().open(&data, out)?;
    let blocks = export.blocks();
    let mut waves = blocks.chunks(WAVE);
    let mut made = export.make(waves.next().unwrap_or_default())?;
    let (mut accounts, mut active, mut lines) = (0, 0, 0);
    while !made.is_empty() {
        let (next, written) = rayon::join(
            || export.make(waves.next().unwrap_or_default()),
            || -> Result<(), SimulateError> {
                for block in made {
                    accounts += block.accounts;
                    active += block.active;
                    lines += block.frames[0].height() as u64;
                    for (sink, frame) in sinks.iter_mut().zip(block.frames) {
                        sink.add(frame)?;
                    }
                }
                Ok(())
            },
        );
        written?;
        made = next?;
        progress(Progress { accounts, of: company.accounts, lines });
    }

    let mut tables = Vec::new();
    let truth = sinks.pop();
    sinks.extend(export.company_tables(&data)?);
    sinks.extend(truth);
    for sink in sinks {
        tables.push(sink.close()?);
    }
    Ok(SimulateReport { as_of: export.as_of, tables, active_accounts: active })
}

/// What is exported: the world, the month at whose end it stands, and the last day of that month.
struct Export<'a> {
    world: &'a World,
    as_of: Month,
    month: usize,
    until: Day,
}

/// The rows of a block of accounts, a frame for each table.
struct Block {
    accounts: usize,
    active: usize,
    frames: Vec<DataFrame>,
}

/// Declares the tables whose rows belong to accounts, in the order of their frames; `truth` comes last.
macro_rules! tables_of_accounts {
    ($($field:ident: $row:ty),+ $(,)?) => {
        #[derive(Default)]
        struct Rows {
            $($field: Vec<$row>,)+
        }

        impl Rows {
            fn frames(self) -> Result<Vec<DataFrame>, SimulateError> {
                Ok(vec![$(frame(&self.$field)?,)+])
            }

            fn open(self, data: &Path, out: &Path) -> Result<Vec<Sink>, SimulateError> {
                let folder = |table: &str| if table == TruthRow::TABLE { out } else { data };
                Ok(vec![$(Sink::open(folder(<$row>::TABLE), <$row>::TABLE, frame(&self.$field)?)?,)+])
            }
        }
    };
}

tables_of_accounts! {
    order_lines: OrderLine,
    customers: CustomerRow,
    contacts: ContactRow,
    invoices: InvoiceRow,
    complaints: ComplaintRow,
    survey_answers: SurveyRow,
    staff_answers: StaffRow,
    interactions: InteractionRow,
    opportunities: OpportunityRow,
    public_signals: SignalRow,
    appointments: AppointmentRow,
    truth: TruthRow,
}

fn frame<R: Row>(rows: &[R]) -> Result<DataFrame, SimulateError> {
    R::frame(rows).map_err(|source| SimulateError::Encode { table: R::TABLE, source })
}

impl<'a> Export<'a> {
    fn new(world: &'a World, as_of: Option<Month>) -> Result<Self, SimulateError> {
        let (start, last) = (world.company.start, world.company.last_month());
        let as_of = as_of.unwrap_or(last);
        if as_of < start || as_of > last {
            return Err(SimulateError::Option {
                option: "as_of",
                value: as_of.to_string(),
                expected: format!("a month from {start} to {last}"),
            });
        }
        let month = as_of.since(start) as usize;
        Ok(Self { world, as_of, month, until: world.calendar[month].last })
    }

    /// Runs of accounts that are made together.
    fn blocks(&self) -> Vec<Range<usize>> {
        let accounts = self.world.company.accounts;
        let lines = self.world.company.lines.map_or(1.0, |lines| lines as f64 / accounts as f64).max(1.0);
        let size = ((LINES_PER_BLOCK / lines) as usize).clamp(1, ACCOUNTS_PER_BLOCK);
        (0..accounts).step_by(size).map(|start| start..(start + size).min(accounts)).collect()
    }

    fn make(&self, blocks: &[Range<usize>]) -> Result<Vec<Block>, SimulateError> {
        blocks.par_iter().map(|block| self.block(block.clone())).collect()
    }

    fn block(&self, accounts: Range<usize>) -> Result<Block, SimulateError> {
        let mut rows = Rows::default();
        let mut active = 0;
        let count = accounts.len();
        for index in accounts {
            let account = Account::draw(self.world, index);
            active += usize::from(account.is_alive(self.month));
            self.live(&account, &mut rows);
        }
        Ok(Block { accounts: count, active, frames: rows.frames()? })
    }

    /// Everything the company knows of one account.
    fn live(&self, account: &Account, rows: &mut Rows) {
        let world = self.world;
        let mut lines = order_lines(world, account);
        let complaints = complaints(world, account, &lines);
        self.keep(invoices(world, account, &lines), &mut rows.invoices);
        in_own_currency(world, account, &mut lines);
        self.keep(lines, &mut rows.order_lines);
        self.keep(customer(world, account), &mut rows.customers);
        self.keep(contacts(world, account), &mut rows.contacts);
        self.keep(survey_answers(world, account, &complaints), &mut rows.survey_answers);
        self.keep(complaints, &mut rows.complaints);
        self.keep(staff_answers(world, account), &mut rows.staff_answers);
        self.keep(interactions(world, account), &mut rows.interactions);
        self.keep(opportunities(world, account), &mut rows.opportunities);
        self.keep(public_signals(world, account), &mut rows.public_signals);
        self.keep(appointments(world, account), &mut rows.appointments);
        rows.truth.extend(truth(world, account, self.month));
    }

    /// Adds what is known by the as-of day; where changes overwrite, only the newest state of each fact.
    fn keep<R: Row>(&self, made: Vec<R>, rows: &mut Vec<R>) {
        for row in made.into_iter().filter(|row| row.known_at() <= self.until) {
            match rows.last_mut() {
                Some(last) if self.world.company.changes == Changes::Overwritten && last.is_state_of(&row) => {
                    *last = row
                }
                _ => rows.push(row),
            }
        }
    }

    /// The tables that belong to no account, filled.
    fn company_tables(&self, data: &Path) -> Result<Vec<Sink>, SimulateError> {
        let mut sinks = vec![
            self.filled::<ProductRow>(data, products(self.world))?,
            self.filled::<RepRow>(data, reps(self.world))?,
        ];
        if self.world.company.foreign_currency {
            sinks.push(self.filled::<FxRow>(data, fx_rates(self.world))?);
        } else {
            remove_if_there(data.join("fx_rates.parquet"))?;
        }
        Ok(sinks)
    }

    fn filled<R: Row>(&self, data: &Path, made: Vec<R>) -> Result<Sink, SimulateError> {
        let mut rows = Vec::new();
        self.keep(made, &mut rows);
        let mut sink = Sink::open(data, R::TABLE, frame::<R>(&[])?)?;
        sink.add(frame(&rows)?)?;
        Ok(sink)
    }
}

fn remove_if_there(path: PathBuf) -> Result<(), SimulateError> {
    match fs::remove_file(&path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(SimulateError::Write { path, source }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_known_of_an_account_foretells_that_it_leaves() {
        let world = World::new(&Company { accounts: 120, months: 40, ..Company::default() }).unwrap();
        let export = Export::new(&world, Some(world.calendar[24].month)).unwrap();
        let mut compared = 0;
        for index in 0..120 {
            let stays = Account::draw(&world, index);
            if !stays.is_alive(39) || stays.first_month > 20 {
                continue;
            }
            let mut leaves = stays.clone();
            leaves.gone_from = Some(25);
            let [stays, leaves] = [stays, leaves].map(|account| {
                let mut rows = Rows::default();
                export.live(&account, &mut rows);
                rows.truth.clear();
                rows.frames().unwrap()
            });
            for (stays, leaves) in stays.iter().zip(&leaves) {
                assert!(stays.equals_missing(leaves), "{stays} {leaves}");
                compared += stays.height();
            }
        }
        assert!(compared > 5_000, "{compared} rows compared");
    }
}
