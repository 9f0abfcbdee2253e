//! How the account pays: days beyond terms, share of late invoices, what is open and overdue at `t`.
//!
//! Invoices come as they stood at `t`: one that was paid after `t` is open. Rates look at the invoices issued in the
//! last 24 months; what is open counts whatever its age. Credit notes (negative amounts) reduce what is open and take
//! part in nothing else. All sums are of integers, so that the grouping's order cannot matter.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    as_of::{Invoice, Known},
    catalogue::Feature,
    monetary::units,
};
use crate::domain::Money;

const FAMILY: &str = "payment";
const WINDOW: i32 = 24;

pub(super) const FEATURES: [Feature; 13] = [
    Feature::number(
        FAMILY,
        "days_beyond_terms_24",
        "days",
        "mean of payment day minus due day over paid invoices issued in the window; negative if early",
    )
    .over(24)
    .own_share_free(),
    Feature::number(FAMILY, "days_beyond_terms_weighted_24", "days", "the same, weighted by invoice amount")
        .over(24)
        .own_share_free(),
    Feature::number(
        FAMILY,
        "share_late_24",
        "share",
        "share of the invoices issued in the window and due by `t` that were paid late or are still open",
    )
    .over(24)
    .own_share_free(),
    Feature::number(
        FAMILY,
        "days_beyond_terms_change_6",
        "days",
        "mean of payment day minus due day over the invoices paid in the last 6 months, minus that of those paid in \
         the 18 months before",
    )
    .over(24),
    Feature::number(
        FAMILY,
        "early_share_24",
        "share",
        "share of the paid invoices issued in the window that were paid within the first half of their term",
    )
    .over(24),
    Feature::number(
        FAMILY,
        "open_amount",
        "currency",
        "unpaid amount of all invoices issued by `t`, less credit notes",
    ),
    Feature::number(
        FAMILY,
        "open_share_12",
        "share",
        "unpaid amount of the invoices issued in the window divided by their amount, credit notes apart",
    )
    .over(12),
    Feature::number(FAMILY, "overdue_amount", "currency", "unpaid amount of invoices due before the end of `t`"),
    Feature::number(FAMILY, "overdue_share", "share", "overdue amount divided by the unpaid amount of all invoices"),
    Feature::number(FAMILY, "oldest_overdue_days", "days", "days the oldest overdue invoice is beyond its due day"),
    Feature::number(
        FAMILY,
        "dunning_level",
        "level",
        "highest dunning level of the open invoices; unknown before such a state was received",
    ),
    Feature::number(
        FAMILY,
        "disputed_share",
        "share",
        "share of the open invoices whose state is known that are disputed",
    ),
    Feature::number(FAMILY, "payment_known", "flag", "1 if an invoice of the account is known at `t`, else 0"),
];

/// The family's values in the order of [`FEATURES`].
pub(super) fn values(known: &Known<'_>, account: usize) -> [Option<f64>; FEATURES.len()] {
    let end = known.end_day();
    let [two_years, year, half_year] = [WINDOW, 12, 6].map(|months| known.first_day_of_window(months));
    let (mut paid, mut lately, mut before) = (Mean::default(), Mean::default(), Mean::default());
    let (mut weighted, mut late, mut early, mut disputed) =
        (Mean::default(), Mean::default(), Mean::default(), Mean::default());
    let (mut open, mut open_invoices, mut overdue, mut last_year) = (0, 0, 0, Mean::default());
    let (mut oldest, mut dunning, mut any) = (None::<i32>, None::<i64>, false);
    for invoice in known.invoices(account) {
        any = true;
        let unpaid = unpaid(&invoice);
        open += unpaid;
        if invoice.amount <= 0 {
            continue;
        }
        open_invoices += unpaid;
        let recent = invoice.issued >= two_years;
        if let Some((day, due)) = invoice.paid.zip(invoice.due) {
            let beyond = i64::from(day - due);
            if recent {
                // in whole units: days times ten-thousandths of large amounts would leave 64 bits
                let weight = invoice.amount / Money::SCALE;
                paid.add(beyond, 1);
                weighted.add(beyond * weight, weight);
                early.add(i64::from((day - invoice.issued) * 2 <= due - invoice.issued), 1);
            }
            if day >= half_year {
                lately.add(beyond, 1);
            } else if day >= two_years {
                before.add(beyond, 1);
            }
        }
        if recent && let Some(due) = invoice.due.filter(|due| *due <= end) {
            late.add(i64::from(invoice.paid.unwrap_or(end) > due), 1);
        }
        if invoice.issued >= year {
            last_year.add(unpaid, invoice.amount);
        }
        if let Some(days) = days_overdue(&invoice, end) {
            overdue += unpaid;
            oldest = oldest.max(Some(days));
        }
        if unpaid != 0 {
            dunning = dunning.max(invoice.dunning_level);
            invoice.disputed.into_iter().for_each(|state| disputed.add(i64::from(state), 1));
        }
    }
    if !any {
        let mut values = [None; FEATURES.len()];
        values[FEATURES.len() - 1] = Some(0.0);
        return values;
    }
    [
        paid.value(),
        weighted.value(),
        late.value(),
        lately.value().zip(before.value()).map(|(lately, before)| lately - before),
        early.value(),
        Some(units(open)),
        last_year.value(),
        Some(units(overdue)),
        Mean { sum: overdue, weight: open_invoices }.value(),
        oldest.map(f64::from),
        dunning.map(|level| level as f64),
        disputed.value(),
        Some(1.0),
    ]
}

/// A sum divided by another; unknown unless that one is positive.
#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    sum: i64,
    weight: i64,
}

impl Mean {
    const fn add(&mut self, value: i64, weight: i64) {
        self.sum += value;
        self.weight += weight;
    }

    fn value(self) -> Option<f64> {
        (self.weight > 0).then(|| self.sum as f64 / self.weight as f64)
    }
}

/// The overdue invoices of an account.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Overdue {
    /// How many there are.
    pub invoices: u32,
    /// Days beyond their due day, on average.
    pub mean_days: f64,
}

/// The overdue invoices behind `overdue_amount`, by number of the account.
pub(super) fn overdue(known: &Known<'_>) -> BTreeMap<usize, Overdue> {
    let of = |account: usize| {
        let mut days = Mean::default();
        known.invoices(account).filter_map(|invoice| days_overdue(&invoice, known.end_day())).for_each(|overdue| {
            days.add(i64::from(overdue), 1);
        });
        Some((account, Overdue { invoices: days.weight as u32, mean_days: days.value()? }))
    };
    let found: Vec<(usize, Overdue)> = (0..known.account_count()).into_par_iter().filter_map(of).collect();
    found.into_iter().collect()
}

/// What is unpaid of an invoice: nothing is known of a part payment without a date before the state was received.
fn unpaid(invoice: &Invoice) -> i64 {
    let whole = if invoice.paid.is_some() { invoice.amount } else { 0 };
    invoice.amount - invoice.paid_amount.unwrap_or(whole)
}

/// Days beyond the due day of an invoice of which something is unpaid.
fn days_overdue(invoice: &Invoice, end: i32) -> Option<i32> {
    let due = invoice.due.filter(|due| *due < end && invoice.amount > 0 && unpaid(invoice) > 0)?;
    Some(end - due)
}
