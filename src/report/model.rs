//! The report as data: everything a page, a table or a chart shows, and nothing they have to work out.
//!
//! It serialises to `report.json`, from which the same pages can be drawn again without the warehouse. It holds no
//! formatted text and no sentence of the page: those are made by `render` in the reader's language. It computes no
//! business number; every figure is handed over by the stage that owns it.

use serde::{Deserialize, Serialize};

use crate::{
    analysis::{Evaluation, Mover, Part},
    backtest::{OriginPlan, Realised, TargetReport, Verdicts},
    config::Language,
    domain::{AbcClass, Horizon, Level, Month, Notice, PotentialBand, ServiceLevel},
    rank::{self, Basis, Cell, ClassSummary, Headline, Reason},
    score::Total,
    survey::Surveys,
};

/// Everything a report shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// What the figures speak of.
    pub about: About,
    /// What the order of the accounts follows, and why.
    pub basis: Basis,
    /// The answer in figures; those of potential are absent where none may be shown.
    pub headline: Headline,
    /// May the answer be given?
    pub verdicts: Verdicts,
    /// The nine cells of ABC class by potential band, best first; empty where no potential is shown.
    pub matrix: Vec<Cell>,
    /// The three ABC classes, best first.
    pub classes: Vec<ClassSummary>,
    /// The same by revenue of the last 12 months.
    pub classes_by_revenue: Vec<ClassSummary>,
    /// Ranked accounts without a positive margin in the last 12 months: class C, whatever they buy.
    pub unprofitable: usize,
    /// Cumulative share of margin over accounts, ascending; the curve of the ABC analysis.
    pub pareto: Vec<ParetoPoint>,
    /// The first accounts of the ranking, in its order; the whole of it is a table beside the page.
    pub accounts: Vec<Account>,
    /// Accounts whose class changed and stayed changed.
    pub movements: Vec<Movement>,
    /// What moved expected revenue since last month; `None` at the beginning of the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Moved>,
    /// What came of the report that was published a horizon ago; `None` without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came_true: Option<Evaluation>,
    /// What customers and our own people say; `None` where nobody was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surveys: Option<Surveys>,
    /// Internal and collective accounts: listed, never ranked.
    pub apart: Vec<ApartAccount>,
    /// Per target what the ladder found, in the order of `Target::ALL`.
    pub targets: Vec<TargetReport>,
    /// Which past months served for what.
    pub origins: OriginPlan,
    /// How often the locked origin has been looked at, this run included.
    pub looks: u32,
    /// What came of the list at the last complete origin.
    pub realised: Option<Realised>,
    /// What was read.
    pub sources: Vec<Source>,
    /// Who was ranked and who was not.
    pub population: Population,
    /// What the reader should know.
    pub notices: Vec<Notice>,
}

/// What the figures speak of, and in which words they are shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// The company whose customers these are.
    pub company: String,
    /// The month at whose end the report stands.
    pub as_of: Month,
    /// Months ahead.
    pub horizon: Horizon,
    /// ISO code of the report currency.
    pub currency: String,
    /// Language of pages and charts.
    pub language: Language,
    /// Revenue stands in for margin, because no cost is known.
    pub margin_is_revenue: bool,
    /// Which level headroom is measured against; `None` where there is none.
    pub level: Option<Level>,
    /// Cumulative share of margin at which class A ends.
    pub abc_a: f64,
    /// Cumulative share of margin at which class B ends.
    pub abc_b: f64,
    /// Identity of the models behind the scores.
    pub model_run: String,
    /// Version of the program.
    pub version: String,
}

/// A figure with its 80 % interval, where one can be given.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ranged {
    /// Point estimate.
    pub value: f64,
    /// Lower bound.
    pub low: Option<f64>,
    /// Upper bound.
    pub high: Option<f64>,
}

impl From<Total> for Ranged {
    fn from(total: Total) -> Self {
        Self { value: total.value, low: total.low, high: total.high }
    }
}

impl Ranged {
    /// Both bounds, or neither.
    pub fn bounds(self) -> Option<(f64, f64)> {
        self.low.zip(self.high)
    }
}

/// One point of the ABC curve: the first `accounts` accounts by margin make up `share` of all positive margin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParetoPoint {
    /// Number of accounts, largest margin first.
    pub accounts: usize,
    /// Cumulative share of the positive margin, 0 to 1.
    pub share: f64,
}

/// One ranked account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Place in the ranking, 1 first.
    pub rank: usize,
    /// Its leading id.
    pub customer_id: String,
    /// Its name, where one is known.
    pub name: Option<String>,
    /// Net revenue of the last 12 months.
    pub revenue_last: f64,
    /// Contribution margin of the last 12 months.
    pub margin_last: f64,
    /// Expected net revenue over the horizon, with the 80 % prediction interval of realised revenue.
    pub expected_revenue: Ranged,
    /// Expected contribution margin over the horizon.
    pub expected_margin: f64,
    /// What it does in a good year.
    pub stretch_revenue: Option<f64>,
    /// What comparable accounts buy.
    pub peer_revenue: Option<f64>,
    /// Headroom in revenue, with its 80 % estimation interval; `None` without the third verdict.
    pub headroom_revenue: Option<Ranged>,
    /// Headroom in contribution margin.
    pub headroom_margin: Option<f64>,
    /// Probability of growth.
    pub growth_probability: Option<f64>,
    /// Probability of no order.
    pub inactivity_probability: Option<f64>,
    /// The condition of METHOD section 2.
    pub can_buy_more: Option<bool>,
    /// Class by contribution margin.
    pub abc_class: AbcClass,
    /// Class by revenue.
    pub abc_class_revenue: AbcClass,
    /// Band by headroom.
    pub potential_band: Option<PotentialBand>,
    /// What to do.
    pub service_level: Option<ServiceLevel>,
    /// What speaks for it and, after that, against it.
    pub reasons: Vec<Reason>,
}

impl Account {
    /// Its name, or its id where no name is known.
    pub fn label(&self) -> &str {
        label(self.name.as_deref(), &self.customer_id)
    }
}

/// `name`, or `id` where no name is known.
pub fn label<'a>(name: Option<&'a str>, id: &'a str) -> &'a str {
    name.filter(|name| !name.trim().is_empty()).unwrap_or(id)
}

/// A reported change of class, with the account's name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Movement {
    /// The account's name, where one is known.
    pub name: Option<String>,
    /// What changed.
    #[serde(flatten)]
    pub change: rank::Movement,
}

/// What moved expected revenue since last month, over the accounts that are ranked in both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moved {
    /// The sums.
    pub total: Part,
    /// Whether last month's models are known; without them no part is the model's.
    pub has_old_models: bool,
    /// The accounts that moved most, largest first.
    pub movers: Vec<NamedMover>,
}

/// An account that moved, with its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NamedMover {
    /// Its name, where one is known.
    pub name: Option<String>,
    /// How it moved.
    #[serde(flatten)]
    pub mover: Mover,
}

/// An account that is not a customer, such as cash sales.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApartAccount {
    /// The account.
    pub customer_id: String,
    /// Its name, where one is known.
    pub name: Option<String>,
    /// `internal` or `collective`.
    pub status: String,
    /// Net revenue of the last 12 months.
    pub revenue_last: f64,
    /// Contribution margin of the last 12 months.
    pub margin_last: f64,
}

/// One batch that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The canonical table.
    pub table: String,
    /// The file, as named by the user.
    pub file: String,
    /// Rows in the file.
    pub rows_in: u64,
    /// Rows loaded.
    pub rows_loaded: u64,
    /// Rows set aside with a reason.
    pub rows_quarantined: u64,
    /// How it was read, such as `encoding: windows-1252`.
    pub recognised: Vec<String>,
}

/// Who was ranked and who was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// All accounts known.
    pub accounts: usize,
    /// Accounts in the ranking.
    pub ranked: usize,
    /// Why the others are not, each with its number of accounts: `dormant`, `blocked`, ...
    pub left_out: Vec<LeftOut>,
}

/// Accounts left out for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// A key of the text table.
    pub reason: String,
    /// Accounts.
    pub accounts: usize,
}
