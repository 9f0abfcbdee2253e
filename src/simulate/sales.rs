//! What sales does and sees: contacts with the customer, opportunities, appointments, signals from the public.
//!
//! None of it causes orders in this world; bigger accounts are visited more, which is the trap a model must not fall
//! into.

use super::{
    account::{Account, Kind},
    calendar::Day,
    catalogue::{rep_id, team},
    draw::Draw,
    firm::contact_id,
    german::{CITIES, slug},
    market::{INDUSTRIES, PRODUCT_GROUPS},
    table::{Cents, table},
    world::World,
};

const TOPICS: [&str; 6] = ["Angebot", "Lieferung", "Neuheiten", "Reklamation", "Jahresgespräch", "Technik"];
const COMPETITORS: [&str; 4] = ["Nordwerk", "Handelshaus Berg", "Technikmarkt Süd", "Direktversand"];
const CHANCES: [&str; 3] = ["Neues Werk geplant", "Bündelung der Lieferanten", "Unzufrieden mit Wettbewerber"];
const RISKS: [&str; 3] = ["Preisdruck", "Entscheider wechselt", "Budget nicht freigegeben"];
const SIGNALS: [(&str, &str); 5] = [
    ("website", "Neue Produktlinie vorgestellt"),
    ("annual_report", "Umsatz im Geschäftsbericht"),
    ("association", "Vortrag beim Branchenverband"),
    ("forum", "Erfahrungen im Fachforum"),
    ("social", "Stellenanzeigen veröffentlicht"),
];
/// Probability that a newsletter is opened by an account of average contentment, and that who opens it clicks.
const OPEN_RATE: f64 = 0.3;
const CLICK_RATE: f64 = 0.25;
/// Part of the signals that name a product group of ours.
const NAMING_SHARE: f64 = 0.25;
const OPPORTUNITY_RATE: f64 = 0.05;
const SIGNAL_RATE: f64 = 0.03;
const APPOINTMENT_RATE: f64 = 0.05;

table! {
    /// A contact with the customer.
    InteractionRow is "interactions" by () {
        customer_id: String,
        happened_on: Day,
        channel: &'static str,
        contact_id: String,
        rep_id: String,
        direction: &'static str,
        outcome: Option<&'static str>,
        topic: &'static str,
    }
}

table! {
    /// A state of an opportunity. Amounts in EUR.
    OpportunityRow is "opportunities" by (opportunity_id) {
        opportunity_id: String,
        customer_id: String,
        opened_on: Day,
        closed_on: Option<Day>,
        stage: &'static str,
        amount: Cents,
        probability: f64,
        decision_expected_on: Day,
        competitor: Option<&'static str>,
        chance: Option<&'static str>,
        risk: Option<&'static str>,
    }
}

table! {
    /// Something seen in public.
    SignalRow is "public_signals" by () {
        customer_id: String,
        observed_on: Day,
        source: &'static str,
        topic: &'static str,
        sentiment: f64,
        text: String,
        url: String,
    }
}

table! {
    /// A visit that is agreed or wanted.
    AppointmentRow is "appointments" by (rep_id, customer_id, planned_on) {
        rep_id: String,
        customer_id: String,
        planned_on: Day,
        kind: &'static str,
        reason: Option<&'static str>,
    }
}

fn rep_of(account: &Account) -> String {
    rep_id(team(account.index), CITIES[account.city].region)
}

/// The account's contacts with us, by day.
pub(super) fn interactions(world: &World, account: &Account) -> Vec<InteractionRow> {
    if account.kind != Kind::Customer {
        return Vec::new();
    }
    let mut draw = world.stream("interactions", account.index);
    let mut letters = world.stream("newsletters", account.index);
    let open_rate = (OPEN_RATE * (0.2 * account.satisfaction).exp()).min(0.9);
    let mut rows = Vec::new();
    for month in account.months_alive(world) {
        let calendar = &world.calendar[month];
        let weight = (account.wallet * account.share(month) / 24_000.0).min(4.0);
        let newsletter = if calendar.month.of_year() % 3 == 0 { 0.9 } else { 0.0 };
        let channels = [
            ("visit", 0.08 + 0.10 * weight),
            ("call", 0.20 + 0.15 * weight),
            ("email", 0.30),
            ("newsletter", newsletter),
            ("ticket", 0.04),
            ("social", 0.01),
            ("event", 0.01),
        ];
        let of_month = rows.len();
        for (channel, rate) in channels {
            let times = if channel == "newsletter" { u32::from(draw.chance(rate)) } else { draw.poisson(rate) };
            for _ in 0..times {
                let inbound = channel == "ticket" || (channel != "newsletter" && draw.chance(0.3));
                let outcome = match channel {
                    "visit" | "call" => {
                        Some(draw.pick(&["Angebot gewünscht", "kein Bedarf", "Wiedervorlage", "nicht erreicht"]))
                    }
                    "newsletter" if letters.chance(open_rate) => {
                        Some(if letters.chance(CLICK_RATE) { "geklickt" } else { "geöffnet" })
                    }
                    _ => None,
                };
                let happened_on = draw.pick(&calendar.weekdays);
                let known_at = match channel {
                    "visit" => happened_on.plus(draw.between(0, 4)),
                    // what came of it is collected a week later
                    "newsletter" => happened_on.plus(7),
                    _ => happened_on,
                };
                rows.push(InteractionRow {
                    customer_id: account.id(),
                    happened_on,
                    channel,
                    contact_id: contact_id(account, 1),
                    rep_id: rep_of(account),
                    direction: if inbound { "in" } else { "out" },
                    outcome,
                    topic: draw.pick(&TOPICS),
                    known_at,
                });
            }
        }
        rows[of_month..].sort_by_key(|row| row.happened_on);
    }
    rows
}

/// The account's opportunities, each with every stage it went through.
pub(super) fn opportunities(world: &World, account: &Account) -> Vec<OpportunityRow> {
    if account.kind != Kind::Customer {
        return Vec::new();
    }
    let mut draw = world.stream("opportunities", account.index);
    let mut rows = Vec::new();
    let mut number = 0;
    for month in account.months_alive(world) {
        if !draw.chance(OPPORTUNITY_RATE) {
            continue;
        }
        number += 1;
        let opened = draw.pick(&world.calendar[month].weekdays);
        let hundreds = (account.revenue(world, month) * 1.5 * draw.lognormal(0.8) / 100.0).ceil();
        let mut now = OpportunityRow {
            opportunity_id: format!("C{}-{number}", account.index + 1),
            customer_id: account.id(),
            opened_on: opened,
            closed_on: None,
            stage: "qualification",
            amount: Cents(hundreds as i64 * 10_000),
            probability: 0.1,
            decision_expected_on: opened.plus(draw.between(40, 180)),
            competitor: draw.chance(0.4).then(|| draw.pick(&COMPETITORS)),
            chance: draw.chance(0.5).then(|| draw.pick(&CHANCES)),
            risk: draw.chance(0.4).then(|| draw.pick(&RISKS)),
            known_at: opened,
        };
        rows.push(now.clone());
        let won = draw.chance(0.3);
        let last_stage = if won { 2 } else { draw.between(0, 2) };
        for (stage, probability) in [("offer", 0.4), ("negotiation", 0.6)].into_iter().take(last_stage as usize) {
            let day = now.known_at.plus(draw.between(7, 45));
            now = OpportunityRow { stage, probability, known_at: day, ..now };
            rows.push(now.clone());
        }
        let closed = now.known_at.plus(draw.between(7, 60));
        let (stage, probability) = if won { ("won", 1.0) } else { ("lost", 0.0) };
        rows.push(OpportunityRow { stage, probability, closed_on: Some(closed), known_at: closed, ..now });
    }
    rows
}

/// What was seen of the account in public.
pub(super) fn public_signals(world: &World, account: &Account) -> Vec<SignalRow> {
    if account.kind != Kind::Customer {
        return Vec::new();
    }
    let mut draw = world.stream("signals", account.index);
    let mut names = world.stream("named groups", account.index);
    let weights = INDUSTRIES[account.industry].affinity.iter().scan(0.0, |sum, weight| {
        *sum += weight;
        Some(*sum)
    });
    let weights: Vec<f64> = weights.collect();
    let mut rows = Vec::new();
    for month in account.months_alive(world) {
        for _ in 0..draw.poisson(SIGNAL_RATE) {
            let observed_on = draw.pick(&world.calendar[month].weekdays);
            let (source, text) = draw.pick(&SIGNALS);
            // what companies like this one need, ours or not
            let group = PRODUCT_GROUPS[names.weighted(&weights)].name;
            let named = names.chance(NAMING_SHARE).then(|| format!("{text}: Bedarf an {group}"));
            rows.push(SignalRow {
                customer_id: account.id(),
                observed_on,
                source,
                topic: draw.pick(&["Wachstum", "Investition", "Personal", "Service"]),
                sentiment: ((0.3 + 0.4 * draw.normal()).clamp(-1.0, 1.0) * 100.0).round() / 100.0,
                text: named.unwrap_or_else(|| text.to_owned()),
                url: format!("https://{source}.example/{}/{}", slug(&account.id()), observed_on.0),
                known_at: observed_on.plus(draw.between(0, 10)),
            });
        }
    }
    rows
}

/// Visits planned for the months of the history and the one after it.
pub(super) fn appointments(world: &World, account: &Account) -> Vec<AppointmentRow> {
    if account.kind != Kind::Customer {
        return Vec::new();
    }
    let mut draw = world.stream("appointments", account.index);
    let mut rows: Vec<AppointmentRow> = Vec::new();
    for month in account.months_alive(world).map(|m| m + 1) {
        if draw.chance(APPOINTMENT_RATE) {
            rows.push(appointment(world, account, month, &mut draw));
        }
    }
    rows
}

fn appointment(world: &World, account: &Account, month: usize, draw: &mut Draw) -> AppointmentRow {
    let planned_on = draw.pick(&world.calendar[month].weekdays);
    let pinned = draw.chance(0.3);
    AppointmentRow {
        rep_id: rep_of(account),
        customer_id: account.id(),
        planned_on,
        kind: if pinned { "pinned" } else { "fixed" },
        reason: pinned.then(|| draw.pick(&["Jahresgespräch", "Reklamation klären", "Neuer Ansprechpartner"])),
        known_at: planned_on.plus(-draw.between(5, 25)).max(world.calendar[month - 1].first),
    }
}
