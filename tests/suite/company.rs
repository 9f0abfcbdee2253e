//! A small random company, and its database as it stood at the end of any month.
//!
//! Everything that makes a ledger hard is in it: returns, several orders on a day, single orders, gaps of a year, lines
//! known late, reversals with and without a corrected line, lines without cost or group, merged accounts, customers with
//! two states, invoices whose state changed, several survey answers on one day.

use std::collections::BTreeMap;

use headroom::{
    domain::{Month, Seed},
    history,
    ingest::{self, contract},
    simulate,
    warehouse::{Warehouse, WarehouseOptions},
};
use jiff::{ToSpan, civil::Date};
use polars::prelude::*;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// First month of data.
pub const FIRST: (i32, i32) = (2019, 3);
/// Months of data.
pub const MONTHS: i32 = 42;

const ALWAYS: Date = Date::constant(1900, 1, 1);
const SOURCE: &str = "files";

#[derive(Debug, Clone)]
pub struct Line {
    pub order_id: String,
    pub customer: String,
    pub day: Date,
    pub number: usize,
    pub group: String,
    pub net: i64,
    pub cost: Option<i64>,
    pub known: Date,
    pub reversal: bool,
}

/// How long a row was the state, and the batch it came with.
#[derive(Debug, Clone, Copy)]
pub struct Validity {
    pub known: Date,
    pub until: Option<Date>,
    pub batch: i32,
}

#[derive(Debug, Clone)]
pub struct Customer {
    pub id: String,
    pub industry: Option<&'static str>,
    pub region: Option<&'static str>,
    pub parent: Option<String>,
    pub employees: Option<i64>,
    pub revenue: Option<i64>,
    pub stated_share: Option<f64>,
    pub since: Option<Date>,
    pub status: Option<&'static str>,
    pub status_since: Option<Date>,
    pub validity: Validity,
}

#[derive(Debug, Clone)]
pub struct Invoice {
    pub id: String,
    pub customer: String,
    pub issued: Date,
    pub amount: i64,
    pub due: Option<Date>,
    pub paid: Option<Date>,
    pub paid_amount: Option<i64>,
    pub dunning: Option<i64>,
    pub disputed: Option<bool>,
    pub validity: Validity,
}

#[derive(Debug, Clone)]
pub struct Complaint {
    pub id: String,
    pub customer: String,
    pub opened: Date,
    pub closed: Option<Date>,
    pub severity: Option<&'static str>,
    pub validity: Validity,
}

#[derive(Debug, Clone)]
pub struct Answer {
    pub customer: String,
    pub day: Date,
    pub question: &'static str,
    pub score: f64,
    pub known: Date,
}

#[derive(Debug, Clone)]
pub struct Touch {
    pub customer: String,
    pub day: Date,
    pub channel: &'static str,
    pub direction: Option<&'static str>,
    pub outcome: Option<&'static str>,
    pub known: Date,
}

#[derive(Debug, Clone)]
pub struct Contact {
    pub id: String,
    pub customer: String,
    pub role: Option<&'static str>,
    pub confirmed: Option<Date>,
    pub left: Option<Date>,
    pub validity: Validity,
}

#[derive(Debug, Clone)]
pub struct Opportunity {
    pub id: String,
    pub customer: String,
    pub opened: Date,
    pub closed: Option<Date>,
    pub stage: Option<&'static str>,
    pub amount: Option<i64>,
    pub probability: Option<f64>,
    pub decision: Option<Date>,
    pub competitor: Option<&'static str>,
    pub chance: Option<&'static str>,
    pub risk: Option<&'static str>,
    pub validity: Validity,
}

#[derive(Debug, Clone)]
pub struct Signal {
    pub customer: String,
    pub day: Date,
    pub source: &'static str,
    pub topic: Option<&'static str>,
    pub sentiment: Option<f64>,
    pub text: Option<String>,
    pub known: Date,
}

#[derive(Debug, Clone)]
pub struct Company {
    pub lines: Vec<Line>,
    pub customers: Vec<Customer>,
    pub invoices: Vec<Invoice>,
    pub complaints: Vec<Complaint>,
    pub answers: Vec<Answer>,
    pub touches: Vec<Touch>,
    pub contacts: Vec<Contact>,
    pub opportunities: Vec<Opportunity>,
    pub signals: Vec<Signal>,
    /// Day of receipt of batches 1 (everything) and 2 (changed rows).
    pub received: [Option<Date>; 2],
}

pub fn month(n: i32) -> Month {
    Month::new(FIRST.0, FIRST.1).unwrap().plus(n)
}

fn day_in(rng: &mut ChaCha8Rng, month: Month) -> Date {
    month.first_day().checked_add(i64::from(rng.random_range(0..month.last_day().day())).days()).unwrap()
}

fn later(rng: &mut ChaCha8Rng, day: Date, days: std::ops::Range<i64>) -> Date {
    day.checked_add(rng.random_range(days).days()).unwrap()
}

fn cents(rng: &mut ChaCha8Rng, range: std::ops::Range<i64>) -> i64 {
    rng.random_range(range) * 100
}

impl Company {
    /// Forty accounts over 42 months.
    pub fn random(seed: u64) -> Self {
        let rng = &mut Seed(seed).derive("tests/company").rng();
        let received = [Some(month(30).last_day()), Some(month(36).first_day())];
        let mut company = Self {
            lines: Vec::new(),
            customers: Vec::new(),
            invoices: Vec::new(),
            complaints: Vec::new(),
            answers: Vec::new(),
            touches: Vec::new(),
            contacts: Vec::new(),
            opportunities: Vec::new(),
            signals: Vec::new(),
            received,
        };
        for account in 0..40 {
            let id = format!("K{account:02}");
            company.orders_of(rng, account, &id);
            if account != 7 {
                company.facts_of(rng, account, &id);
            }
        }
        // a stream of its own, so that what was there before stays as it is
        let rng = &mut Seed(seed).derive("tests/company/dialogue").rng();
        for account in (0..40).filter(|account| *account != 7) {
            company.dialogue_of(rng, account, &format!("K{account:02}"));
        }
        company
    }

    fn orders_of(&mut self, rng: &mut ChaCha8Rng, account: usize, id: &str) {
        let start = if account < 20 { 0 } else { rng.random_range(0..MONTHS - 1) };
        let end = if account % 5 == 4 { rng.random_range(start..MONTHS) } else { MONTHS - 1 };
        let rate: f64 = [0.15, 0.5, 1.0, 2.5][account % 4];
        let size = [200, 2_000, 20_000][account % 3];
        let pause = (account % 6 == 5).then(|| rng.random_range(0..24));
        let mut order = 0;
        for n in start..=end {
            if pause.is_some_and(|from| (from..from + 13).contains(&n)) {
                continue;
            }
            let mut orders = if account == 3 { i32::from(n == 5) } else { 0 };
            while account != 3 && rng.random::<f64>() < rate / (1.0 + rate) {
                orders += 1;
            }
            if n % 12 == 8 && account.is_multiple_of(2) {
                orders += 2;
            }
            for _ in 0..orders {
                order += 1;
                let order_id = format!("{id}-{order}");
                let day = day_in(rng, month(n));
                self.order(rng, account, id, &order_id, day, size);
                if rng.random::<f64>() < 0.2 {
                    order += 1;
                    self.order(rng, account, id, &format!("{id}-{order}"), day, size);
                }
            }
        }
    }

    fn order(&mut self, rng: &mut ChaCha8Rng, account: usize, id: &str, order_id: &str, day: Date, size: i64) {
        let returned = rng.random::<f64>() < 0.1;
        for number in 1..=rng.random_range(1..4) {
            let one_off = if rng.random::<f64>() < 0.03 { 40 } else { 1 };
            let mut net = cents(rng, 1..size * 100) * one_off;
            if returned {
                net = -net / 3;
            } else if rng.random::<f64>() < 0.03 {
                net = 0;
            }
            let group = match rng.random_range(0..12) {
                11 => "(none)".to_owned(),
                n => format!("group {}", (n * (1 + account % 3)) % 10),
            };
            let cost = (account % 9 != 8 && rng.random::<f64>() < 0.9).then(|| net / 100 * rng.random_range(40..110));
            let known = if rng.random::<f64>() < 0.06 { later(rng, day, 1..100) } else { day };
            let line = Line {
                order_id: order_id.to_owned(),
                customer: if account == 12 && number > 1 { "K12-branch".to_owned() } else { id.to_owned() },
                day,
                number,
                group,
                net,
                cost,
                known,
                reversal: false,
            };
            if rng.random::<f64>() < 0.04 {
                let corrected = later(rng, known, 1..120);
                self.lines.push(Line {
                    net: -net,
                    cost: cost.map(|cost| -cost),
                    known: corrected,
                    reversal: true,
                    ..line.clone()
                });
                if rng.random() {
                    self.lines.push(Line {
                        net: net / 2,
                        cost: cost.map(|cost| cost / 2),
                        known: corrected,
                        ..line.clone()
                    });
                }
            }
            self.lines.push(line);
        }
    }

    fn facts_of(&mut self, rng: &mut ChaCha8Rng, account: usize, id: &str) {
        self.customer(rng, account, id);
        for n in 0..MONTHS {
            if rng.random::<f64>() < 0.4 && account % 7 != 6 {
                self.invoice(rng, id, n);
            }
            if n > 6 && rng.random::<f64>() < 0.04 {
                let opened = day_in(rng, month(n));
                let closed = (rng.random::<f64>() < 0.8).then(|| later(rng, opened, 0..90));
                self.complaints.push(Complaint {
                    id: format!("C-{id}-{n}"),
                    customer: id.to_owned(),
                    opened,
                    closed,
                    severity: [None, Some("low"), Some("high")][rng.random_range(0..3)],
                    validity: Validity { known: opened, until: None, batch: 1 },
                });
            }
            for question in ["recommend", "satisfaction", "delivery"] {
                if rng.random::<f64>() < 0.06 {
                    let day = day_in(rng, month(n));
                    let known = if rng.random::<f64>() < 0.2 { later(rng, day, 1..80) } else { day };
                    for _ in 0..rng.random_range(1..3) {
                        let score = f64::from(rng.random_range(0..21)) / 2.0;
                        self.answers.push(Answer { customer: id.to_owned(), day, question, score, known });
                    }
                }
            }
        }
    }

    fn dialogue_of(&mut self, rng: &mut ChaCha8Rng, account: usize, id: &str) {
        let late = |rng: &mut ChaCha8Rng, day| if rng.random::<f64>() < 0.15 { later(rng, day, 1..90) } else { day };
        for n in 3..MONTHS {
            for channel in ["visit", "call", "email", "newsletter", "ticket", "social", "event"] {
                if rng.random::<f64>() > [0.08, 0.25, 0.4][account % 3] {
                    continue;
                }
                let day = day_in(rng, month(n));
                self.touches.push(Touch {
                    customer: id.to_owned(),
                    day,
                    channel,
                    direction: [None, Some("in"), Some("Outbound"), Some("out")][rng.random_range(0..4)],
                    outcome: [None, Some("nicht erreicht"), Some("Opened"), Some("bestellt")][rng.random_range(0..4)],
                    known: late(rng, day),
                });
            }
            if rng.random::<f64>() < 0.08 {
                self.opportunity(rng, account, id, n);
            }
            if n > 5 && rng.random::<f64>() < 0.15 {
                let day = day_in(rng, month(n));
                let group = rng.random_range(0..12);
                self.signals.push(Signal {
                    customer: id.to_owned(),
                    day,
                    source: ["website", "annual_report", "association", "forum", "social"][rng.random_range(0..5)],
                    topic: [None, Some("Growth!"), Some("growth"), Some("New  Plant")][rng.random_range(0..4)],
                    sentiment: (rng.random::<f64>() < 0.8).then(|| f64::from(rng.random_range(-10..11)) / 10.0),
                    text: (rng.random::<f64>() < 0.5).then(|| format!("they look for (GROUP, kind {group:03})")),
                    known: late(rng, day),
                });
            }
        }
        for number in 0..rng.random_range(0..4) {
            self.contact(rng, id, number);
        }
    }

    fn contact(&mut self, rng: &mut ChaCha8Rng, id: &str, number: i32) {
        let roles = ["initiator", "user", "influencer", "buyer", "decider", "gatekeeper"];
        let first = Contact {
            id: format!("P-{id}-{number}"),
            customer: id.to_owned(),
            role: (rng.random::<f64>() < 0.8).then(|| roles[rng.random_range(0..6)]),
            confirmed: (rng.random::<f64>() < 0.8).then(|| {
                let n = rng.random_range(0..MONTHS);
                day_in(rng, month(n))
            }),
            left: None,
            validity: Validity { known: ALWAYS, until: None, batch: 1 },
        };
        let changed = self.received[1].unwrap();
        if rng.random::<f64>() < 0.4 {
            let left = later(rng, changed, -200..200);
            let second = Contact {
                left: Some(left),
                validity: Validity { known: changed, until: None, batch: 2 },
                ..first.clone()
            };
            self.contacts.push(Contact { validity: Validity { until: Some(changed), ..first.validity }, ..first });
            self.contacts.push(second);
        } else {
            self.contacts.push(first);
        }
    }

    fn opportunity(&mut self, rng: &mut ChaCha8Rng, account: usize, id: &str, n: i32) {
        let opened = day_in(rng, month(n));
        let closed = (rng.random::<f64>() < 0.6).then(|| later(rng, opened, 0..200));
        let stages = match closed {
            Some(_) => [Some("Closed Won"), Some("lost"), None],
            None => [Some("offer"), Some("negotiation"), None],
        };
        let first = Opportunity {
            id: format!("O-{id}-{n}"),
            customer: id.to_owned(),
            opened,
            closed,
            stage: stages[rng.random_range(0..3)],
            amount: (rng.random::<f64>() < 0.8).then(|| cents(rng, 1..9_000_000)),
            probability: (rng.random::<f64>() < 0.8).then(|| f64::from(rng.random_range(0..11)) / 10.0),
            decision: (rng.random::<f64>() < 0.7).then(|| later(rng, opened, 10..300)),
            competitor: account.is_multiple_of(3).then_some("Nordwerk"),
            chance: rng.random::<bool>().then_some("new plant"),
            risk: rng.random::<bool>().then_some("price"),
            validity: Validity { known: opened, until: None, batch: 1 },
        };
        let changed = self.received[1].unwrap();
        if opened >= changed && account.is_multiple_of(2) {
            // every state from the first on was received
            let moved = opened.checked_add(20.days()).unwrap();
            let first = Opportunity { closed: None, ..first };
            let of = |known, until| Validity { known, until, batch: 2 };
            self.opportunities.push(Opportunity { validity: of(opened, Some(moved)), ..first.clone() });
            self.opportunities.push(Opportunity { stage: Some("negotiation"), validity: of(moved, None), ..first });
        } else if opened < changed && rng.random::<f64>() < 0.2 {
            let second = Opportunity {
                stage: Some("negotiation"),
                closed: None,
                probability: Some(0.7),
                validity: Validity { known: changed, until: None, batch: 2 },
                ..first.clone()
            };
            let before = Validity { until: Some(changed), ..first.validity };
            self.opportunities.push(Opportunity { validity: before, ..first });
            self.opportunities.push(second);
        } else {
            self.opportunities.push(first);
        }
    }

    fn customer(&mut self, rng: &mut ChaCha8Rng, account: usize, id: &str) {
        let (status, status_since) = match account {
            10 => (Some("blocked"), Some(month(25).first_day())),
            11 => (Some("insolvent"), None),
            13 => (Some("internal"), Some(month(-9).first_day())),
            14 => (Some("collective"), Some(month(0).first_day())),
            _ if rng.random() => (Some("active"), None),
            _ => (None, None),
        };
        let since = (rng.random::<f64>() < 0.7).then(|| day_in(rng, month(account as i32 % 30 - 25)));
        let first = Customer {
            id: id.to_owned(),
            industry: [None, Some("machinery"), Some("food")][rng.random_range(0..3)],
            region: [None, Some("north"), Some("south")][rng.random_range(0..3)],
            parent: (account % 4 == 1).then(|| "K00".to_owned()),
            employees: (rng.random::<f64>() < 0.8).then(|| rng.random_range(0..5_000)),
            revenue: (rng.random::<f64>() < 0.5).then(|| cents(rng, 0..1_000_000_000)),
            stated_share: account.is_multiple_of(3).then(|| f64::from(account as u32 % 20 + 1) / 20.0),
            since,
            status,
            status_since,
            validity: Validity { known: ALWAYS, until: None, batch: 1 },
        };
        if account % 8 == 2 {
            let changed = self.received[1].unwrap();
            let second = Customer {
                employees: Some(rng.random_range(1..99)),
                status: Some("blocked"),
                status_since: None,
                validity: Validity { known: changed, until: None, batch: 2 },
                ..first.clone()
            };
            self.customers.push(Customer { validity: Validity { until: Some(changed), ..first.validity }, ..first });
            self.customers.push(second);
        } else {
            self.customers.push(first);
        }
    }

    fn invoice(&mut self, rng: &mut ChaCha8Rng, id: &str, n: i32) {
        let issued = day_in(rng, month(n));
        let amount = if rng.random::<f64>() < 0.1 { -cents(rng, 1..9_000) } else { cents(rng, 1..900_000) };
        let due = (rng.random::<f64>() < 0.95).then(|| issued.checked_add(30.days()).unwrap());
        let paid = (rng.random::<f64>() < 0.8).then(|| later(rng, issued, 5..150));
        let part = match paid {
            Some(_) => rng.random::<f64>() < 0.1,
            None => rng.random::<f64>() < 0.3,
        };
        let invoice = Invoice {
            id: format!("R-{id}-{n}"),
            customer: id.to_owned(),
            issued,
            amount,
            due,
            paid,
            paid_amount: part.then_some(amount / 2),
            dunning: (rng.random::<f64>() < 0.7).then(|| rng.random_range(0..4)),
            disputed: (rng.random::<f64>() < 0.7).then(|| rng.random()),
            validity: Validity { known: issued, until: None, batch: 1 },
        };
        let changed = self.received[1].unwrap();
        if n < 30 && rng.random::<f64>() < 0.1 {
            let second = Invoice {
                dunning: Some(9),
                disputed: Some(true),
                validity: Validity { known: changed, until: None, batch: 2 },
                ..invoice.clone()
            };
            self.invoices.push(Invoice {
                paid: None,
                paid_amount: None,
                validity: Validity { until: Some(changed), ..invoice.validity },
                ..invoice
            });
            self.invoices.push(second);
        } else {
            self.invoices.push(invoice);
        }
    }

    /// What the company knew at the end of `t`, and nothing else: what happened later, became known later or has an
    /// undated state that was received later is not in it.
    pub fn known_by(&self, t: Month) -> Self {
        let end = t.last_day();
        let known = |validity: &Validity| validity.known <= end;
        let past = |date: Option<Date>| date.filter(|date| *date <= end);
        let received = self.received.map(past);
        let state = |validity: &Validity| received[validity.batch as usize - 1].is_some();
        let then = |validity: Validity| Validity { until: past(validity.until), ..validity };
        Self {
            lines: self.lines.iter().filter(|line| line.day <= end && line.known <= end).cloned().collect(),
            customers: self
                .customers
                .iter()
                .filter(|row| known(&row.validity) && row.since.is_none_or(|since| since <= end))
                .map(|row| Customer {
                    status: row
                        .status
                        .filter(|_| row.status_since.map_or_else(|| state(&row.validity), |since| since <= end)),
                    status_since: past(row.status_since),
                    validity: then(row.validity),
                    ..row.clone()
                })
                .collect(),
            invoices: self
                .invoices
                .iter()
                .filter(|row| known(&row.validity) && row.issued <= end)
                .map(|row| Invoice {
                    paid: past(row.paid),
                    paid_amount: row.paid_amount.filter(|_| match row.paid {
                        Some(paid) => paid <= end,
                        None => state(&row.validity),
                    }),
                    dunning: row.dunning.filter(|_| state(&row.validity)),
                    disputed: row.disputed.filter(|_| state(&row.validity)),
                    validity: then(row.validity),
                    ..row.clone()
                })
                .collect(),
            complaints: self
                .complaints
                .iter()
                .filter(|row| known(&row.validity) && row.opened <= end)
                .map(|row| Complaint {
                    closed: past(row.closed),
                    severity: row.severity.filter(|_| state(&row.validity)),
                    validity: then(row.validity),
                    ..row.clone()
                })
                .collect(),
            answers: self.answers.iter().filter(|row| row.day <= end && row.known <= end).cloned().collect(),
            touches: self.touches.iter().filter(|row| row.day <= end && row.known <= end).cloned().collect(),
            contacts: self
                .contacts
                .iter()
                .filter(|row| known(&row.validity) && state(&row.validity))
                .map(|row| Contact {
                    confirmed: past(row.confirmed),
                    left: past(row.left),
                    validity: then(row.validity),
                    ..row.clone()
                })
                .collect(),
            opportunities: self
                .opportunities
                .iter()
                .filter(|row| known(&row.validity) && row.opened <= end)
                .map(|row| {
                    let closed = past(row.closed);
                    let row = Opportunity { closed, validity: then(row.validity), ..row.clone() };
                    if state(&row.validity) {
                        return row;
                    }
                    Opportunity {
                        stage: None,
                        amount: None,
                        probability: None,
                        decision: None,
                        competitor: None,
                        chance: None,
                        risk: None,
                        ..row
                    }
                })
                .collect(),
            signals: self.signals.iter().filter(|row| row.day <= end && row.known <= end).cloned().collect(),
            received,
        }
    }

    /// The company's warehouse, with its ledger built if there are lines.
    pub fn warehouse(&self) -> Warehouse {
        let warehouse = Warehouse::in_memory(&WarehouseOptions::default()).unwrap();
        warehouse.create_tables(&contract::table_definitions()).unwrap();
        for (table, columns, rows) in self.rows() {
            for rows in rows.chunks(2_000) {
                warehouse
                    .execute_script(&format!("INSERT INTO {table} ({columns}) VALUES {}", rows.join(", ")))
                    .unwrap();
            }
        }
        if !self.lines.is_empty() {
            history::build(&warehouse).unwrap();
        }
        warehouse
    }

    fn rows(&self) -> [(&'static str, &'static str, Vec<String>); 11] {
        let validity = |v: &Validity| format!("{}, {}, '{SOURCE}', {}", sql(Some(v.known)), sql(v.until), v.batch);
        let batch = |(n, received): (usize, &Option<Date>)| {
            format!(
                "({}, 'all', '{SOURCE}', 'f{n}', 'h{n}', 's', 'snapshot', {}, 0, 0, 0, '{{}}')",
                n + 1,
                sql(*received)
            )
        };
        [
            (
                "batches",
                "batch_id, table_name, source, file, file_hash, settings_hash, mode, received_on, rows_in, rows_loaded, \
                 rows_quarantined, recognised",
                self.received.iter().enumerate().map(batch).collect(),
            ),
            (
                "accounts",
                "source, customer_id, account_id, match_probability",
                vec![format!("('{SOURCE}', 'K12-branch', 'K12', 0.9)"), format!("('{SOURCE}', 'K09', 'K08', 1)")],
            ),
            (
                "order_lines",
                "order_id, customer_id, ordered_on, line_number, product_group, net_revenue_e4, cost_e4, known_at, \
                 source, batch_id, is_reversal, group_from_products",
                self.lines
                    .iter()
                    .map(|l| {
                        format!(
                            "('{}', '{}', {}, '{}', '{}', {}, {}, {}, '{SOURCE}', 1, {}, false)",
                            l.order_id,
                            l.customer,
                            sql(Some(l.day)),
                            l.number,
                            l.group,
                            l.net,
                            sql(l.cost),
                            sql(Some(l.known)),
                            l.reversal
                        )
                    })
                    .collect(),
            ),
            (
                "customers",
                "customer_id, name, industry, region, country, parent_id, employees, annual_revenue_e4, \
                 stated_share_of_wallet, customer_since, status, status_since, known_at, known_until, source, batch_id",
                self.customers
                    .iter()
                    .map(|c| {
                        format!(
                            "('{}', 'Firm {}', {}, {}, 'DE', {}, {}, {}, {}, {}, {}, {}, {})",
                            c.id,
                            c.id,
                            text(c.industry),
                            text(c.region),
                            text(c.parent.as_deref()),
                            sql(c.employees),
                            sql(c.revenue),
                            sql(c.stated_share),
                            sql(c.since),
                            text(c.status),
                            sql(c.status_since),
                            validity(&c.validity)
                        )
                    })
                    .collect(),
            ),
            (
                "invoices",
                "invoice_id, customer_id, issued_on, amount_e4, due_on, paid_on, paid_amount_e4, dunning_level, disputed, \
                 known_at, known_until, source, batch_id",
                self.invoices
                    .iter()
                    .map(|i| {
                        format!(
                            "('{}', '{}', {}, {}, {}, {}, {}, {}, {}, {})",
                            i.id,
                            i.customer,
                            sql(Some(i.issued)),
                            i.amount,
                            sql(i.due),
                            sql(i.paid),
                            sql(i.paid_amount),
                            sql(i.dunning),
                            sql(i.disputed),
                            validity(&i.validity)
                        )
                    })
                    .collect(),
            ),
            (
                "complaints",
                "complaint_id, customer_id, opened_on, closed_on, severity, known_at, known_until, source, batch_id",
                self.complaints
                    .iter()
                    .map(|c| {
                        format!(
                            "('{}', '{}', {}, {}, {}, {})",
                            c.id,
                            c.customer,
                            sql(Some(c.opened)),
                            sql(c.closed),
                            text(c.severity),
                            validity(&c.validity)
                        )
                    })
                    .collect(),
            ),
            (
                "survey_answers",
                "customer_id, answered_on, question, score, known_at, source, batch_id",
                self.answers
                    .iter()
                    .map(|a| {
                        format!(
                            "('{}', {}, '{}', {}, {}, '{SOURCE}', 1)",
                            a.customer,
                            sql(Some(a.day)),
                            a.question,
                            a.score,
                            sql(Some(a.known))
                        )
                    })
                    .collect(),
            ),
            (
                "interactions",
                "customer_id, happened_on, channel, direction, outcome, known_at, source, batch_id",
                self.touches
                    .iter()
                    .map(|t| {
                        format!(
                            "('{}', {}, '{}', {}, {}, {}, '{SOURCE}', 1)",
                            t.customer,
                            sql(Some(t.day)),
                            t.channel,
                            text(t.direction),
                            text(t.outcome),
                            sql(Some(t.known))
                        )
                    })
                    .collect(),
            ),
            (
                "contacts",
                "contact_id, customer_id, role, last_confirmed_on, left_on, known_at, known_until, source, batch_id",
                self.contacts
                    .iter()
                    .map(|c| {
                        format!(
                            "('{}', '{}', {}, {}, {}, {})",
                            c.id,
                            c.customer,
                            text(c.role),
                            sql(c.confirmed),
                            sql(c.left),
                            validity(&c.validity)
                        )
                    })
                    .collect(),
            ),
            (
                "opportunities",
                "opportunity_id, customer_id, opened_on, closed_on, stage, amount_e4, probability, \
                 decision_expected_on, competitor, chance, risk, known_at, known_until, source, batch_id",
                self.opportunities
                    .iter()
                    .map(|o| {
                        format!(
                            "('{}', '{}', {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
                            o.id,
                            o.customer,
                            sql(Some(o.opened)),
                            sql(o.closed),
                            text(o.stage),
                            sql(o.amount),
                            sql(o.probability),
                            sql(o.decision),
                            text(o.competitor),
                            text(o.chance),
                            text(o.risk),
                            validity(&o.validity)
                        )
                    })
                    .collect(),
            ),
            (
                "public_signals",
                "customer_id, observed_on, stated_source, topic, sentiment, text, known_at, source, batch_id",
                self.signals
                    .iter()
                    .map(|s| {
                        format!(
                            "('{}', {}, '{}', {}, {}, {}, {}, '{SOURCE}', 1)",
                            s.customer,
                            sql(Some(s.day)),
                            s.source,
                            text(s.topic),
                            sql(s.sentiment),
                            text(s.text.as_deref()),
                            sql(Some(s.known))
                        )
                    })
                    .collect(),
            ),
        ]
    }
}

fn sql<T: std::fmt::Display>(value: Option<T>) -> String {
    value.map_or_else(|| "NULL".to_owned(), |value| format!("'{value}'"))
}

fn text(value: Option<&str>) -> String {
    sql(value)
}

/// The warehouse of a simulated company as it stood at the end of `as_of`, by way of its files.
pub fn simulated(company: &simulate::Company, as_of: Month) -> Warehouse {
    let folder = tempfile::tempdir().unwrap();
    simulate::write(company, folder.path(), Some(as_of)).unwrap();
    let warehouse = Warehouse::in_memory(&WarehouseOptions::default().folder(folder.path())).unwrap();
    let request =
        ingest::Request { project: folder.path(), tables: "data".as_ref(), sources: &BTreeMap::new(), currency: "EUR" };
    ingest::ingest(&warehouse, &request).unwrap();
    history::build(&warehouse).unwrap();
    warehouse
}

/// The frames' content, bit by bit.
pub fn bytes(frames: &[&DataFrame]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for frame in frames {
        for column in frame.columns() {
            bytes.extend_from_slice(format!("{}: {}\n", column.name(), column.dtype()).as_bytes());
            match column.dtype() {
                DataType::Float64 => {
                    for value in column.f64().unwrap().iter() {
                        bytes.push(u8::from(value.is_some()));
                        bytes.extend_from_slice(&value.unwrap_or(0.0).to_bits().to_le_bytes());
                    }
                }
                DataType::Boolean => {
                    bytes.extend(column.bool().unwrap().iter().map(|value| value.map_or(2, u8::from)));
                }
                _ => {
                    for value in column.str().unwrap().iter() {
                        bytes.extend_from_slice(
                            value.map_or("null\n".to_owned(), |value| format!("={value}\n")).as_bytes(),
                        );
                    }
                }
            }
        }
    }
    bytes
}
