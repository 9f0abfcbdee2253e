//! Invoices as they stood at a point in time, account by account.
//!
//! An invoice paid after `t` is open. What carries no date of its own (dunning level, disputed, part payments) is null
//! before it was received, since today's state told about the past would be a leak.

use jiff::civil::Date;

use super::{
    FeatureError, Known,
    events::{Events, days, numbers},
    packed::{Sharded, given, optional},
};
use crate::{params, warehouse::Warehouse};

/// An invoice, or with a negative amount a credit note; money in ten-thousandths, days since 1970-01-01.
#[derive(Debug, Clone, Copy)]
pub(in crate::features) struct Invoice {
    pub(in crate::features) issued: i32,
    pub(in crate::features) amount: i64,
    pub(in crate::features) due: Option<i32>,
    pub(in crate::features) paid: Option<i32>,
    pub(in crate::features) paid_amount: Option<i64>,
    pub(in crate::features) dunning_level: Option<i64>,
    pub(in crate::features) disputed: Option<bool>,
    state_known_at: i32,
}

/// `last_day` is the day on which a batch without a date of receipt counts as received.
pub(super) fn load(warehouse: &Warehouse, accounts: usize, last_day: Date) -> Result<Events<Invoice>, FeatureError> {
    let mut rows = Sharded::of(accounts);
    warehouse.each_chunk(include_str!("../sql/invoices.sql"), params![last_day], |chunk| {
        let account = chunk.column("account")?.i32()?.into_no_null_iter();
        let (several, batch) = (numbers(chunk, "several_states")?, numbers(chunk, "batch_id")?);
        let (issued, due, paid) = (days(chunk, "issued_on")?, days(chunk, "due_on")?, days(chunk, "paid_on")?);
        let (amount, paid_amount) = (numbers(chunk, "amount_e4")?, numbers(chunk, "paid_amount_e4")?);
        let (dunning_level, disputed) = (numbers(chunk, "dunning_level")?, numbers(chunk, "disputed")?);
        let (known_at, known_until) = (days(chunk, "known_at")?, days(chunk, "known_until")?);
        let state = days(chunk, "state_known_at")?;
        for (row, account) in account.enumerate() {
            let (issued, amount) = (i64::from(issued[row].unwrap_or(i32::MAX)), amount[row].unwrap_or(0));
            let known_at = i64::from(known_at[row].unwrap_or(i32::MIN));
            let after = |day: Option<i32>, before: i64| optional(day.map(|day| i64::from(day) - before));
            let invoice = [
                i64::from(account),
                several[row].unwrap_or(0),
                known_at,
                batch[row].unwrap_or(0),
                issued - known_at,
                amount,
                after(due[row], issued),
                after(paid[row], issued),
                // mostly nothing or all of it
                optional(paid_amount[row].map(|paid| paid - amount)),
                optional(dunning_level[row]),
                optional(disputed[row]),
                after(known_until[row], known_at),
                i64::from(state[row].unwrap_or(i32::MAX)) - known_at,
            ];
            rows.push(account, invoice);
        }
        Ok::<_, FeatureError>(())
    })?;
    Ok(Events::of_rows(rows, |row| {
        let [_, _, known_at, _, issued, amount, due, paid, paid_amount, dunning_level, disputed, until, state] = *row;
        let issued = known_at + issued;
        let after = |days: i64, before: i64| given(days).map(|days| (before + days) as i32);
        let invoice = Invoice {
            issued: issued as i32,
            amount,
            due: after(due, issued),
            paid: after(paid, issued),
            paid_amount: given(paid_amount).map(|rest| amount + rest),
            dunning_level: given(dunning_level),
            disputed: given(disputed).map(|disputed| disputed != 0),
            state_known_at: (known_at + state) as i32,
        };
        (known_at as i32, after(until, known_at).unwrap_or(i32::MAX), invoice)
    }))
}

impl Known<'_> {
    /// The account's invoices issued by `t`.
    pub(in crate::features) fn invoices(&self, account: usize) -> impl Iterator<Item = Invoice> {
        let end = self.end_day();
        let known = self.facts.invoices.known(account, self.knowledge_day());
        known.filter(move |invoice| invoice.issued <= end).map(move |invoice| {
            let has_state = invoice.state_known_at <= end;
            let paid = invoice.paid.filter(|day| *day <= end);
            // a part payment without a date is such a state; what was paid after `t` was not paid
            let has_part = paid.is_some() || (invoice.paid.is_none() && has_state);
            Invoice {
                paid,
                paid_amount: invoice.paid_amount.filter(|_| has_part),
                dunning_level: invoice.dunning_level.filter(|_| has_state),
                disputed: invoice.disputed.filter(|_| has_state),
                ..*invoice
            }
        })
    }
}
