//! Invoices: one for what was booked in a month, paid by the account's habit, reminded of when overdue.
//!
//! Each step in an invoice's life (issued, disputed, reminded, paid) is a row of its own with the day it became known.

use super::{
    account::{Account, Fate},
    calendar::Day,
    draw::Draw,
    orders::OrderLine,
    table::{Cents, table},
    world::World,
};

/// Terms of payment in days, as often as they occur here.
const TERMS: [i32; 6] = [14, 30, 30, 30, 45, 60];
/// Days overdue at which the first, second and third reminder leave.
const REMINDERS: [i32; 3] = [10, 24, 45];
const DISPUTE_RATE: f64 = 0.015;
const NEVER_PAID: f64 = 0.003;
/// Paid within so many days, an invoice is paid less the cash discount.
const CASH_DISCOUNT: (i32, f64) = (10, 0.02);

table! {
    /// A state of an invoice. Amounts in EUR.
    InvoiceRow is "invoices" by (invoice_id) {
        invoice_id: String,
        customer_id: String,
        issued_on: Day,
        amount: Cents,
        due_on: Day,
        paid_on: Option<Day>,
        paid_amount: Option<Cents>,
        dunning_level: i64,
        disputed: bool,
    }
}

/// What happens to an invoice.
#[derive(Clone, Copy)]
enum Step {
    Disputed,
    Reminded(i64),
    Paid(Day, Cents),
}

/// The account's invoices, each with all its states; lines in the order in which they were booked become an invoice
/// for each month.
pub(super) fn invoices(world: &World, account: &Account, lines: &[OrderLine]) -> Vec<InvoiceRow> {
    let mut draw = world.stream("invoices", account.index);
    let terms = draw.pick(&TERMS);
    let mut booked: Vec<(Day, Cents)> = lines.iter().map(|line| (line.known_at, line.net)).collect();
    booked.sort_unstable();
    let mut rows = Vec::new();
    let mut number = 0;
    let mut rest = booked.as_slice();
    for calendar in &world.calendar[..world.months()] {
        let (month, later) = rest.split_at(rest.partition_point(|(day, _)| *day <= calendar.last));
        rest = later;
        let amount = Cents(month.iter().map(|(_, net)| net.0).sum());
        let Some((last, _)) = month.last().filter(|_| amount.0 > 0) else { continue };
        number += 1;
        let issued = last.plus(draw.between(1, 3));
        let first = InvoiceRow {
            invoice_id: format!("R{}-{number}", account.index + 1),
            customer_id: account.id(),
            issued_on: issued,
            amount,
            due_on: issued.plus(terms),
            paid_on: None,
            paid_amount: None,
            dunning_level: 0,
            disputed: false,
            known_at: issued,
        };
        let steps = steps(world, account, &first, &mut draw);
        live_through(first, steps, &mut rows);
    }
    rows
}

/// The dated steps after the issue.
fn steps(world: &World, account: &Account, invoice: &InvoiceRow, draw: &mut Draw) -> Vec<(Day, Step)> {
    let (mean, sd) = account.payment_delay;
    let mut delay = (mean + sd * draw.normal()).round() as i32;
    let mut steps = Vec::new();
    if draw.chance(DISPUTE_RATE) {
        steps.push((invoice.due_on.plus(draw.between(-5, 5)), Step::Disputed));
        delay = delay.max(0) + draw.between(20, 60);
    }
    let paid_on = invoice.due_on.plus(delay).max(invoice.issued_on.plus(1));
    let booked_on = paid_on.plus(draw.between(0, 2));
    let lost = draw.chance(NEVER_PAID) || broke_before(world, account, paid_on);
    if !lost {
        let early = paid_on.0 - invoice.issued_on.0 <= CASH_DISCOUNT.0;
        let kept = if early { 1.0 - CASH_DISCOUNT.1 } else { 1.0 };
        steps.push((booked_on, Step::Paid(paid_on, Cents::from_units(invoice.amount.units() * kept))));
    }
    for (level, overdue) in (1..).zip(REMINDERS) {
        let day = invoice.due_on.plus(overdue);
        if lost || day < booked_on {
            steps.push((day, Step::Reminded(level)));
        }
    }
    steps.sort_by_key(|(day, _)| *day);
    steps
}

fn broke_before(world: &World, account: &Account, day: Day) -> bool {
    match account.gone_from {
        Some(month) if account.fate == Fate::Insolvent => day >= world.calendar[month].first,
        _ => false,
    }
}

/// One row for each day on which something changed.
fn live_through(first: InvoiceRow, steps: Vec<(Day, Step)>, rows: &mut Vec<InvoiceRow>) {
    let mut now = first.clone();
    rows.push(first);
    for (day, step) in steps {
        match step {
            Step::Disputed => now.disputed = true,
            Step::Reminded(level) => now.dunning_level = level,
            Step::Paid(paid_on, amount) => (now.paid_on, now.paid_amount) = (Some(paid_on), Some(amount)),
        }
        let changed = InvoiceRow { known_at: day, ..now.clone() };
        match rows.last_mut() {
            Some(last) if last.invoice_id == changed.invoice_id && last.known_at == day => *last = changed,
            _ => rows.push(changed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::{Company, orders::order_lines};

    #[test]
    fn an_invoice_is_known_step_by_step_and_bills_what_was_booked() {
        let world = World::new(&Company { accounts: 150, months: 30, ..Company::default() }).unwrap();
        let (mut paid_late, mut paid) = (0, 0);
        for index in 0..150 {
            let account = Account::draw(&world, index);
            let lines = order_lines(&world, &account);
            let rows = invoices(&world, &account, &lines);
            for pair in rows.windows(2).filter(|pair| pair[0].invoice_id == pair[1].invoice_id) {
                assert!(pair[0].known_at < pair[1].known_at);
                assert!(pair[0].dunning_level <= pair[1].dunning_level);
                assert!(pair[0].paid_on.is_none(), "nothing follows the payment");
            }
            for row in &rows {
                assert!(row.known_at >= row.issued_on && row.paid_on.is_none_or(|day| day <= row.known_at));
                if let Some(day) = row.paid_on {
                    paid += 1;
                    paid_late += usize::from(day > row.due_on);
                }
            }
            let last = world.calendar[29].last;
            let billed: i64 = rows.iter().filter(|row| row.known_at == row.issued_on).map(|row| row.amount.0).sum();
            let booked: i64 = lines.iter().filter(|line| line.known_at <= last).map(|line| line.net.0).sum();
            assert!(billed >= booked, "only months of returns are not billed: {billed} against {booked}");
        }
        let late = f64::from(paid_late as u32) / f64::from(paid);
        assert!((0.2..0.6).contains(&late), "{late} are paid late");
    }
}
