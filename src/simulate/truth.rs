//! What no model may see: wallets, shares, the revenue to expect, and the headroom that follows.
//!
//! `headroom = max(0, 0.8 * wallet - E[Y | truth])` over the horizon. The oracle beside it knows only spread, b and the
//! account's mean revenue: the best any list can do with what can be known.

use super::{
    account::{Account, CHURN, Kind, SHARE_DRIFT, sigmoid},
    orders::{RETURN_RATE, carried_over},
    table::table,
    world::World,
};

/// The part of a wallet that one supplier can win.
pub(super) const ATTAINABLE_SHARE: f64 = 0.8;
/// Nodes and weights of the Gauss-Hermite rule of five points for a standard normal.
const NORMAL_RULE: [(f64, f64); 5] = [
    (0.0, 0.533_333_333_333),
    (1.355_626_179_974, 0.222_075_922_006),
    (-1.355_626_179_974, 0.222_075_922_006),
    (2.856_970_013_873, 0.011_257_411_328),
    (-2.856_970_013_873, 0.011_257_411_328),
];
/// Steps of the oracle's integral over the log wallet.
const ORACLE_STEPS: usize = 400;

table! {
    /// The truth of an account at the end of the as-of month. Money in EUR; wallets, revenue and headroom of a horizon
    /// are sums over its months, `wallet` is a year's at the as-of month's price level, without season; `known_at` is the
    /// as-of day.
    TruthRow is "truth" by () {
        customer_id: String,
        alive: bool,
        industry: &'static str,
        employees: i64,
        explained: f64,
        unexplained: f64,
        spread: f64,
        wallet: f64,
        share: f64,
        wallet_3: f64,
        wallet_12: f64,
        expected_3: f64,
        expected_12: f64,
        headroom_3: f64,
        headroom_12: f64,
        oracle_headroom_3: Option<f64>,
        oracle_headroom_12: Option<f64>,
    }
}

/// The truth of an account at the end of a month of the history; none for accounts that are no companies.
pub(super) fn truth(world: &World, account: &Account, month: usize) -> Option<TruthRow> {
    if account.kind != Kind::Customer || account.first_month > month {
        return None;
    }
    let alive = account.is_alive(month);
    let level = world.price_level(month);
    let share = if alive { account.share(month) } else { 0.0 };
    let [(wallet_3, expected_3), (wallet_12, expected_12)] = [3, 12]
        .map(|h| (account.wallet * demand(world, account, month, h), expected_revenue(world, account, month, h)));
    let oracle = |wallet: f64, expected: f64| {
        alive.then(|| oracle_headroom(world, account, share, wallet / account.wallet, expected))
    };
    Some(TruthRow {
        customer_id: account.id(),
        alive,
        industry: super::market::INDUSTRIES[account.industry].name,
        employees: account.employees,
        explained: account.explained,
        unexplained: account.unexplained,
        spread: world.company.spread,
        wallet: account.wallet * level,
        share,
        wallet_3,
        wallet_12,
        expected_3,
        expected_12,
        headroom_3: (ATTAINABLE_SHARE * wallet_3 - expected_3).max(0.0),
        headroom_12: (ATTAINABLE_SHARE * wallet_12 - expected_12).max(0.0),
        oracle_headroom_3: oracle(wallet_3, expected_3),
        oracle_headroom_12: oracle(wallet_12, expected_12),
        known_at: world.calendar[month].last,
    })
}

/// Years of wallet, at the first month's prices, that fall into the `horizon` months after `month`.
fn demand(world: &World, account: &Account, month: usize, horizon: usize) -> f64 {
    (month + 1..=month + horizon).map(|m| world.season(account.industry, m) * world.price_level(m) / 12.0).sum()
}

/// E[Y | truth]: net revenue of the `horizon` months after `month`, given the account's wallet, share and whether it is
/// still with us; over churn, drift of the share, orders and returns to come.
fn expected_revenue(world: &World, account: &Account, month: usize, horizon: usize) -> f64 {
    if !account.is_alive(month) {
        return 0.0;
    }
    let churn = if world.is_noise() { 0.0 } else { CHURN };
    let ordered = |k: usize| {
        let m = month + k;
        let demand = account.wallet / 12.0 * world.season(account.industry, m) * world.price_level(m);
        let share = if world.is_noise() { account.share(month) } else { drifted_share(account, month, k) };
        (1.0 - churn).powi(k as i32) * share * demand / (1.0 - RETURN_RATE)
    };
    let mut before = ordered(0);
    let mut carried = carried_over(world, month);
    let mut total = 0.0;
    for k in 1..=horizon {
        let (now, carries) = (ordered(k), carried_over(world, month + k));
        total += now - RETURN_RATE * (now * (1.0 - carries) + before * carried);
        (before, carried) = (now, carries);
    }
    total
}

/// Mean share of wallet `k` months ahead.
fn drifted_share(account: &Account, month: usize, k: usize) -> f64 {
    let (logit, sd) = (account.share_logit(month), SHARE_DRIFT * (k as f64).sqrt());
    NORMAL_RULE.iter().map(|(node, weight)| weight * sigmoid(logit + sd * node)).sum()
}

/// Posterior mean of the headroom for one who knows the explained part, spread and the account's mean revenue.
///
/// With `r = share * wallet` known, the density of the log wallet `u` is proportional to
/// `normal((u - explained) / spread) * s^2 * (1 - s)^2` with `s = r / exp(u)`, by the Beta(2, 3) of the share.
fn oracle_headroom(world: &World, account: &Account, share: f64, years: f64, expected: f64) -> f64 {
    let headroom = |wallet: f64| (ATTAINABLE_SHARE * wallet * years - expected).max(0.0);
    let spread = world.company.spread;
    if world.is_noise() || spread == 0.0 {
        return headroom(account.wallet);
    }
    let log_revenue = (share * account.wallet).ln();
    let low = log_revenue.max(account.explained - 6.0 * spread);
    let high = log_revenue.max(account.explained) + 6.0 * spread;
    let step = (high - low) / ORACLE_STEPS as f64;
    let (mut sum, mut mass) = (0.0, 0.0);
    for i in 0..ORACLE_STEPS {
        let u = low + (i as f64 + 0.5) * step;
        let s = (log_revenue - u).exp();
        let density = (-0.5 * ((u - account.explained) / spread).powi(2)).exp() * (s * (1.0 - s)).powi(2);
        mass += density;
        sum += density * headroom(u.exp());
    }
    if mass > 0.0 { sum / mass } else { headroom(account.wallet) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::{Company, orders::order_lines};

    /// Realised net revenue of the months after `month`, from the account's own lines.
    fn realised(world: &World, account: &Account, month: usize, horizon: usize) -> f64 {
        let (after, to) = (world.calendar[month].last, world.calendar[month + horizon].last);
        let lines = order_lines(world, account);
        lines.iter().filter(|l| l.ordered_on > after && l.ordered_on <= to).map(|l| l.net.units()).sum()
    }

    #[test]
    fn expected_revenue_is_what_the_orders_bring_on_average() {
        let company = Company { accounts: 6_000, months: 26, trend: 0.05, spread: 0.2, ..Company::default() };
        let world = World::new(&company).unwrap();
        for horizon in [3, 12] {
            let (mut sum, mut expected, mut variance) = (0.0, 0.0, 0.0);
            for index in 0..company.accounts {
                let account = Account::draw(&world, index);
                if account.is_alive(12) && account.wallet < 500_000.0 {
                    let (y, e) =
                        (realised(&world, &account, 12, horizon), expected_revenue(&world, &account, 12, horizon));
                    sum += y;
                    expected += e;
                    variance += (y - e).powi(2);
                }
            }
            let error = (sum - expected) / variance.sqrt();
            assert!(error.abs() < 3.0, "horizon {horizon}: {sum} against {expected}, {error} standard errors");
            assert!(variance.sqrt() / expected < 0.02, "the test can tell 6 % from nothing");
        }
    }

    #[test]
    fn headroom_is_the_attainable_wallet_beyond_expected_revenue() {
        let world = World::new(&Company { accounts: 300, months: 30, ..Company::default() }).unwrap();
        let rows: Vec<_> = (0..300).filter_map(|i| truth(&world, &Account::draw(&world, i), 29)).collect();
        assert!(rows.iter().any(|row| row.alive) && rows.iter().any(|row| !row.alive));
        for row in &rows {
            assert_eq!(row.headroom_12, (0.8 * row.wallet_12 - row.expected_12).max(0.0));
            assert_eq!(row.headroom_3, (0.8 * row.wallet_3 - row.expected_3).max(0.0));
            assert!((row.wallet_12 / row.wallet - 1.0).abs() < 1e-9, "twelve months without trend are a year");
            assert!((row.wallet.ln() - row.explained - 0.6 * row.unexplained).abs() < 1e-9);
            if !row.alive {
                assert_eq!((row.share, row.expected_12, row.oracle_headroom_12), (0.0, 0.0, None));
            }
        }
    }

    #[test]
    fn the_oracle_is_unbiased_where_the_share_has_not_drifted() {
        let world = World::new(&Company { accounts: 4_000, months: 1, spread: 1.0, ..Company::default() }).unwrap();
        let rows: Vec<_> = (0..4_000).filter_map(|i| truth(&world, &Account::draw(&world, i), 0)).collect();
        let errors: Vec<f64> =
            rows.iter().filter_map(|r| Some(r.oracle_headroom_12? / r.headroom_12.max(1.0))).collect();
        assert!(errors.len() > 3_900);
        let bias: f64 =
            rows.iter().filter_map(|r| Some((r.oracle_headroom_12? - r.headroom_12) / r.explained.exp())).sum::<f64>()
                / rows.len() as f64;
        let scale: f64 = rows.iter().map(|r| r.headroom_12 / r.explained.exp()).sum::<f64>() / rows.len() as f64;
        assert!((bias / scale).abs() < 0.06, "bias {bias} against a mean of {scale}");
    }
}
