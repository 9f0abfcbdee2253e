//! What our own employees say about the bigger accounts, once a year, on potential, relationship and willingness.
//!
//! Ratings follow the truth with much noise, and each rater is stricter or kinder than others, always by the same
//! amount, which an evaluation has to take out.

use super::{
    account::{Account, Kind},
    calendar::Day,
    catalogue::team,
    draw::Draw,
    german::CITIES,
    table::table,
    world::World,
};

/// Calendar month of the yearly round.
const ROUND_MONTH: i32 = 10;
/// Accounts that spend at least so much with us a year are judged: roughly A and B.
const LEAST_REVENUE: f64 = 20_000.0;
/// Raters of a region, and how many of them judge an account.
const RATERS: usize = 6;
const RATERS_PER_ACCOUNT: (i32, i32) = (3, 5);
const SEVERITY_SD: f64 = 0.9;
/// Log of the yearly wallet that is rated in the middle of the scale.
const MIDDLE_WALLET: f64 = 11.0;

table! {
    /// One employee's answer about one account.
    StaffRow is "staff_answers" by (round, customer_id, rater) {
        round: String,
        customer_id: String,
        rater: String,
        answered_on: Day,
        potential: i64,
        relationship: i64,
        willingness: i64,
    }
}

/// All answers about the account.
pub(super) fn staff_answers(world: &World, account: &Account) -> Vec<StaffRow> {
    if account.kind != Kind::Customer {
        return Vec::new();
    }
    let mut draw = world.stream("staff", account.index);
    let late_payer = f64::from(u8::from(account.payment_delay.0 > 8.0));
    let mut rows = Vec::new();
    for month in account.months_alive(world) {
        let calendar = &world.calendar[month];
        if calendar.month.of_year() != ROUND_MONTH || account.wallet * account.share(month) < LEAST_REVENUE {
            continue;
        }
        let first = draw.between(0, RATERS as i32 - 1) as usize;
        for k in 0..draw.between(RATERS_PER_ACCOUNT.0, RATERS_PER_ACCOUNT.1) as usize {
            let (rater, severity) = rater(world, account, (first + k) % RATERS);
            let rate = |middle: f64, noise: f64| (middle + severity + noise).round().clamp(0.0, 10.0) as i64;
            let answered = draw.pick(&calendar.weekdays);
            rows.push(StaffRow {
                round: calendar.month.to_string(),
                customer_id: account.id(),
                rater,
                answered_on: answered,
                potential: rate(5.0 + 1.3 * (account.wallet.ln() - MIDDLE_WALLET), 1.4 * draw.normal()),
                relationship: rate(6.0 + 1.1 * account.satisfaction, 1.2 * draw.normal()),
                willingness: rate(6.5 + 0.8 * account.satisfaction - late_payer, 1.3 * draw.normal()),
                known_at: answered,
            });
        }
    }
    rows
}

/// The pseudonym of a rater in the account's region and team, and how kind he or she is.
fn rater(world: &World, account: &Account, number: usize) -> (String, f64) {
    let purpose = format!("simulate/rater/{}/{}/{number}", team(account.index), CITIES[account.city].region);
    let pseudonym = format!("r{:012x}", world.company.seed.derive(&purpose).0 >> 16);
    (pseudonym, SEVERITY_SD * Draw::of(world.company.seed, &purpose).normal())
}
