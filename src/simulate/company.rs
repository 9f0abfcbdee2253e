//! What may be chosen about the synthetic company, and the ranges.

use super::SimulateError;
use crate::domain::{Month, Seed};

/// What kind of truth the orders follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The truth of METHOD section 10: wallets, shares of wallet, rhythms, churn, seasons.
    Business,
    /// The negative control: every account orders at the same rate from the same distribution, in every month.
    /// Firmographics, payments and answers are drawn without any relation to the orders; no account arrives, leaves
    /// or differs, and nothing persists from one month to the next. Spread, trend and seasons have no effect.
    Noise,
}

/// What the company's systems do when a fact changes (an invoice is paid, an opportunity moves on).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changes {
    /// Each state is kept as a row of its own with its `known_at`: any past month can be told from the tables.
    Kept,
    /// The row is overwritten, as most systems do: one row per id, in the state of the as-of month. A leak test compares
    /// features of such an export, made as of `t`, with features at `t` from a full export with [`Changes::Kept`].
    Overwritten,
}

/// A synthetic company. Every field is an option of `headroom simulate`; the ranges are checked by
/// [`write`](super::write).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Company {
    /// Accounts in the customer file over the whole time, 1 to 2,000,000. With 2 % monthly churn only a part is active
    /// in any one month: `1 / (1 + 0.02 * (months - 1))` of them on average, 41 % at 72 months.
    pub accounts: usize,
    /// Months of history, 1 to 600.
    pub months: usize,
    /// Order lines to aim at over the whole time, met within chance; orders get more frequent and longer, revenue stays.
    /// `None`: each account's own rhythm, about one order a month of three lines.
    pub lines: Option<u64>,
    /// Seed of all draws; the same company from the same seed has the same bytes.
    pub seed: Seed,
    /// Standard deviation of the part of the log wallet that firmographics do not explain, 0 to 3 (their part has 1).
    /// METHOD uses 0.2, 0.6 and 1.
    pub spread: f64,
    /// First month of history; the first to the last month must lie in the years 1971 to 2199.
    pub start: Month,
    /// Kind of truth.
    pub mode: Mode,
    /// Whether demand follows the seasons of each industry.
    pub seasonality: bool,
    /// Growth of all wallets (a general price rise), per year, -0.5 to 1.
    pub trend: f64,
    /// Whether Swiss accounts order in CHF, with `fx_rates` to EUR; otherwise everything is in EUR.
    pub foreign_currency: bool,
    /// What the company's systems do with changed facts.
    pub changes: Changes,
}

impl Default for Company {
    fn default() -> Self {
        Self {
            accounts: 400,
            months: 72,
            lines: None,
            seed: Seed(1),
            spread: 0.6,
            start: Month::new(2016, 1).expect("2016-01 is a month"),
            mode: Mode::Business,
            seasonality: true,
            trend: 0.0,
            foreign_currency: false,
            changes: Changes::Kept,
        }
    }
}

impl Company {
    /// The bundled example, as committed under `data/example`.
    pub fn example() -> Self {
        Self { accounts: 600, ..Self::default() }
    }

    /// Last month of history.
    pub fn last_month(&self) -> Month {
        self.start.plus(self.months as i32 - 1)
    }

    /// Refuses what cannot be simulated.
    pub(super) fn check(&self) -> Result<(), SimulateError> {
        let accounts = self.accounts;
        within("accounts", accounts, (1..=2_000_000).contains(&accounts), "a number from 1 to 2000000")?;
        within("months", self.months, (1..=600).contains(&self.months), "a number from 1 to 600")?;
        if let Some(lines) = self.lines {
            within("lines", lines, (1..=1 << 40).contains(&lines), "a positive number")?;
        }
        within("spread", self.spread, (0.0..=3.0).contains(&self.spread), "a number from 0 to 3, such as 0.6")?;
        within("trend", self.trend, (-0.5..=1.0).contains(&self.trend), "a yearly growth from -0.5 to 1")?;
        let years = self.start.year() >= 1971 && self.last_month().year() <= 2199;
        within("start", self.start, years, "a month, such that all months lie in the years 1971 to 2199")
    }
}

fn within(option: &'static str, value: impl ToString, holds: bool, expected: &str) -> Result<(), SimulateError> {
    if holds {
        Ok(())
    } else {
        Err(SimulateError::Option { option, value: value.to_string(), expected: expected.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_out_of_range_is_named_with_its_value() {
        let refused = Company { spread: f64::NAN, ..Company::default() }.check().unwrap_err();
        assert_eq!(refused.to_string(), "option `spread` is NaN, expected a number from 0 to 3, such as 0.6");
        for company in [
            Company { accounts: 0, ..Company::default() },
            Company { months: 0, ..Company::default() },
            Company { lines: Some(0), ..Company::default() },
            Company { trend: 1.5, ..Company::default() },
            Company { start: Month::new(1960, 1).unwrap(), ..Company::default() },
        ] {
            assert!(company.check().is_err(), "{company:?}");
        }
        assert!(Company::default().check().is_ok());
    }
}
