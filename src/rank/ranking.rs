//! The ranking: METHOD's table of scores complete with class, band, service level and rank, and what the page shows
//! beside it. It is made in [`super::list`] and checked in [`super::check`].

use polars::prelude::*;
use serde::{Deserialize, Serialize};

use super::{AccountReasons, Basis, Cell, ClassSummary, Headline, Movement, RankError, check};
use crate::{domain::Notice, score::Standing};

/// The columns of `scores.parquet`, METHOD section 11, in order.
pub const COLUMNS: [&str; 26] = [
    "customer_id",
    "as_of",
    "horizon_months",
    "population",
    "revenue_last",
    "margin_last",
    "expected_revenue",
    "expected_revenue_low",
    "expected_revenue_high",
    "expected_margin",
    "stretch_revenue",
    "peer_revenue",
    "level_used",
    "headroom_revenue",
    "headroom_low",
    "headroom_high",
    "headroom_margin",
    "growth_probability",
    "inactivity_probability",
    "can_buy_more",
    "abc_class",
    "abc_class_revenue",
    "potential_band",
    "service_level",
    "rank",
    "model_run",
];

/// An account that is listed but never ranked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Apart {
    /// The account.
    pub customer_id: String,
    /// Internal or collective.
    pub standing: Standing,
    /// Net revenue of the last 12 months.
    pub revenue_last: f64,
    /// Contribution margin of the last 12 months.
    pub margin_last: f64,
}

/// Everything a ranking consists of, before it was checked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RankingParts {
    /// One row per account of the company, the columns of METHOD section 11; stored as Parquet, beside the rest.
    #[serde(skip)]
    pub table: DataFrame,
    /// `whitespace.parquet` of METHOD section 11, where product groups are known; stored as Parquet too.
    #[serde(skip)]
    pub whitespace: Option<DataFrame>,
    /// What the rank follows.
    pub basis: Basis,
    /// Totals by ABC class of margin.
    pub abc: Vec<ClassSummary>,
    /// Totals by ABC class of revenue.
    pub abc_revenue: Vec<ClassSummary>,
    /// The ABC x potential matrix, where potential is shown.
    pub matrix: Option<Vec<Cell>>,
    /// Accounts that changed their class.
    pub movements: Vec<Movement>,
    /// Accounts of the population with no or negative margin in the last 12 months.
    pub unprofitable: Vec<String>,
    /// Internal and collective accounts.
    pub apart: Vec<Apart>,
    /// The figures at the top of the page.
    pub headline: Headline,
    /// Reasons of every account of the population, by id.
    pub reasons: Vec<AccountReasons>,
    /// What the reader should know.
    pub notices: Vec<Notice>,
}

/// A checked ranking.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Ranking {
    parts: RankingParts,
}

impl Ranking {
    /// Checks `parts`.
    ///
    /// # Errors
    /// If ranks are not 1 to n over the population, if two neighbours are in no strict order (rank's figure, margin,
    /// id), if shares of positive values do not sum to 1, or if potential is shown without the third verdict.
    pub fn new(parts: RankingParts) -> Result<Self, RankError> {
        check::order(&parts)?;
        check::shares(&parts)?;
        check::potential(&parts)?;
        Ok(Self { parts })
    }

    /// Everything it consists of.
    pub const fn parts(&self) -> &RankingParts {
        &self.parts
    }

    /// `scores.parquet`: one row per account of the company, ascending by id.
    pub const fn table(&self) -> &DataFrame {
        &self.parts.table
    }

    /// The ranked accounts in the order of their rank, with all columns.
    ///
    /// # Errors
    /// None in practice; the columns were checked.
    pub fn list(&self) -> Result<DataFrame, RankError> {
        let ranked = self.parts.table.filter(self.parts.table.column("population")?.bool()?)?;
        Ok(ranked.sort(["rank"], SortMultipleOptions::default())?)
    }
}
