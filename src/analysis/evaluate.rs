//! What we said then, what came of it: a published table of scores against what has happened since.
//!
//! The table is taken as it lies in `reports/`, whatever made it; the baseline is the best one on what was known then.

use std::{collections::BTreeMap, fs::File, path::Path};

use polars::prelude::*;
use serde::{Deserialize, Serialize};

use super::AnalysisError;
use crate::{
    backtest::{Assessment, assess, best_baseline},
    domain::{AbcClass, AbcThresholds, Horizon, Month, Seed, Target},
    features::Slice,
};

/// Accounts of a list, where the report named nobody who can buy more: the first tenth by rank.
const TOP: f64 = 0.1;

/// The figures of one published account.
#[derive(Debug, Clone, PartialEq)]
pub struct Promised {
    /// The account.
    pub customer_id: String,
    /// Expected revenue and its 80 % interval.
    pub expected_revenue: f64,
    /// Lower bound.
    pub low: Option<f64>,
    /// Upper bound.
    pub high: Option<f64>,
    /// Expected margin.
    pub expected_margin: Option<f64>,
    /// Probability of growth.
    pub growth: Option<f64>,
    /// Probability of no order.
    pub inactivity: Option<f64>,
    /// Headroom in revenue.
    pub headroom: Option<f64>,
    /// Whether it could buy more.
    pub can_buy_more: Option<bool>,
    /// Its class then.
    pub class: Option<AbcClass>,
    /// Its rank then.
    pub rank: Option<f64>,
}

/// A published table of scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// Its month.
    pub as_of: Month,
    /// How far it looked.
    pub horizon: Horizon,
    /// Its population.
    pub accounts: Vec<Promised>,
}

impl Published {
    /// Reads `scores.parquet` of a report.
    ///
    /// # Errors
    /// If it cannot be read, or lacks a column of METHOD section 11.
    pub fn read(path: &Path, as_of: Month) -> Result<Self, AnalysisError> {
        let table = Table::read(path)?;
        let column = |name: &str, wanted: DataType| table.column(name, &wanted);
        let number = |name: &str| table.column(name, &DataType::Float64);
        let (ids, class) = (column("customer_id", DataType::String)?, column("abc_class", DataType::String)?);
        let (population, can) = (column("population", DataType::Boolean)?, column("can_buy_more", DataType::Boolean)?);
        let months = column("horizon_months", DataType::Int64)?;
        let months = months.i64()?.get(0).ok_or_else(|| table.refused("it has no rows".into()))?;
        let horizon = Horizon::new(months).map_err(|error| table.refused(error.to_string()))?;
        let (expected, low, high) =
            (number("expected_revenue")?, number("expected_revenue_low")?, number("expected_revenue_high")?);
        let (margin, growth, inactivity) =
            (number("expected_margin")?, number("growth_probability")?, number("inactivity_probability")?);
        let (headroom, rank) = (number("headroom_revenue")?, number("rank")?);
        let mut accounts = Vec::new();
        for row in 0..table.frame.height() {
            let of = |column: &Column| PolarsResult::Ok(column.f64()?.get(row));
            let (Some(id), Some(true), Some(expected)) =
                (ids.str()?.get(row), population.bool()?.get(row), of(&expected)?)
            else {
                continue;
            };
            let named = class.str()?.get(row);
            accounts.push(Promised {
                customer_id: id.to_owned(),
                expected_revenue: expected,
                low: of(&low)?,
                high: of(&high)?,
                expected_margin: of(&margin)?,
                growth: of(&growth)?,
                inactivity: of(&inactivity)?,
                headroom: of(&headroom)?,
                can_buy_more: can.bool()?.get(row),
                class: AbcClass::ALL.into_iter().find(|class| Some(class.name()) == named),
                rank: of(&rank)?,
            });
        }
        Ok(Self { as_of, horizon, accounts })
    }

    /// What the same report said over another horizon, by its `horizons.parquet` at `path`: expected revenue and margin.
    /// Ranks and lists stay; probabilities and headroom speak of the report's own horizon and are left out.
    ///
    /// # Errors
    /// If it cannot be read, or says nothing of this horizon.
    pub fn over(mut self, horizon: Horizon, path: &Path) -> Result<Self, AnalysisError> {
        let table = Table::read(path)?;
        let (ids, months) =
            (table.column("customer_id", &DataType::String)?, table.column("horizon_months", &DataType::Int64)?);
        let number = |name: &str| table.column(name, &DataType::Float64);
        let (expected, low, high, margin) = (
            number("expected_revenue")?,
            number("expected_revenue_low")?,
            number("expected_revenue_high")?,
            number("expected_margin")?,
        );
        let (ids, months, expected) = (ids.str()?, months.i64()?, expected.f64()?);
        let of_horizon = (0..table.frame.height()).filter(|&row| months.get(row) == Some(horizon.months().into()));
        let rows: BTreeMap<&str, (usize, f64)> =
            of_horizon.filter_map(|row| Some((ids.get(row)?, (row, expected.get(row)?)))).collect();
        if rows.is_empty() {
            let mut said: Vec<i64> = months.iter().flatten().collect();
            said.sort_unstable();
            said.dedup();
            return Err(table.refused(format!("it says nothing of {horizon}, but of {said:?} months")));
        }
        self.accounts.retain(|account| rows.contains_key(account.customer_id.as_str()));
        for account in &mut self.accounts {
            let (row, expected) = rows[account.customer_id.as_str()];
            account.expected_revenue = expected;
            (account.low, account.high) = (low.f64()?.get(row), high.f64()?.get(row));
            account.expected_margin = margin.f64()?.get(row);
            (account.growth, account.inactivity, account.headroom) = (None, None, None);
        }
        Ok(Self { horizon, ..self })
    }
}

/// A table of a report.
struct Table<'a> {
    path: &'a Path,
    frame: DataFrame,
}

impl<'a> Table<'a> {
    fn read(path: &'a Path) -> Result<Self, AnalysisError> {
        let unpublished = |reason: String| AnalysisError::Unpublished { path: path.into(), reason };
        let file = File::open(path).map_err(|error| unpublished(error.to_string()))?;
        let frame = ParquetReader::new(file).finish().map_err(|error| unpublished(error.to_string()))?;
        Ok(Self { path, frame })
    }

    fn column(&self, name: &str, wanted: &DataType) -> Result<Column, AnalysisError> {
        let found = self.frame.column(name).and_then(|column| column.cast(wanted));
        found.map_err(|error| AnalysisError::Column {
            path: self.path.into(),
            column: name.into(),
            reason: error.to_string(),
        })
    }

    fn refused(&self, reason: String) -> AnalysisError {
        AnalysisError::Unpublished { path: self.path.into(), reason }
    }
}

/// One figure of the report, measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessed {
    /// How good it was.
    #[serde(flatten)]
    pub assessment: Assessment,
    /// The baseline it is measured against: the best on what was known then.
    pub baseline: String,
}

/// Misses of the published 80 % interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Misses {
    /// ABC class then, or `None` for all.
    pub class: Option<AbcClass>,
    /// Share below (goal .10).
    pub below: f64,
    /// Share above (goal .10).
    pub above: f64,
    /// Accounts.
    pub n: usize,
}

/// What came of a published report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The report's month.
    pub as_of: Month,
    /// How far it looked.
    pub horizon: Horizon,
    /// Accounts whose outcome is known.
    pub accounts: usize,
    /// Published accounts that the data no longer know, such as merged ones.
    pub unknown: usize,
    /// Sum of expected revenue.
    pub said: f64,
    /// Sum of revenue that came.
    pub came: f64,
    /// Figure by figure.
    pub figures: Vec<Assessed>,
    /// Misses of the interval, all accounts first, then by class.
    pub misses: Vec<Misses>,
    /// Accounts on the list: those who could buy more, or the first tenth by rank.
    pub listed: usize,
    /// Whether the list is of those who could buy more.
    pub by_potential: bool,
    /// Mean of what came beyond the base, per account of the list.
    pub gain_listed: Option<f64>,
    /// The same of all accounts: what a random list would have had.
    pub gain_all: Option<f64>,
    /// `sum min(max(Y - E, 0), headroom) / sum headroom` of the list, where it showed headroom.
    pub realised: Option<f64>,
}

/// Measures `published` on `then`, the labelled slice of its month and horizon; `training` are the labelled slices that
/// were known then (none: what came last is carried forward).
///
/// # Errors
/// If none of its accounts is in the slice, or a baseline cannot be computed.
pub fn evaluate(
    published: &Published,
    then: &Slice,
    training: &[Slice],
    abc: AbcThresholds,
    seed: Seed,
) -> Result<Evaluation, AnalysisError> {
    let labels = then
        .labels()
        .ok_or_else(|| AnalysisError::Strangers { published: published.accounts.len(), as_of: published.as_of })?;
    let rows: BTreeMap<&str, usize> =
        then.features().accounts().iter().enumerate().filter_map(|(row, id)| Some((id?, row))).collect();
    let known: Vec<(&Promised, usize)> = (published.accounts.iter())
        .filter_map(|account| Some((account, *rows.get(account.customer_id.as_str())?)))
        .collect();
    if known.is_empty() {
        return Err(AnalysisError::Strangers { published: published.accounts.len(), as_of: published.as_of });
    }
    let revenue = labels.numbers("revenue")?;
    let new = then.baselines().numbers("is_new")?;
    let mut figures = Vec::new();
    for target in Target::ALL {
        let said = |account: &Promised| match target {
            Target::ExpectedRevenue => Some(account.expected_revenue),
            Target::ExpectedMargin => account.expected_margin,
            Target::Growth => account.growth,
            Target::Inactivity => account.inactivity,
            _ => None,
        };
        let label = match target {
            Target::ExpectedRevenue => "revenue",
            Target::ExpectedMargin => "margin",
            Target::Growth => "grew",
            _ => "inactive",
        };
        let counted: Vec<(f64, usize)> = known
            .iter()
            .filter(|(_, row)| target != Target::Growth || new[*row] < 0.5)
            .filter_map(|(account, row)| Some((said(account)?, *row)))
            .collect();
        if counted.is_empty() {
            continue;
        }
        let (name, carried) = baseline(training, then, target, abc, seed)?;
        let outcome = labels.numbers(label)?;
        let of = |all: &[f64]| counted.iter().map(|(_, row)| all[*row]).collect::<Vec<f64>>();
        let predicted: Vec<f64> = counted.iter().map(|(value, _)| *value).collect();
        let assessment = assess(target, &predicted, &of(&carried), &of(&outcome), seed);
        figures.push(Assessed { assessment, baseline: name });
    }
    let by_potential = known.iter().any(|(account, _)| account.can_buy_more == Some(true));
    let length = (TOP * known.len() as f64).ceil();
    let on_list = |account: &Promised| {
        if by_potential { account.can_buy_more == Some(true) } else { account.rank.is_some_and(|rank| rank <= length) }
    };
    let base = then.baselines().numbers("base_revenue")?;
    let gain = |list: &[(&Promised, usize)]| {
        let sum: f64 = list.iter().map(|(_, row)| revenue[*row] - base[*row]).sum();
        (!list.is_empty()).then(|| sum / list.len() as f64)
    };
    let list: Vec<(&Promised, usize)> = known.iter().copied().filter(|(account, _)| on_list(account)).collect();
    let (mut realised, mut headroom) = (0.0, 0.0);
    for (account, row) in &list {
        let room = account.headroom.unwrap_or(0.0);
        realised += (revenue[*row] - account.expected_revenue).max(0.0).min(room);
        headroom += room;
    }
    Ok(Evaluation {
        as_of: published.as_of,
        horizon: published.horizon,
        accounts: known.len(),
        unknown: published.accounts.len() - known.len(),
        said: known.iter().map(|(account, _)| account.expected_revenue).sum(),
        came: known.iter().map(|(_, row)| revenue[*row]).sum(),
        figures,
        misses: misses(&known, &revenue),
        listed: list.len(),
        by_potential,
        gain_listed: gain(&list),
        gain_all: gain(&known),
        realised: (headroom > 0.0).then(|| realised / headroom),
    })
}

fn baseline(
    training: &[Slice],
    then: &Slice,
    target: Target,
    abc: AbcThresholds,
    seed: Seed,
) -> Result<(String, Vec<f64>), AnalysisError> {
    let carried = match target {
        Target::ExpectedMargin => "last_horizon_margin",
        _ => "last_horizon_revenue",
    };
    if training.is_empty() && matches!(target, Target::ExpectedRevenue | Target::ExpectedMargin) {
        return Ok((carried.into(), then.baselines().numbers(carried)?));
    }
    Ok(best_baseline(training, then, target, abc, seed)?)
}

fn misses(known: &[(&Promised, usize)], revenue: &[f64]) -> Vec<Misses> {
    let of = |class: Option<AbcClass>| {
        let bounds: Vec<(f64, f64, f64)> = known
            .iter()
            .filter(|(account, _)| class.is_none() || account.class == class)
            .filter_map(|(account, row)| Some((account.low?, account.high?, revenue[*row].max(0.0))))
            .collect();
        let n = bounds.len();
        let share =
            |missed: fn(&(f64, f64, f64)) -> bool| bounds.iter().filter(|b| missed(b)).count() as f64 / n as f64;
        (n > 0).then(|| Misses { class, below: share(|b| b.2 < b.0), above: share(|b| b.2 > b.1), n })
    };
    std::iter::once(None).chain(AbcClass::ALL.map(Some)).filter_map(of).collect()
}

impl Evaluation {
    /// The finding as lines of text.
    pub fn lines(&self) -> Vec<String> {
        let percent = |value: f64| format!("{:.1} %", 100.0 * value);
        let mut lines = vec![
            format!("what was said as of {} of the {} after it, and what came of it", self.as_of, self.horizon),
            format!(
                "{} accounts{}; total expected {:.0}, came {:.0} ({:+.1} %)",
                self.accounts,
                if self.unknown > 0 { format!(" ({} no longer known)", self.unknown) } else { String::new() },
                self.said,
                self.came,
                100.0 * (self.came / self.said - 1.0)
            ),
        ];
        for Assessed { assessment, baseline } in &self.figures {
            let Assessment { target, n, skill, measures, calibration } = assessment;
            let verdict = if skill.low > 0.0 {
                "better than the baseline"
            } else if skill.high < 0.0 {
                "worse than the baseline"
            } else {
                "no different from the baseline beyond chance"
            };
            lines.push(String::new());
            lines.push(format!(
                "{target}: skill {} (90 % interval {} to {}) over {baseline}, {n} accounts: {verdict}",
                percent(skill.value),
                percent(skill.low),
                percent(skill.high)
            ));
            for measure in measures {
                lines.push(format!(
                    "  {:<20} {:>14.4}  baseline {:>14.4}",
                    measure.metric, measure.value, measure.baseline
                ));
            }
            lines.push("  tenth      predicted         actual  accounts".into());
            for (tenth, bin) in calibration.iter().enumerate() {
                lines.push(format!("  {:>5} {:>14.2} {:>14.2} {:>9}", tenth + 1, bin.predicted, bin.actual, bin.n));
            }
        }
        if !self.misses.is_empty() {
            lines.push(String::new());
            lines.push("misses of the 80 % interval (goal 10 % on each side)".into());
        }
        for miss in &self.misses {
            let class = miss.class.map_or("all", |class| class.name());
            lines.push(format!(
                "  {class:<4} below {:>7}  above {:>7}  {} accounts",
                percent(miss.below),
                percent(miss.above),
                miss.n
            ));
        }
        if let (Some(list), Some(all)) = (self.gain_listed, self.gain_all) {
            lines.push(String::new());
            let what = if self.by_potential { "accounts that could buy more" } else { "first accounts by rank" };
            lines.push(format!(
                "the {} {what} came out {list:+.0} beyond their base on average, all accounts {all:+.0}",
                self.listed
            ));
        }
        if let Some(realised) = self.realised {
            lines.push(format!("of the headroom listed, {} was realised", percent(realised)));
        }
        lines
    }
}
