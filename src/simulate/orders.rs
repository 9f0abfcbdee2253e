//! Order lines: Poisson orders at the account's rhythm, lognormal values, product groups by affinity, returns, margins,
//! and a few lines that are booked late.
//!
//! Expected net revenue of a month is exactly the account's share of that month's wallet, returns deducted; the truth
//! relies on it.

use std::{fmt::Write, ops::Range};

use polars::prelude::*;

use super::{
    account::Account,
    calendar::Day,
    draw::Draw,
    german::CITIES,
    market::{GROUPS, PRODUCT_GROUPS, PRODUCTS_PER_GROUP},
    table::{Cell, Cents, Row},
    world::World,
};

/// Mean lines of an order where no number of lines is wanted.
pub(super) const LINES_PER_ORDER: f64 = 3.0;
/// Probability that a line is returned, in full.
pub(super) const RETURN_RATE: f64 = 0.03;
/// Days after which a line comes back, from and to, all alike.
const RETURN_AFTER: Range<i32> = 3..22;
/// Standard deviation of the logarithm of order values.
const VALUE_SIGMA: f64 = 0.7;
/// Probability that a line is booked late.
const LATE_RATE: f64 = 0.03;
/// Days by which a late line is late, from and to.
const LATE_BY: (i32, i32) = (3, 45);

/// A line of an order, or of its return.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OrderLine {
    account: u32,
    /// Number of the order within the account.
    pub(super) order: u32,
    line: u32,
    product: u16,
    /// Day of the order, or of the return.
    pub(super) ordered_on: Day,
    quantity: i32,
    /// Net revenue in `currency`; negative for returns.
    pub(super) net: Cents,
    cost: Cents,
    currency: &'static str,
    /// Day of booking.
    pub(super) known_at: Day,
}

/// The account's lines over the whole history, by day, order and line; amounts in EUR.
pub(super) fn order_lines(world: &World, account: &Account) -> Vec<OrderLine> {
    let mut draw = world.stream("orders", account.index);
    let mut lines = Vec::new();
    let mut order = 0;
    for month in account.months_alive(world) {
        let season = world.season(account.industry, month);
        let pace = account.rhythm * world.order_scale;
        let value = account.revenue(world, month) / season / pace / (1.0 - RETURN_RATE);
        let cumulative = group_weights(account, month);
        let calendar = &world.calendar[month];
        let mut days: Vec<Day> = (0..draw.poisson(pace * season)).map(|_| draw.pick(&calendar.weekdays)).collect();
        days.sort_unstable();
        for day in days {
            order += 1;
            let total = Cents::from_units(value * draw.lognormal(VALUE_SIGMA));
            let count = 1 + draw.poisson(world.lines_per_order - 1.0);
            let amounts = split(total, count, &mut draw);
            let mut returned = Vec::new();
            for (line, net) in (1..).zip(amounts) {
                let line = OrderLine {
                    ordered_on: day,
                    order,
                    line,
                    ..sale(world, account, net, month, &cumulative, &mut draw)
                };
                if draw.chance(RETURN_RATE) {
                    let back = day.plus(draw.between(RETURN_AFTER.start, RETURN_AFTER.end - 1));
                    let back = if world.is_noise() { back.min(calendar.last) } else { back };
                    returned.push((back, line.clone()));
                }
                lines.push(booked(line, &mut draw));
            }
            for (number, (back, line)) in (count + 1..).zip(returned) {
                let undone = OrderLine {
                    line: number,
                    ordered_on: back,
                    quantity: -line.quantity,
                    net: Cents(-line.net.0),
                    cost: Cents(-line.cost.0),
                    ..line
                };
                lines.push(booked(undone, &mut draw));
            }
        }
    }
    lines.sort_unstable_by_key(|line| (line.ordered_on, line.order, line.line));
    lines
}

/// Turns the lines of Swiss accounts into francs, where the company has asked for a second currency.
pub(super) fn in_own_currency(world: &World, account: &Account, lines: &mut [OrderLine]) {
    if !world.company.foreign_currency || CITIES[account.city].country != "CH" {
        return;
    }
    let mut month = 0;
    for line in lines {
        // Lines are sorted by day; a return after the longest horizon keeps the last rate.
        while month + 1 < world.calendar.len() && line.ordered_on > world.calendar[month].last {
            month += 1;
        }
        let rate = world.chf_rates[month];
        line.net = Cents::from_units(line.net.units() / rate);
        line.cost = Cents::from_units(line.cost.units() / rate);
        line.currency = "CHF";
    }
}

/// Share of the returns of a month's orders that come back in the month after.
pub(super) fn carried_over(world: &World, month: usize) -> f64 {
    if world.is_noise() {
        return 0.0;
    }
    let calendar = &world.calendar[month];
    let after: usize =
        calendar.weekdays.iter().map(|day| RETURN_AFTER.filter(|&delay| day.plus(delay) > calendar.last).count()).sum();
    after as f64 / (calendar.weekdays.len() * RETURN_AFTER.len()) as f64
}

/// Cumulative weights of the groups the account buys from us in a month.
fn group_weights(account: &Account, month: usize) -> [f64; GROUPS] {
    let mut sum = 0.0;
    std::array::from_fn(|group| {
        if account.adopted[group] <= month {
            sum += account.group_weights[group];
        }
        sum
    })
}

/// Splits an amount at random into `count` positive ones.
fn split(total: Cents, count: u32, draw: &mut Draw) -> Vec<Cents> {
    let free = (total.0 - i64::from(count)).max(0);
    let weights: Vec<f64> = (0..count).map(|_| draw.exponential()).collect();
    let sum: f64 = weights.iter().sum();
    let (mut upto, mut spent) = (0.0, 0);
    weights
        .iter()
        .map(|weight| {
            upto += weight;
            let edge = (free as f64 * (upto / sum)).round() as i64;
            let part = edge - spent;
            spent = edge;
            Cents(part + 1)
        })
        .collect()
}

fn sale(
    world: &World,
    account: &Account,
    net: Cents,
    month: usize,
    cumulative: &[f64; GROUPS],
    draw: &mut Draw,
) -> OrderLine {
    let group = draw.weighted(cumulative);
    // Each account has its own favourites within a group; the favourite sells about three times as often as the last.
    let rank = (draw.uniform() * draw.uniform().sqrt() * PRODUCTS_PER_GROUP as f64) as usize;
    let favourite = if world.is_noise() { 0 } else { account.index + 7 * group };
    let product = group * PRODUCTS_PER_GROUP + (rank + favourite) % PRODUCTS_PER_GROUP;
    let price = world.market.products[product].price * world.price_level(month);
    let margin = PRODUCT_GROUPS[group].margin - account.discount + 0.03 * draw.normal();
    OrderLine {
        account: account.index as u32,
        order: 0,
        line: 0,
        product: product as u16,
        ordered_on: world.calendar[month].first,
        quantity: (net.units() / price).round().max(1.0) as i32,
        net,
        cost: Cents::from_units(net.units() * (1.0 - margin)),
        currency: "EUR",
        known_at: world.calendar[month].first,
    }
}

/// The line with the day on which it is booked.
fn booked(line: OrderLine, draw: &mut Draw) -> OrderLine {
    let late = if draw.chance(LATE_RATE) { draw.between(LATE_BY.0, LATE_BY.1) } else { 0 };
    OrderLine { known_at: line.ordered_on.plus(late), ..line }
}

impl Row for OrderLine {
    const TABLE: &'static str = "order_lines";

    fn known_at(&self) -> Day {
        self.known_at
    }

    fn is_state_of(&self, _: &Self) -> bool {
        false
    }

    fn frame(rows: &[Self]) -> PolarsResult<DataFrame> {
        let mut text = String::new();
        let mut texts = |name: &'static str, write: &dyn Fn(&Self, &mut String)| {
            let mut builder = StringChunkedBuilder::new(name.into(), rows.len());
            for row in rows {
                text.clear();
                write(row, &mut text);
                builder.append_value(&text);
            }
            builder.finish().into_series().into_column()
        };
        let order = texts("order_id", &|row, text| _ = write!(text, "{}-{}", row.account + 1, row.order));
        let customer = texts("customer_id", &|row, text| _ = write!(text, "K{:07}", row.account + 1));
        let product = texts("product_id", &|row, text| {
            let (group, k) =
                (usize::from(row.product) / PRODUCTS_PER_GROUP, usize::from(row.product) % PRODUCTS_PER_GROUP);
            _ = write!(text, "P-{:02}{k:02}", group + 1);
        });
        let group = |row: &Self| PRODUCT_GROUPS[usize::from(row.product) / PRODUCTS_PER_GROUP].name;
        DataFrame::new(
            rows.len(),
            vec![
                order,
                customer,
                Cell::column("ordered_on", rows.iter().map(|row| row.ordered_on).collect::<Vec<_>>())?,
                Cell::column("line_number", rows.iter().map(|row| i64::from(row.line)).collect::<Vec<_>>())?,
                product,
                Cell::column("product_group", rows.iter().map(group).collect::<Vec<_>>())?,
                Cell::column("quantity", rows.iter().map(|row| i64::from(row.quantity)).collect::<Vec<_>>())?,
                Cell::column("net_revenue", rows.iter().map(|row| row.net).collect::<Vec<_>>())?,
                Cell::column("cost", rows.iter().map(|row| row.cost).collect::<Vec<_>>())?,
                Cell::column("currency", rows.iter().map(|row| row.currency).collect::<Vec<_>>())?,
                Cell::column("known_at", rows.iter().map(|row| row.known_at).collect::<Vec<_>>())?,
            ],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::Company;

    #[test]
    fn splitting_an_order_loses_no_cent() {
        let mut draw = Draw::of(crate::domain::Seed(3), "split");
        for count in 1..9 {
            let parts = split(Cents(12_345), count, &mut draw);
            assert_eq!(parts.iter().map(|part| part.0).sum::<i64>(), 12_345);
            assert!(parts.iter().all(|part| part.0 > 0));
        }
    }

    #[test]
    fn orders_are_poisson_at_the_rhythm_and_a_few_lines_are_returned_or_late() {
        let world =
            World::new(&Company { accounts: 400, months: 36, seasonality: false, ..Company::default() }).unwrap();
        let (mut orders, mut expected, mut lines, mut returned, mut late) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for index in 0..400 {
            let account = Account::draw(&world, index);
            expected += account.rhythm * account.months_alive(&world).len() as f64;
            let all = order_lines(&world, &account);
            orders += f64::from(all.iter().map(|line| line.order).max().unwrap_or(0));
            lines += all.len() as f64;
            returned += all.iter().filter(|line| line.net.0 < 0).count() as f64;
            late += all.iter().filter(|line| line.known_at > line.ordered_on).count() as f64;
        }
        assert!((orders / expected - 1.0).abs() < 0.03, "{orders} orders, expected {expected}");
        assert!((returned / (lines - returned) - RETURN_RATE).abs() < 0.005, "{returned} of {lines}");
        assert!((late / lines - LATE_RATE).abs() < 0.005, "{late} of {lines}");
    }

    #[test]
    fn a_wanted_number_of_lines_is_met_without_touching_revenue() {
        let company = Company { accounts: 200, months: 36, lines: Some(150_000), ..Company::default() };
        let world = World::new(&company).unwrap();
        let (mut lines, mut revenue, mut expected) = (0.0, 0.0, 0.0);
        for index in 0..200 {
            let account = Account::draw(&world, index);
            expected += account.months_alive(&world).map(|month| account.revenue(&world, month)).sum::<f64>();
            let all = order_lines(&world, &account);
            lines += all.len() as f64;
            revenue += all.iter().map(|line| line.net.units()).sum::<f64>();
        }
        assert!((lines / 150_000.0 - 1.0).abs() < 0.03, "{lines} lines");
        assert!((revenue / expected - 1.0).abs() < 0.03, "{revenue} against {expected}");
    }
}
