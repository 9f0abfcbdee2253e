//! The truth of one account: its wallet, our share of it, its rhythm, its life with us and its habits.
//!
//! `log wallet = intercept + industry + b * log employees + spread * unexplained` (METHOD section 10). The share of
//! wallet starts as Beta(2, 3), independent of everything else, and drifts as a random walk in logits.

use super::{
    calendar::Day,
    german::CITIES,
    market::{EMPLOYEES_MEDIAN, EMPLOYEES_SD, EMPLOYEES_WEIGHT, GROUPS, INDUSTRIES},
    world::World,
};

/// Probability that an active account leaves, per month.
pub(super) const CHURN: f64 = 0.02;
/// Standard deviation of the monthly drift of the share of wallet, in logits.
pub(super) const SHARE_DRIFT: f64 = 0.02;
/// Yearly wallet of an account of average industry and median size, in units of currency.
const MEDIAN_WALLET: f64 = 60_000.0;
/// Orders per month of an account of median revenue.
const MEDIAN_RHYTHM: f64 = 1.1;
/// Mean and standard deviation of the logit of a Beta(2, 3) variable: digamma and trigamma at 2 and 3.
const SHARE_LOGIT: (f64, f64) = (-0.5, 1.0197);
/// Every account's share of wallet in the negative control: the mean of Beta(2, 3).
const NOISE_SHARE: f64 = 0.4;
/// Monthly probability that an account takes up a product group it does not buy yet.
const ADOPTION: f64 = 0.006;

/// What the customer file calls the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A company.
    Customer,
    /// Cash sales of a branch, under one number.
    Collective,
    /// Our own consumption.
    Internal,
}

/// How an account that leaves is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It just stops ordering, and the customer file says nothing.
    Quiet,
    /// It is blocked some months later.
    Blocked,
    /// It is insolvent, and open invoices stay open.
    Insolvent,
}

/// The truth of one account.
#[derive(Clone)]
pub(super) struct Account {
    /// Position in the customer file.
    pub(super) index: usize,
    /// Company, collective or internal account.
    pub(super) kind: Kind,
    /// Index of the city.
    pub(super) city: usize,
    /// Index of the industry.
    pub(super) industry: usize,
    /// Number of employees.
    pub(super) employees: i64,
    /// Intercept, industry and employees: the part of the log wallet that firmographics explain.
    pub(super) explained: f64,
    /// The rest of the log wallet, in standard deviations.
    pub(super) unexplained: f64,
    /// Yearly wallet at the price level of the first month, in units of currency.
    pub(super) wallet: f64,
    /// Orders per month, before seasons and the wanted number of lines.
    pub(super) rhythm: f64,
    /// First day as a customer.
    pub(super) since: Day,
    /// First month of the calendar with us.
    pub(super) first_month: usize,
    /// First month of the calendar without us, if it left within the history.
    pub(super) gone_from: Option<usize>,
    /// How its leaving is recorded, should it leave.
    pub(super) fate: Fate,
    /// Days paid after the due date, on average, and their standard deviation.
    pub(super) payment_delay: (f64, f64),
    /// How content it is, in standard deviations; higher shares of wallet are a little more content.
    pub(super) satisfaction: f64,
    /// What its discount takes off the margin rate.
    pub(super) discount: f64,
    /// How much it spends on each product group, relative to others.
    pub(super) group_weights: [f64; GROUPS],
    /// Month from which it buys each product group from us.
    pub(super) adopted: [usize; GROUPS],
    share_logits: Vec<f64>,
}

impl Account {
    /// Draws the account at position `index` of the customer file.
    pub(super) fn draw(world: &World, index: usize) -> Self {
        let noise = world.is_noise();
        let mut draw = world.stream("account", index);
        let city = draw.between(0, CITIES.len() as i32 - 1) as usize;
        let industry = draw.weighted(&world.market.industry_weights);
        let employees = (EMPLOYEES_MEDIAN.ln() + EMPLOYEES_SD * draw.normal()).exp().round().max(1.0);
        let (unexplained, first_share) = (draw.normal(), draw.beta_2_3());
        let by_firmographics = world.market.effect(industry) + EMPLOYEES_WEIGHT * (employees / EMPLOYEES_MEDIAN).ln();
        let explained = MEDIAN_WALLET.ln() + if noise { 0.0 } else { by_firmographics };
        let wallet = (explained + if noise { 0.0 } else { world.company.spread * unexplained }).exp();
        let first_share = if noise { NOISE_SHARE } else { first_share };

        let log_revenue = (first_share * wallet / (NOISE_SHARE * MEDIAN_WALLET)).ln();
        let own_pace = 0.5 * draw.normal();
        let rhythm = MEDIAN_RHYTHM * if noise { 1.0 } else { (0.45 * log_revenue + own_pace).exp().clamp(0.08, 40.0) };
        let payment_delay = payment_habit(draw.uniform(), draw.normal(), noise);
        let contentment = (logit(first_share) - SHARE_LOGIT.0) / SHARE_LOGIT.1;
        let satisfaction = if noise { 0.0 } else { 0.45 * contentment + 0.89 * draw.normal() };
        let discount = if noise { 0.0 } else { 0.04 * draw.normal() };

        let mut life = world.stream("life", index);
        let months = world.months();
        let (first_month, since) = arrival(world, life.uniform(), life.between(1, months.max(2) as i32 - 1), {
            let days = life.between(60, 5_500);
            world.calendar[0].first.plus(-days)
        });
        let fate = match life.uniform() {
            lot if lot < 0.08 => Fate::Insolvent,
            lot if lot < 0.25 => Fate::Blocked,
            _ => Fate::Quiet,
        };
        let (share_logits, gone_from) = path(&mut life, first_share, first_month, months, noise);
        let mut account = Self {
            index,
            kind: kind(index, noise),
            city,
            industry,
            employees: employees as i64,
            explained,
            unexplained: if noise { 0.0 } else { unexplained },
            wallet,
            rhythm,
            since,
            first_month,
            gone_from,
            fate,
            payment_delay,
            satisfaction,
            discount,
            group_weights: [1.0; GROUPS],
            adopted: [first_month; GROUPS],
            share_logits,
        };
        if !noise {
            account.choose_groups(world, first_share);
        }
        account
    }

    /// Its number in the customer file.
    pub(super) fn id(&self) -> String {
        account_id(self.index)
    }

    /// Whether it is with us in a month of the calendar within the history.
    pub(super) fn is_alive(&self, month: usize) -> bool {
        self.first_month <= month && self.gone_from.is_none_or(|gone| month < gone)
    }

    /// The months of the history in which it is with us.
    pub(super) fn months_alive(&self, world: &World) -> std::ops::Range<usize> {
        self.first_month..self.gone_from.unwrap_or(world.months())
    }

    /// Our share of its wallet in a month in which it is with us, as logit.
    pub(super) fn share_logit(&self, month: usize) -> f64 {
        self.share_logits[month - self.first_month]
    }

    /// Our share of its wallet in a month in which it is with us.
    pub(super) fn share(&self, month: usize) -> f64 {
        sigmoid(self.share_logit(month))
    }

    /// Expected net revenue of a month in which it is with us.
    pub(super) fn revenue(&self, world: &World, month: usize) -> f64 {
        self.wallet / 12.0 * self.share(month) * world.season(self.industry, month) * world.price_level(month)
    }

    /// Groups by affinity and taste; a larger share of wallet buys more of them from us, others are taken up later.
    fn choose_groups(&mut self, world: &World, first_share: f64) {
        let mut draw = world.stream("assortment", self.index);
        for group in 0..GROUPS {
            self.group_weights[group] = INDUSTRIES[self.industry].affinity[group] * (0.7 * draw.normal()).exp();
            let bought = draw.chance((0.2 + 0.6 * first_share).min(0.9));
            let wait = draw.exponential() / ADOPTION;
            if !bought {
                self.adopted[group] = self.first_month + 1 + wait as usize;
            }
        }
        let favourite = (0..GROUPS).max_by(|&a, &b| self.group_weights[a].total_cmp(&self.group_weights[b]));
        if let Some(favourite) = favourite {
            self.adopted[favourite] = self.first_month;
        }
    }
}

/// The number in the customer file of the account at a position.
pub(super) fn account_id(index: usize) -> String {
    format!("K{:07}", index + 1)
}

/// Logistic function.
pub(super) fn sigmoid(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

fn logit(share: f64) -> f64 {
    (share / (1.0 - share)).ln()
}

/// A few numbers of every customer file are no companies.
const fn kind(index: usize, noise: bool) -> Kind {
    match (noise, index % 251, index % 397) {
        (false, 120, _) => Kind::Collective,
        (false, _, 200) => Kind::Internal,
        _ => Kind::Customer,
    }
}

/// First month and day with us: the share that keeps the number of active accounts steady is there from the start.
fn arrival(world: &World, lot: f64, month: i32, before: Day) -> (usize, Day) {
    let steady = 1.0 / (1.0 + CHURN * (world.months() as f64 - 1.0));
    if world.is_noise() || world.months() == 1 || lot < steady {
        (0, before)
    } else {
        (month as usize, world.calendar[month as usize].first)
    }
}

/// The drift of the share in logits, month by month, and the month in which the account is gone.
fn path(
    life: &mut super::draw::Draw,
    first_share: f64,
    first_month: usize,
    months: usize,
    noise: bool,
) -> (Vec<f64>, Option<usize>) {
    let mut logits = vec![logit(first_share)];
    for month in first_month + 1..months {
        let last = logits[logits.len() - 1];
        if noise {
            logits.push(last);
            continue;
        }
        if life.chance(CHURN) {
            return (logits, Some(month));
        }
        logits.push(last + SHARE_DRIFT * life.normal());
    }
    (logits, None)
}

/// Most pay on time, some late, a few very late.
fn payment_habit(lot: f64, own: f64, noise: bool) -> (f64, f64) {
    match lot {
        _ if noise => (2.0, 6.0),
        _ if lot < 0.70 => (-2.0 + 2.0 * own, 4.0),
        _ if lot < 0.92 => (10.0 + 4.0 * own, 6.0),
        _ => (35.0 + 8.0 * own, 10.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::{Company, Mode};

    fn accounts(company: Company) -> (World, Vec<Account>) {
        let world = World::new(&company).unwrap();
        let accounts = (0..company.accounts).map(|i| Account::draw(&world, i)).collect();
        (world, accounts)
    }

    fn mean_sd(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
        let n = values.clone().count() as f64;
        let mean = values.clone().sum::<f64>() / n;
        (mean, (values.map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt())
    }

    fn correlation(pairs: &[(f64, f64)]) -> f64 {
        let (mx, sx) = mean_sd(pairs.iter().map(|p| p.0));
        let (my, sy) = mean_sd(pairs.iter().map(|p| p.1));
        pairs.iter().map(|(x, y)| (x - mx) * (y - my)).sum::<f64>() / (pairs.len() as f64 * sx * sy)
    }

    #[test]
    fn the_wallet_is_what_firmographics_explain_plus_spread_times_the_rest() {
        for spread in [0.2, 0.6, 1.0] {
            let (_, all) = accounts(Company { accounts: 20_000, months: 2, spread, ..Company::default() });
            for account in &all {
                let log_wallet = account.explained + spread * account.unexplained;
                assert!((account.wallet.ln() - log_wallet).abs() < 1e-9);
            }
            let (_, explained) = mean_sd(all.iter().map(|a| a.explained));
            assert!((explained - 1.0).abs() < 0.02, "explained standard deviation {explained}");
            let (_, rest) = mean_sd(all.iter().map(|a| a.wallet.ln() - a.explained));
            assert!((rest / spread - 1.0).abs() < 0.02, "unexplained standard deviation {rest}");
        }
    }

    #[test]
    fn the_share_is_beta_2_3_and_independent_of_the_wallet() {
        let (_, all) = accounts(Company { accounts: 20_000, months: 2, ..Company::default() });
        let (mean, sd) = mean_sd(all.iter().map(|a| a.share(a.first_month)));
        assert!((mean - 0.4).abs() < 0.005 && (sd - 0.2).abs() < 0.005, "share {mean} +- {sd}");
        for of in [|a: &Account| a.unexplained, |a: &Account| a.explained] {
            let pairs: Vec<_> = all.iter().map(|a| (of(a), a.share_logit(a.first_month))).collect();
            assert!(correlation(&pairs).abs() < 0.025, "correlation {}", correlation(&pairs));
        }
    }

    #[test]
    fn two_percent_leave_each_month_and_as_many_arrive() {
        let (world, all) = accounts(Company { accounts: 8_000, months: 72, ..Company::default() });
        let exposed: usize =
            all.iter().map(|a| a.months_alive(&world).len() - 1 + usize::from(a.gone_from.is_some())).sum();
        let left = all.iter().filter(|a| a.gone_from.is_some()).count();
        let churn = left as f64 / exposed as f64;
        assert!((churn - CHURN).abs() < 0.001, "churn {churn}");
        let active = |m: usize| all.iter().filter(|a| a.is_alive(m)).count() as f64;
        assert!((active(71) / active(0) - 1.0).abs() < 0.06, "{} then {}", active(0), active(71));
    }

    #[test]
    fn the_share_drifts_by_a_fiftieth_of_a_logit_a_month() {
        let (_, all) = accounts(Company { accounts: 3_000, months: 40, ..Company::default() });
        let steps: Vec<f64> = all.iter().flat_map(|a| a.share_logits.windows(2).map(|w| w[1] - w[0])).collect();
        let (mean, sd) = mean_sd(steps.iter().copied());
        assert!(mean.abs() < 0.001 && (sd - SHARE_DRIFT).abs() < 0.0005, "drift {mean} +- {sd}");
    }

    #[test]
    fn noise_knows_no_differences_between_accounts() {
        let (world, all) = accounts(Company { accounts: 200, months: 24, mode: Mode::Noise, ..Company::default() });
        for account in &all {
            assert_eq!(account.wallet, all[0].wallet);
            assert_eq!(account.rhythm, all[0].rhythm);
            assert_eq!(account.months_alive(&world), 0..24);
            assert_eq!(account.revenue(&world, 0), all[0].revenue(&world, 23));
        }
    }
}
