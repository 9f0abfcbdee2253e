//! What all accounts share: the checked company, its calendar, the market, exchange rates, and the scale that meets a
//! wanted number of order lines.

use super::{
    Company, Mode, SimulateError,
    account::Account,
    calendar::{CalendarMonth, calendar},
    draw::Draw,
    market::Market,
    orders::{LINES_PER_ORDER, RETURN_RATE},
};

/// Months beyond the history that the truth looks into.
pub(super) const LONGEST_HORIZON: usize = 12;
/// An order of more lines than this is not made; more lines then mean more orders.
const MOST_LINES_PER_ORDER: f64 = 12.0;
/// Swiss francs to euros, in the long run.
const CHF_TO_EUR: f64 = 0.95;

/// The world in which the accounts live.
pub(super) struct World {
    /// The checked options.
    pub(super) company: Company,
    /// The months of history and [`LONGEST_HORIZON`] more.
    pub(super) calendar: Vec<CalendarMonth>,
    /// Industries, seasons and products.
    pub(super) market: Market,
    /// CHF to EUR in each month of the calendar.
    pub(super) chf_rates: Vec<f64>,
    /// What the orders of each account are multiplied by.
    pub(super) order_scale: f64,
    /// Mean lines of an order.
    pub(super) lines_per_order: f64,
}

impl World {
    /// The world of `company`.
    ///
    /// # Errors
    /// If an option is out of range.
    pub(super) fn new(company: &Company) -> Result<Self, SimulateError> {
        company.check()?;
        let calendar = calendar(company.start, company.months + LONGEST_HORIZON);
        let mut draw = Draw::of(company.seed, "simulate/fx");
        let mut level: f64 = 0.0;
        let chf_rates = calendar
            .iter()
            .map(|_| {
                level = 0.97 * level + 0.012 * draw.normal();
                (CHF_TO_EUR * level.exp() * 1e4).round() / 1e4
            })
            .collect();
        let market = Market::new(company.seed);
        let company = *company;
        let mut world =
            Self { company, calendar, market, chf_rates, order_scale: 1.0, lines_per_order: LINES_PER_ORDER };
        if let Some(wanted) = company.lines {
            world.aim_at(wanted as f64);
        }
        Ok(world)
    }

    /// Months of history.
    pub(super) const fn months(&self) -> usize {
        self.company.months
    }

    /// Whether orders are pure noise.
    pub(super) fn is_noise(&self) -> bool {
        self.company.mode == Mode::Noise
    }

    /// The stream of draws of one account for one purpose.
    pub(super) fn stream(&self, purpose: &str, account: usize) -> Draw {
        Draw::of(self.company.seed, &format!("simulate/{purpose}/{account}"))
    }

    /// Seasonal index of an industry in a month of the calendar; 1 without seasons.
    pub(super) fn season(&self, industry: usize, month: usize) -> f64 {
        if self.company.seasonality && !self.is_noise() {
            self.market.season(industry, self.calendar[month].month.of_year())
        } else {
            1.0
        }
    }

    /// Level of prices and wallets in a month of the calendar; 1 in the first.
    pub(super) fn price_level(&self, month: usize) -> f64 {
        if self.is_noise() { 1.0 } else { (1.0 + self.company.trend).powf(month as f64 / 12.0) }
    }

    /// Spreads the wanted lines over longer and more orders, by what the accounts would order unscaled.
    fn aim_at(&mut self, wanted: f64) {
        let expected: f64 = (0..self.company.accounts)
            .map(|index| {
                let account = Account::draw(self, index);
                account.months_alive(self).map(|m| account.rhythm * self.season(account.industry, m)).sum::<f64>()
            })
            .sum::<f64>()
            * LINES_PER_ORDER
            * (1.0 + RETURN_RATE);
        let factor = wanted / expected;
        self.lines_per_order = (LINES_PER_ORDER * factor.sqrt()).clamp(1.0, MOST_LINES_PER_ORDER);
        self.order_scale = factor * LINES_PER_ORDER / self.lines_per_order;
    }
}
