//! The customer file: firmographics with gaps that are filled over time, a status that changes, and contacts that come,
//! are confirmed and leave.

use super::{
    account::{Account, Fate, Kind},
    calendar::Day,
    catalogue::{rep_id, team},
    draw::Draw,
    german::{CITIES, REGIONS, company_name, person, phone, slug, street},
    market::INDUSTRIES,
    table::{Cents, table},
    world::World,
};

const EMPLOYEES_MISSING: f64 = 0.06;
const INDUSTRY_MISSING: f64 = 0.02;
const WEBSITE_MISSING: f64 = 0.25;
const TURNOVER_KNOWN: f64 = 0.5;
/// Turnover per employee, in units of currency.
const TURNOVER_PER_HEAD: f64 = 160_000.0;
/// Part of the accounts that are asked, once, how much of their demand they buy from us.
const SHARE_STATED: f64 = 0.2;
const ROLES: [&str; 6] = ["buyer", "decider", "user", "influencer", "initiator", "gatekeeper"];

table! {
    /// A state of a customer's record.
    CustomerRow is "customers" by (customer_id) {
        customer_id: String,
        name: String,
        vat_id: Option<String>,
        street: String,
        postal_code: &'static str,
        city: &'static str,
        country: &'static str,
        website: Option<String>,
        phone: String,
        email: String,
        industry: Option<&'static str>,
        employees: Option<i64>,
        annual_revenue: Option<Cents>,
        region: &'static str,
        rep_id: String,
        customer_since: Day,
        latitude: f64,
        longitude: f64,
        stated_share_of_wallet: Option<f64>,
        status: &'static str,
        status_since: Day,
    }
}

table! {
    /// A state of a contact.
    ContactRow is "contacts" by (contact_id) {
        contact_id: String,
        customer_id: String,
        full_name: String,
        role: &'static str,
        email: String,
        phone: String,
        last_confirmed_on: Day,
        left_on: Option<Day>,
    }
}

/// What the customer file learns later.
enum Update {
    Employees(i64),
    Industry(&'static str),
    StatedShare(f64),
    Status(&'static str, Day),
}

/// The account's record with all its states.
pub(super) fn customer(world: &World, account: &Account) -> Vec<CustomerRow> {
    let mut draw = world.stream("customer", account.index);
    let city = &CITIES[account.city];
    let industry = &INDUSTRIES[account.industry];
    let (name, status) = match account.kind {
        Kind::Customer => (company_name(&mut draw, industry.word, city.country), "active"),
        Kind::Collective => (format!("Barverkauf Filiale {}", city.name), "collective"),
        Kind::Internal => (format!("Eigenverbrauch Lager {}", city.name), "internal"),
    };
    let is_company = account.kind == Kind::Customer;
    let domain = format!("{}.example", slug(&name));
    let turnover = account.employees as f64 * TURNOVER_PER_HEAD * draw.lognormal(0.4);
    let employees_missing = draw.chance(EMPLOYEES_MISSING);
    let industry_missing = draw.chance(INDUSTRY_MISSING);
    let first = CustomerRow {
        customer_id: account.id(),
        vat_id: (is_company && draw.chance(0.9)).then(|| vat_id(city.country, account.index)),
        street: street(&mut draw),
        postal_code: city.postal_code,
        city: city.name,
        country: city.country,
        website: (is_company && !draw.chance(WEBSITE_MISSING)).then(|| format!("https://www.{domain}")),
        phone: phone(&mut draw),
        email: format!("info@{domain}"),
        industry: (is_company && !industry_missing).then_some(industry.name),
        employees: (is_company && !employees_missing).then_some(account.employees),
        annual_revenue: (is_company && draw.chance(TURNOVER_KNOWN))
            .then(|| Cents((turnover / 1e4).round() as i64 * 1_000_000)),
        region: REGIONS[city.region],
        rep_id: rep_id(team(account.index), city.region),
        customer_since: account.since,
        latitude: city.latitude + 0.05 * draw.normal(),
        longitude: city.longitude + 0.08 * draw.normal(),
        stated_share_of_wallet: None,
        status,
        status_since: account.since,
        known_at: account.since,
        name,
    };
    if !is_company {
        return vec![first];
    }
    let updates = updates(world, account, [employees_missing, industry_missing], &mut draw);
    let mut rows = vec![first];
    for (day, update) in updates {
        let last = &rows[rows.len() - 1];
        let mut row = CustomerRow { known_at: day.max(last.known_at.plus(1)), ..last.clone() };
        match update {
            Update::Employees(employees) => row.employees = Some(employees),
            Update::Industry(industry) => row.industry = Some(industry),
            Update::StatedShare(share) => row.stated_share_of_wallet = Some(share),
            Update::Status(status, since) => (row.status, row.status_since) = (status, since),
        }
        rows.push(row);
    }
    rows
}

/// What the customer file learns of the account, by day: gaps that are filled, its stated share of wallet, how it left.
fn updates(world: &World, account: &Account, gaps: [bool; 2], draw: &mut Draw) -> Vec<(Day, Update)> {
    let [employees, industry] = [0, 1].map(|gap| {
        let found = draw.chance(0.5);
        some_month(world, account, draw).map(|(_, day)| day).filter(|_| gaps[gap] && found)
    });
    let asked = draw.chance(SHARE_STATED);
    let noise = 0.07 * draw.normal();
    let stated = some_month(world, account, draw).filter(|_| asked).map(|(month, day)| {
        let share = (account.share(month) + noise).clamp(0.05, 1.0);
        (day, Update::StatedShare((share * 20.0).round() / 20.0))
    });
    let mut updates: Vec<(Day, Update)> = stated.into_iter().collect();
    updates.extend(employees.map(|day| (day, Update::Employees(account.employees))));
    updates.extend(industry.map(|day| (day, Update::Industry(INDUSTRIES[account.industry].name))));
    if let Some(gone) = account.gone_from {
        let first = world.calendar[gone].first;
        match account.fate {
            Fate::Quiet => {}
            Fate::Insolvent => {
                let since = first.plus(draw.between(0, 40));
                updates.push((since.plus(draw.between(3, 20)), Update::Status("insolvent", since)));
            }
            Fate::Blocked => {
                let since = first.plus(draw.between(90, 200));
                updates.push((since.plus(draw.between(0, 2)), Update::Status("blocked", since)));
            }
        }
    }
    updates.sort_by_key(|(day, _)| *day);
    updates
}

/// The account's contacts, each with all its states. The first is there from the start.
pub(super) fn contacts(world: &World, account: &Account) -> Vec<ContactRow> {
    if account.kind != Kind::Customer {
        return Vec::new();
    }
    let count = 1 + world.stream("contacts", account.index).poisson(1.2).min(4);
    (1..=count).flat_map(|number| contact(world, account, number)).collect()
}

fn contact(world: &World, account: &Account, number: u32) -> Vec<ContactRow> {
    let mut draw = world.stream(&format!("contact/{number}"), account.index);
    let (first_name, surname) = person(&mut draw);
    let role = ROLES[(number as usize - 1 + draw.poisson(0.5) as usize) % ROLES.len()];
    let phone = phone(&mut draw);
    let met = some_month(world, account, &mut draw).map(|(_, day)| day);
    let Some(added) = (if number == 1 { Some(account.since) } else { met }) else { return Vec::new() };
    let leaves = draw.chance(0.15);
    let left = some_month(world, account, &mut draw).map(|(_, day)| day).filter(|day| leaves && *day > added);
    let with_us = account.months_alive(world).end - 1;
    let until = left.unwrap_or(world.calendar[with_us].last);

    let mut now = ContactRow {
        contact_id: contact_id(account, number),
        customer_id: account.id(),
        full_name: format!("{first_name} {surname}"),
        role,
        email: format!("{}.{}@{}.example", slug(first_name), slug(surname), account.id().to_lowercase()),
        phone,
        last_confirmed_on: added,
        left_on: None,
        known_at: added,
    };
    let noticed_after = draw.between(0, 90);
    let mut rows = vec![now.clone()];
    loop {
        let confirmed = now.known_at.plus(60 + (350.0 * draw.exponential()) as i32);
        if confirmed >= until {
            break;
        }
        now = ContactRow { last_confirmed_on: confirmed, known_at: confirmed, ..now };
        rows.push(now.clone());
    }
    if let Some(day) = left {
        let noticed = day.plus(noticed_after).max(now.known_at.plus(1));
        rows.push(ContactRow { left_on: Some(day), known_at: noticed, ..now });
    }
    rows
}

/// Number of the account's `number`-th contact, from 1.
pub(super) fn contact_id(account: &Account, number: u32) -> String {
    format!("{}-C{number}", account.id())
}

/// A month from the account's first on, and a working day in it; none if the account has left by then.
///
/// Drawn from all months of the history: were it drawn from the account's own, the days would foretell its leaving.
fn some_month(world: &World, account: &Account, draw: &mut Draw) -> Option<(usize, Day)> {
    let month = draw.between(account.first_month as i32, world.months() as i32 - 1) as usize;
    let day = draw.pick(&world.calendar[month].weekdays);
    account.is_alive(month).then_some((month, day))
}

/// A tax number with the check digit of its country, another for every account.
fn vat_id(country: &str, index: usize) -> String {
    let digits = |number: usize, length: usize| -> Vec<u32> {
        format!("{number:0length$}").bytes().map(|digit| u32::from(digit - b'0')).collect()
    };
    match country {
        "AT" => {
            let number = 1_000_000 + index % 9_000_000;
            let doubled = |digit: u32| digit / 5 + digit * 2 % 10;
            let sum: u32 =
                digits(number, 7).iter().zip(0..).map(|(&d, at)| if at % 2 == 1 { doubled(d) } else { d }).sum();
            format!("ATU{number}{}", (10 - (sum + 4) % 10) % 10)
        }
        "CH" => {
            // a remainder of 10 has no digit; of two neighbours one can be taken
            let check = |number: usize| {
                let weights = [5, 4, 3, 2, 7, 6, 5, 4];
                (11 - digits(number, 8).iter().zip(weights).map(|(d, weight)| d * weight).sum::<u32>() % 11) % 11
            };
            let first = 10_000_000 + 2 * (index % 45_000_000);
            let number = if check(first) < 10 { first } else { first + 1 };
            format!("CHE{number}{}", check(number))
        }
        _ => {
            let number = 10_000_000 + index % 90_000_000;
            let product = digits(number, 8).iter().fold(10, |product, digit| match (product + digit) % 10 {
                0 => 20 % 11,
                sum => sum * 2 % 11,
            });
            format!("DE{number}{}", (11 - product) % 10)
        }
    }
}
