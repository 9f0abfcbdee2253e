//! The table of scores: one row for every account of the company, checked.
//!
//! Accounts outside the population keep their keys and have nulls elsewhere. Beside METHOD's columns it carries what
//! ranking needs (base, growth threshold, rates, the refits' headroom), so that ranking reads nothing else of a model.

use polars::prelude::*;
use rayon::prelude::*;

use super::{
    Account, Forecast, Population, ScoreError,
    columns::{BOUNDS, Declared, KEYS, REFIT, Range, declared},
    headroom::{estimation_interval, headroom},
    rates::{loss_rates, margin_rates},
};
use crate::domain::Month;

/// One row per account of the company, ascending by id.
#[derive(Debug, Clone)]
pub struct ScoreFrame {
    frame: DataFrame,
    refits: usize,
}

impl ScoreFrame {
    /// Checks `frame`, which must hold exactly the accounts of `accounts` (ascending by id).
    ///
    /// # Errors
    /// If a column is missing, superfluous or of another type; if an account is lost or twice; if a probability lies
    /// outside [0, 1], a bound above its counterpart, or an amount is not finite; if an account of the population lacks
    /// a figure that all must have, or one outside it has any.
    pub fn new(accounts: &[Account], frame: DataFrame) -> Result<Self, ScoreError> {
        let refits = frame.columns().iter().filter(|c| c.name().starts_with(REFIT)).count();
        let declared = declared(refits);
        refuse_other_columns(&frame, &declared)?;
        refuse_lost_accounts(&frame, accounts)?;
        let checked = Self { frame, refits };
        let population = checked.population();
        let refused = declared.par_iter().find_map_first(|(name, column)| {
            let mut found = checked.refuse_nulls(name, column, &population);
            if column.dtype == DataType::Float64 {
                found = found.and_then(|()| checked.refuse_out_of_range(name, column.range));
            }
            found.err()
        });
        let crossed = || BOUNDS.par_iter().find_map_first(|(low, high)| checked.refuse_crossed(low, high).err());
        match refused.or_else(crossed) {
            None => Ok(checked),
            Some(error) => Err(error),
        }
    }

    /// The table.
    pub const fn frame(&self) -> &DataFrame {
        &self.frame
    }

    /// Number of accounts, scored or not.
    pub fn height(&self) -> usize {
        self.frame.height()
    }

    /// Account ids, ascending.
    pub fn accounts(&self) -> Vec<&str> {
        let ids = self.frame.column("customer_id").and_then(|c| c.str()).expect("checked by the constructor");
        ids.iter().map(|id| id.expect("checked by the constructor")).collect()
    }

    /// Whether each account is in the population.
    pub fn population(&self) -> Vec<bool> {
        self.flags("population").into_iter().map(|flag| flag == Some(true)).collect()
    }

    /// A numeric column, one entry per account.
    ///
    /// # Panics
    /// If the score frame declares no such column: a mistake of the caller's code, not of its data.
    pub fn numbers(&self, name: &str) -> Vec<Option<f64>> {
        let column = self.frame.column(name).and_then(|c| c.f64()).expect("a declared numeric column");
        column.iter().collect()
    }

    /// A column of truth values.
    ///
    /// # Panics
    /// As [`Self::numbers`].
    pub fn flags(&self, name: &str) -> Vec<Option<bool>> {
        self.frame.column(name).and_then(|c| c.bool()).expect("a declared column of truth values").iter().collect()
    }

    /// A column of text.
    ///
    /// # Panics
    /// As [`Self::numbers`].
    pub fn texts(&self, name: &str) -> Vec<Option<&str>> {
        self.frame.column(name).and_then(|c| c.str()).expect("a declared column of text").iter().collect()
    }

    /// Each refit's headroom in revenue, `(refits, accounts)`, null outside the population.
    pub fn refit_headroom(&self) -> Vec<Vec<Option<f64>>> {
        (0..self.refits).map(|refit| self.numbers(&format!("{REFIT}{refit:02}"))).collect()
    }

    fn value_error(&self, row: usize, column: &str, value: String, expected: &'static str) -> ScoreError {
        ScoreError::Value { account: self.accounts()[row].into(), column: column.into(), value, expected }
    }

    fn refuse_nulls(&self, name: &str, column: &Declared, population: &[bool]) -> Result<(), ScoreError> {
        let nulls = self.frame.column(name)?.is_null();
        let key = KEYS.contains(&name);
        for (row, null) in nulls.iter().enumerate() {
            let null = null == Some(true);
            if null && (key || (column.required && population[row])) {
                return Err(self.value_error(row, name, "null".into(), "a value"));
            }
            if !null && !key && !population[row] {
                return Err(self.value_error(row, name, "known".into(), "null outside the population"));
            }
        }
        Ok(())
    }

    fn refuse_out_of_range(&self, name: &str, range: Range) -> Result<(), ScoreError> {
        let (fits, expected): (fn(f64) -> bool, _) = match range {
            Range::Any | Range::Finite => (f64::is_finite, "a finite number"),
            Range::NotNegative => (|v| v.is_finite() && v >= 0.0, "a finite number, zero or more"),
            Range::Probability => (|v| (0.0..=1.0).contains(&v), "a number from 0 to 1"),
        };
        match self.numbers(name).into_iter().enumerate().find(|(_, value)| value.is_some_and(|v| !fits(v))) {
            None => Ok(()),
            Some((row, value)) => Err(self.value_error(row, name, value.unwrap_or(f64::NAN).to_string(), expected)),
        }
    }

    fn refuse_crossed(&self, low: &str, high: &str) -> Result<(), ScoreError> {
        for (row, (l, h)) in self.numbers(low).into_iter().zip(self.numbers(high)).enumerate() {
            if l.is_some() != h.is_some() || l > h {
                let show = |bound: Option<f64>| bound.map_or_else(|| "null".to_owned(), |b| b.to_string());
                let value = format!("{}, above its upper bound {}", show(l), show(h));
                return Err(self.value_error(row, low, value, "both bounds, the lower one first"));
            }
        }
        Ok(())
    }
}

/// Scores `population` and gives every other account of `accounts` a row of nulls.
///
/// `accounts` are all accounts of the company, ascending by id; `model_run` names the set of models.
///
/// # Errors
/// If the forecast does not fit the population, the population is not among the accounts, or a figure is impossible.
pub fn score(
    population: &Population,
    accounts: &[Account],
    forecast: &Forecast,
    model_run: &str,
) -> Result<ScoreFrame, ScoreError> {
    let (n, baselines) = (population.height(), population.baselines());
    forecast.check(n)?;
    let place = Placement::of(population, accounts)?;
    let last_year = |amount: fn(&Account) -> f64| -> Vec<f64> {
        let mut amounts = vec![0.0; n];
        for (account, row) in accounts.iter().zip(&place.rows) {
            if let Some(row) = *row {
                amounts[row] = amount(account);
            }
        }
        amounts
    };
    let (revenue, margin) = (last_year(|a| a.revenue_last), last_year(|a| a.margin_last));
    let loss = loss_rates(population, &revenue);
    let margin_rates = margin_rates(population, &revenue, &margin);
    let level = forecast.level.as_ref().map(|(_, level)| level.as_slice());
    let headroom_revenue = level.map(|level| headroom(level, &forecast.expected_revenue, &loss));
    // An account that loses money on what it buys has no headroom in margin, whatever it could buy.
    let headroom_margin = headroom_revenue
        .as_ref()
        .zip(margin_rates.as_ref())
        .map(|(headroom, rates)| headroom.iter().zip(rates).map(|(h, rate)| h * rate.max(0.0)).collect::<Vec<_>>());
    let upside = forecast
        .stretch_revenue
        .as_ref()
        .map(|s| s.iter().zip(&forecast.expected_revenue).map(|(s, e)| s - e).collect::<Vec<_>>());
    let refits: Vec<Vec<f64>> = if level.is_some() && forecast.refits.len() >= Forecast::FEWEST_REFITS {
        forecast.refits.par_iter().map(|r| headroom(&r.level_revenue, &r.expected_revenue, &loss)).collect()
    } else {
        Vec::new()
    };
    let bounds = (!refits.is_empty()).then(|| estimation_interval(&refits, n));
    let (low, high) = forecast.interval.as_ref().map(|(low, high)| (low.as_slice(), high.as_slice())).unzip();
    let (headroom_low, headroom_high) = bounds.as_ref().map(|(low, high)| (low.as_slice(), high.as_slice())).unzip();
    let (base, threshold) = (baselines.numbers("base_revenue")?, baselines.growth_threshold()?);
    let is_new: Vec<bool> = baselines.numbers("is_new")?.into_iter().map(|flag| flag > 0.5).collect();
    let amounts: [(&str, Option<&[f64]>); 20] = [
        ("revenue_last", Some(&revenue)),
        ("margin_last", Some(&margin)),
        ("expected_revenue", Some(&forecast.expected_revenue)),
        ("expected_revenue_low", low),
        ("expected_revenue_high", high),
        ("expected_margin", Some(&forecast.expected_margin)),
        ("stretch_revenue", forecast.stretch_revenue.as_deref()),
        ("peer_revenue", forecast.peer_revenue.as_deref()),
        ("headroom_revenue", headroom_revenue.as_deref()),
        ("headroom_low", headroom_low),
        ("headroom_high", headroom_high),
        ("headroom_margin", headroom_margin.as_deref()),
        ("growth_probability", forecast.growth.as_deref()),
        ("inactivity_probability", forecast.inactivity.as_deref()),
        ("base_revenue", Some(&base)),
        ("growth_threshold", Some(&threshold)),
        ("level_revenue", level),
        ("upside_revenue", upside.as_deref()),
        ("margin_rate", margin_rates.as_deref()),
        ("loss_rate", Some(&loss)),
    ];
    let mut columns: Vec<Column> = amounts.par_iter().map(|(name, values)| place.numbers(name, *values)).collect();
    columns.par_extend(refits.par_iter().enumerate().map(|(i, of)| place.numbers(&format!("{REFIT}{i:02}"), Some(of))));
    let overdue = population.feature("overdue_amount");
    let overdue = place.rows.iter().map(|row| row.map(|row| overdue[row]).filter(|amount| !amount.is_nan()));
    columns.extend([
        Column::new("overdue_amount".into(), overdue.collect::<Vec<_>>()),
        place.texts("customer_id", |account| Some(&account.id)),
        date("as_of", baselines.as_of().at(), accounts.len())?,
        Column::new("horizon_months".into(), vec![baselines.horizon().months(); accounts.len()]),
        Column::new("population".into(), place.rows.iter().map(Option::is_some).collect::<Vec<_>>()),
        place.scored_texts("level_used", forecast.level.as_ref().map(|(level, _)| level.name())),
        place.texts("model_run", |_| Some(model_run)),
        place.texts("standing", |account| Some(account.standing.name())),
        Column::new("account_revenue".into(), accounts.iter().map(|a| a.revenue_last).collect::<Vec<_>>()),
        Column::new("account_margin".into(), accounts.iter().map(|a| a.margin_last).collect::<Vec<_>>()),
        Column::new("is_new".into(), place.spread(&is_new)),
    ]);
    let order = declared(refits.len()).into_iter().map(|(name, _)| name);
    ScoreFrame::new(accounts, DataFrame::new(accounts.len(), columns)?.select(order)?)
}

/// Where in the population each account of the company is, if at all.
struct Placement<'a> {
    accounts: &'a [Account],
    rows: Vec<Option<usize>>,
}

impl<'a> Placement<'a> {
    fn of(population: &Population, accounts: &'a [Account]) -> Result<Self, ScoreError> {
        let mut rows = vec![None; accounts.len()];
        for (row, id) in population.baselines().accounts().iter().enumerate() {
            let id = id.unwrap_or_default();
            let at = accounts.binary_search_by(|account| account.id.as_str().cmp(id));
            rows[at.map_err(|_| ScoreError::UnknownAccount { account: id.into() })?] = Some(row);
        }
        Ok(Self { accounts, rows })
    }

    fn spread<T: Clone>(&self, values: &[T]) -> Vec<Option<T>> {
        self.rows.iter().map(|row| row.map(|row| values[row].clone())).collect()
    }

    fn numbers(&self, name: &str, values: Option<&[f64]>) -> Column {
        let of = |row: &Option<usize>| Some(values?[(*row)?]);
        Float64Chunked::from_iter_options(name.into(), self.rows.iter().map(of)).into_column()
    }

    fn texts<'t>(&'t self, name: &str, text: impl Fn(&'t Account) -> Option<&'t str>) -> Column {
        Column::new(name.into(), self.accounts.iter().map(text).collect::<Vec<_>>())
    }

    fn scored_texts(&self, name: &str, text: Option<&str>) -> Column {
        Column::new(name.into(), self.rows.iter().map(|row| row.and(text)).collect::<Vec<_>>())
    }
}

/// The last day of `month`, `n` times.
pub(crate) fn date(name: &str, month: Month, n: usize) -> Result<Column, ScoreError> {
    let epoch = Month::new(1970, 1)?.first_day();
    let days = month.last_day().since(epoch).map(|span| span.get_days()).unwrap_or_default();
    Ok(Column::new(name.into(), vec![days; n]).cast(&DataType::Date)?)
}

fn refuse_other_columns(frame: &DataFrame, declared: &[(String, Declared)]) -> Result<(), ScoreError> {
    let expected: Vec<String> = declared.iter().map(|(name, column)| format!("{name}: {}", column.dtype)).collect();
    let found: Vec<String> = frame.columns().iter().map(|c| format!("{}: {}", c.name(), c.dtype())).collect();
    let differs = (0..expected.len().max(found.len())).find(|&i| expected.get(i) != found.get(i));
    let name = |names: &[String], i: usize| names.get(i).cloned().unwrap_or_else(|| "no further column".into());
    match differs {
        None => Ok(()),
        Some(i) => Err(ScoreError::Columns { expected: name(&expected, i), found: name(&found, i) }),
    }
}

fn refuse_lost_accounts(frame: &DataFrame, accounts: &[Account]) -> Result<(), ScoreError> {
    let ids: Vec<Option<&str>> = frame.column("customer_id")?.str()?.iter().collect();
    for row in 0..ids.len().max(accounts.len()) {
        let expected = accounts.get(row).map_or("no further account", |account| account.id.as_str());
        let found = ids.get(row).map_or("no further row", |id| id.unwrap_or("null"));
        let twice = row > 0 && row < accounts.len() && accounts[row - 1].id >= accounts[row].id;
        if twice || expected != found {
            return Err(ScoreError::LostAccount { row, expected: expected.into(), found: found.into() });
        }
    }
    Ok(())
}
