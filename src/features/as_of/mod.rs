//! The only way to the facts: [`Facts`] holds all of them and shows none, [`Known`] shows what was known at one point
//! in time.
//!
//! The fields of both are private to this folder, so that no family can read a fact that happened after `t` or became
//! known later. A past origin sees a database as it stood then: even the first month of data, the margin rate and
//! whether any cost is known are those of the view. Nothing here knows what a feature is.

mod dated;
mod dialogue;
mod events;
mod history;
mod invoices;
mod ledger;
mod ledger_rows;
mod packed;

use std::thread;

use jiff::{ToSpan, civil::Date};

pub(super) use dialogue::{Channel, ROLES, SIGNAL_SOURCES, TouchOutcome};
pub(super) use history::{History, MonthTotal};
pub(super) use invoices::Invoice;
pub(super) use ledger::GroupRecord;

use self::{dated::Dated, dialogue::Dialogue, events::Events, ledger::Ledger, ledger_rows::LedgerRows};
use super::FeatureError;
use crate::{
    domain::{AsOf, Month, Notice},
    warehouse::Warehouse,
};

/// Tables that may be absent, and what is unknown without them.
const OPTIONAL: [(&str, &str); 8] = [
    ("customers", "firmographics, status and the start of each relation are"),
    ("invoices", "payment behaviour is"),
    ("complaints", "complaints are"),
    ("survey_answers", "what customers answered is"),
    ("interactions", "how we talk with customers is"),
    ("contacts", "whom we know at customers is"),
    ("opportunities", "what is being sold is"),
    ("public_signals", "what the public says is"),
];

const EPOCH: Date = Date::constant(1970, 1, 1);

/// Everything the warehouse knows of all accounts, read once; [`Facts::as_of`] is the only view of it.
#[derive(Debug)]
pub struct Facts {
    account_ids: Vec<String>,
    groups: Vec<String>,
    ledger: Ledger,
    invoices: Events<Invoice>,
    dated: Dated,
    dialogue: Dialogue,
    notices: Vec<Notice>,
}

impl Facts {
    /// Reads the ledger and the dated facts.
    ///
    /// # Errors
    /// If the ledger is empty, or if the warehouse refuses a query.
    pub fn load(warehouse: &Warehouse) -> Result<Self, FeatureError> {
        let account_ids = ledger::account_ids(warehouse)?;
        let groups = ledger::product_groups(warehouse)?;
        let accounts = account_ids.len();
        let last_knowledge = ledger::last_knowledge(warehouse)?;
        let last_day = last_knowledge.last_day();
        // two readers keep all processors busy: each waits for the one thread that fetches its rows
        let beside = warehouse.beside()?;
        let (ledger, invoices, dated, dialogue) = thread::scope(|scope| {
            let rest = scope.spawn(|| {
                let beside = beside;
                ledger::number_accounts(&beside, &account_ids)?;
                let invoices = invoices::load(&beside, accounts, last_day)?;
                let dated = Dated::load(&beside, last_day)?;
                Ok::<_, FeatureError>((invoices, dated, Dialogue::load(&beside, accounts, last_day, &groups)?))
            });
            let ledger = LedgerRows::read(warehouse, accounts).and_then(|rows| Ledger::of(rows, last_knowledge));
            let rest = rest.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            let (invoices, dated, dialogue) = rest?;
            Ok::<_, FeatureError>((ledger?, invoices, dated, dialogue))
        })?;
        let mut notices = ledger.notices();
        if groups.is_empty() {
            let text = "no order line has a product group, so assortment is unknown";
            notices.push(Notice::info("no-product-groups", text));
        }
        let [customers, complaints, answers] = dated.are_known();
        let known = [customers, !invoices.is_empty(), complaints, answers].into_iter().chain(dialogue.are_known());
        notices.extend(OPTIONAL.iter().zip(known).filter(|(_, known)| !known).map(|((table, unknown), _)| {
            let code = format!("no-{}", table.replace('_', "-"));
            Notice::info(&code, format!("`{table}` is empty, so {unknown} unknown"))
        }));
        tracing::debug!(accounts = account_ids.len(), groups = groups.len(), "facts loaded");
        Ok(Self { account_ids, groups, ledger, invoices, dated, dialogue, notices })
    }

    /// What was known at a point in time.
    pub fn as_of(&self, as_of: AsOf) -> Known<'_> {
        Known::new(self, as_of)
    }

    /// Whether any cost is known at all. If not, revenue stands in for margin everywhere.
    pub fn has_cost(&self) -> bool {
        self.ledger.has_cost()
    }

    /// The first month with an order line.
    pub fn first_month(&self) -> Month {
        self.ledger.first_month()
    }

    /// The last month that looks complete, and why (METHOD section 1): the last month of the data if its last order day
    /// is as near to the month end as in any of the 12 months before it, else the one before.
    pub fn last_complete_month(&self) -> (Month, String) {
        self.ledger.last_complete_month()
    }

    /// What the user should know about the facts.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }
}

/// What was known at one point in time.
#[derive(Debug)]
pub struct Known<'a> {
    facts: &'a Facts,
    as_of: AsOf,
    /// Day (since 1970-01-01) of the first of each month, from the first month of data known to `t`.
    first_days: Vec<i32>,
    end_day: i32,
    /// First month with a known record; the month after `t` if there is none.
    first_month: i32,
    margin_rate: Option<f64>,
}

impl<'a> Known<'a> {
    fn new(facts: &'a Facts, as_of: AsOf) -> Self {
        let at = as_of.at().index();
        let known = facts.ledger.known_totals(as_of);
        let first_month = known.first_month.unwrap_or(at + 1);
        let first_days = (first_month..=at).map(|month| day_of(as_of.at().plus(month - at).first_day())).collect();
        let end_day = day_of(as_of.at().last_day());
        Self { facts, as_of, first_days, end_day, first_month, margin_rate: known.margin_rate }
    }

    /// The point in time.
    pub const fn as_of(&self) -> AsOf {
        self.as_of
    }

    /// Contribution margin per unit of revenue over all records whose cost is known at `t`: what a record without cost
    /// is assumed to leave. `None` if no cost is known at `t`; then revenue stands in for margin.
    pub const fn margin_rate(&self) -> Option<f64> {
        self.margin_rate
    }

    /// Months of data up to `t`, `t` included.
    pub const fn covered(&self) -> usize {
        let months = self.as_of.at().index() - self.first_month + 1;
        if months > 0 { months as usize } else { 0 }
    }

    /// Accounts of the warehouse, known at `t` or not; they are numbered in ascending order of their ids.
    pub(super) fn account_count(&self) -> usize {
        self.facts.account_ids.len()
    }

    pub(super) fn account_id(&self, account: usize) -> &'a str {
        &self.facts.account_ids[account]
    }

    /// Product groups of the warehouse, known at `t` or not; they are numbered in ascending order of their names.
    pub(super) fn group_count(&self) -> usize {
        self.facts.groups.len()
    }

    /// Names of the product groups of the warehouse, by number.
    pub(super) fn group_names(&self) -> &'a [String] {
        &self.facts.groups
    }

    /// Fills `history` with the account's months up to `t` and says whether anything of it is known.
    pub(super) fn read(&self, account: usize, history: &mut History) -> bool {
        history.fill(self, self.facts.ledger.records(account, self.as_of))
    }

    /// The account's records by product group, in order of month.
    pub(super) fn group_records(&self, account: usize) -> impl Iterator<Item = GroupRecord> {
        self.facts.ledger.group_records(account, self.as_of)
    }

    /// The account's net revenue (ten-thousandths) of each known record, with how many months before `t` it lies.
    pub(super) fn revenues(&self, account: usize) -> impl Iterator<Item = (usize, i64)> {
        let at = self.as_of.at().index();
        self.facts.ledger.records(account, self.as_of).map(move |record| ((at - record.month) as usize, record.revenue))
    }

    /// How many months before `t` a known month lies: 0 for `t` itself.
    pub(super) const fn months_before_end(&self, month: i32) -> i32 {
        self.as_of.at().index() - month
    }

    /// The last day of `t`, in days since 1970-01-01.
    pub(super) const fn end_day(&self) -> i32 {
        self.end_day
    }

    /// The first day of the window of `months` that ends with `t`, in days since 1970-01-01.
    pub(super) fn first_day_of_window(&self, months: i32) -> i32 {
        day_of(self.as_of.at().plus(1 - months).first_day())
    }

    fn first_day_of(&self, month: i32) -> i32 {
        self.first_days[(month - self.first_month) as usize]
    }
}

/// Days since 1970-01-01.
pub(super) fn day_of(date: Date) -> i32 {
    date.since((jiff::Unit::Day, EPOCH)).map_or(0, |span| span.get_days())
}

/// The month (as `Month::index`) of a day since 1970-01-01.
pub(super) fn month_of_day(day: i32) -> i32 {
    EPOCH.checked_add(i64::from(day).days()).map_or(0, |date| Month::of(date).index())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_months_agree_with_the_calendar() {
        for (date, day) in [(Date::constant(1970, 1, 1), 0), (Date::constant(2024, 2, 29), 19_782)] {
            assert_eq!(day_of(date), day);
            assert_eq!(month_of_day(day), Month::of(date).index());
        }
        assert_eq!(month_of_day(-1), Month::new(1969, 12).unwrap().index());
    }
}
