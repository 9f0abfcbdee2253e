//! The ledger by definition: the state of every account-month at every month of knowledge, from all lines known by
//! then, and the difference to the state before. No window, no increment, no packed key.

use std::collections::{BTreeMap, BTreeSet};

use headroom::domain::Month;
use jiff::civil::Date;

#[derive(Debug, Clone)]
pub struct Line {
    pub source: String,
    pub customer: String,
    pub order: String,
    pub group: String,
    pub ordered_on: Date,
    pub known_at: Date,
    pub net_e4: i64,
    pub cost_e4: Option<i64>,
    pub quantity_e4: Option<i64>,
    pub is_reversal: bool,
}

impl Line {
    fn month(&self) -> i32 {
        Month::of(self.ordered_on).index()
    }

    fn known_month(&self) -> i32 {
        Month::of(self.known_at).index().max(self.month())
    }

    /// 1 for a purchase, -1 for the reversal of one, 0 for a return and its reversal.
    fn purchases(&self) -> i64 {
        let original = if self.is_reversal { -self.net_e4 } else { self.net_e4 };
        match (original >= 0, self.is_reversal) {
            (false, _) => 0,
            (true, false) => 1,
            (true, true) => -1,
        }
    }

    fn order_key(&self) -> (&str, &str, &str) {
        (&self.source, &self.customer, &self.order)
    }
}

#[derive(Debug, PartialEq, Eq)]
pub struct GroupRecord {
    pub account: String,
    pub month: i32,
    pub known_month: i32,
    pub group: String,
    pub net_e4: i64,
    pub gross_e4: i64,
    pub returns_e4: i64,
    pub costed_e4: i64,
    pub margin_e4: Option<i64>,
    pub quantity_e4: Option<i64>,
    pub lines: i64,
}

#[derive(Debug, PartialEq, Eq)]
pub struct AccountRecord {
    pub account: String,
    pub month: i32,
    pub known_month: i32,
    pub orders: i64,
    pub day_mask: i32,
    pub largest_e4: i64,
}

pub struct Oracle {
    lines: Vec<(String, Line)>,
}

impl Oracle {
    pub fn new(lines: Vec<Line>, accounts: &[(&str, &str, &str)]) -> Self {
        let account = |line: &Line| {
            let known =
                accounts.iter().find(|(source, customer, _)| *source == line.source && *customer == line.customer);
            known.map_or(line.customer.clone(), |(_, _, account)| (*account).to_owned())
        };
        Self { lines: lines.into_iter().map(|line| (account(&line), line)).collect() }
    }

    pub fn groups(&self) -> Vec<GroupRecord> {
        let mut cells: BTreeMap<(&str, i32, i32, &str), Vec<&Line>> = BTreeMap::new();
        for (account, line) in &self.lines {
            cells.entry((account, line.month(), line.known_month(), &line.group)).or_default().push(line);
        }
        let some = |values: Vec<i64>| (!values.is_empty()).then(|| values.iter().sum::<i64>());
        let records = cells.into_iter().map(|((account, month, known_month, group), lines)| {
            let net: i64 = lines.iter().map(|l| l.net_e4).sum();
            // Sold and sold back: what a line was before it was reversed decides.
            let is_sale = |l: &Line| if l.is_reversal { l.net_e4 <= 0 } else { l.net_e4 >= 0 };
            let gross: i64 = lines.iter().filter(|l| is_sale(l)).map(|l| l.net_e4).sum();
            let costed: i64 = lines.iter().filter(|l| l.cost_e4.is_some()).map(|l| l.net_e4).sum();
            GroupRecord {
                account: account.into(),
                month,
                known_month,
                group: group.into(),
                net_e4: net,
                gross_e4: gross,
                returns_e4: -lines.iter().filter(|l| !is_sale(l)).map(|l| l.net_e4).sum::<i64>(),
                costed_e4: costed,
                margin_e4: some(lines.iter().filter_map(|l| l.cost_e4.map(|cost| l.net_e4 - cost)).collect()),
                quantity_e4: some(lines.iter().filter_map(|l| l.quantity_e4).collect()),
                lines: lines.iter().map(|l| if l.is_reversal { -1 } else { 1 }).sum(),
            }
        });
        let nothing = |r: &GroupRecord| {
            (r.net_e4, r.gross_e4, r.costed_e4, r.lines) == (0, 0, 0, 0)
                && r.margin_e4.unwrap_or(0) == 0
                && r.quantity_e4.unwrap_or(0) == 0
        };
        records.filter(|record| !nothing(record)).collect()
    }

    pub fn accounts(&self) -> Vec<AccountRecord> {
        let cells: BTreeSet<(&str, i32)> =
            self.lines.iter().map(|(account, line)| (account.as_str(), line.month())).collect();
        let knowledge: BTreeSet<i32> = self.lines.iter().map(|(_, line)| line.known_month()).collect();
        let mut records = Vec::new();
        for (account, month) in cells {
            let mut before = (0, 0, 0);
            for &known_month in &knowledge {
                let state = self.state(account, month, known_month);
                if state != before {
                    records.push(AccountRecord {
                        account: account.into(),
                        month,
                        known_month,
                        orders: state.0 - before.0,
                        day_mask: state.1 ^ before.1,
                        largest_e4: state.2 - before.2,
                    });
                }
                before = state;
            }
        }
        records
    }

    /// Orders, order days and largest order of an account's month, from all lines known by the end of `known_by`.
    fn state(&self, account: &str, month: i32, known_by: i32) -> (i64, i32, i64) {
        let known: Vec<&Line> =
            self.lines.iter().filter(|(a, l)| a == account && l.known_month() <= known_by).map(|(_, l)| l).collect();
        let purchases = |of: &dyn Fn(&Line) -> bool| known.iter().filter(|l| of(l)).map(|l| l.purchases()).sum::<i64>();
        let orders: BTreeSet<_> = known.iter().map(|l| l.order_key()).collect();
        let (mut count, mut mask, mut largest) = (0, 0, 0);
        for order in orders {
            let mine = |l: &Line| l.order_key() == order;
            let home = known
                .iter()
                .filter(|l| mine(l) && l.purchases() != 0)
                .filter(|l| purchases(&|other| mine(other) && other.month() == l.month()) > 0)
                .map(|l| (l.known_at, l.month()))
                .min();
            count += i64::from(home.is_some_and(|(_, home)| home == month));
            for day in 1..=31 {
                let on_day = |l: &Line| mine(l) && l.month() == month && i32::from(l.ordered_on.day()) == day;
                mask |= i32::from(purchases(&on_day) > 0) << (day - 1);
            }
            if purchases(&|l| mine(l) && l.month() == month) > 0 {
                largest = largest.max(known.iter().filter(|l| mine(l) && l.month() == month).map(|l| l.net_e4).sum());
            }
        }
        (count, mask, largest)
    }
}
