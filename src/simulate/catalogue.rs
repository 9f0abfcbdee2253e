//! Tables that belong to the company rather than to an account: products, representatives, exchange rates.

use super::{
    calendar::Day,
    draw::Draw,
    german::{CITIES, REGIONS, person},
    market::PRODUCT_GROUPS,
    table::table,
    world::World,
};

/// Accounts, in the order of the customer file, that share one team of representatives and raters: a representative
/// for each region, so about 250 accounts each.
const ACCOUNTS_PER_TEAM: usize = 2_000;

table! {
    /// A product.
    ProductRow is "products" by (product_id) {
        product_id: String,
        name: String,
        product_group: &'static str,
    }
}

table! {
    /// A representative.
    RepRow is "reps" by (rep_id) {
        rep_id: String,
        name: String,
        hours_per_month: f64,
        latitude: f64,
        longitude: f64,
    }
}

table! {
    /// EUR for one unit of a currency in a month.
    FxRow is "fx_rates" by (month, currency) {
        month: String,
        currency: &'static str,
        rate: f64,
    }
}

/// Known long before the first order.
fn from_the_start(world: &World) -> Day {
    world.calendar[0].first.plus(-6_000)
}

/// All products.
pub(super) fn products(world: &World) -> Vec<ProductRow> {
    world
        .market
        .products
        .iter()
        .map(|product| ProductRow {
            product_id: product.id.clone(),
            name: product.name.clone(),
            product_group: PRODUCT_GROUPS[product.group].name,
            known_at: from_the_start(world),
        })
        .collect()
}

/// The team in charge of an account.
pub(super) const fn team(account: usize) -> usize {
    account / ACCOUNTS_PER_TEAM
}

/// The representative of a region in a team.
pub(super) fn rep_id(team: usize, region: usize) -> String {
    format!("V{:03}", team * REGIONS.len() + region + 1)
}

/// All representatives, at home in the first city of their region.
pub(super) fn reps(world: &World) -> Vec<RepRow> {
    let teams = team(world.company.accounts - 1) + 1;
    let of_team = |team: usize| {
        (0..REGIONS.len()).map(move |region| {
            let mut draw = Draw::of(world.company.seed, &format!("simulate/rep/{team}/{region}"));
            let (first, last) = person(&mut draw);
            let home = CITIES.iter().find(|city| city.region == region);
            RepRow {
                rep_id: rep_id(team, region),
                name: format!("{first} {last}"),
                hours_per_month: f64::from(draw.pick(&[100, 120, 120, 140])),
                latitude: home.map_or(0.0, |city| city.latitude),
                longitude: home.map_or(0.0, |city| city.longitude),
                known_at: from_the_start(world),
            }
        })
    };
    (0..teams).flat_map(of_team).collect()
}

/// The rates of each month of the history, known from its first day.
pub(super) fn fx_rates(world: &World) -> Vec<FxRow> {
    let months = world.calendar.iter().zip(&world.chf_rates).take(world.months());
    months
        .map(|(calendar, rate)| FxRow {
            month: calendar.month.to_string(),
            currency: "CHF",
            rate: *rate,
            known_at: calendar.first,
        })
        .collect()
}
