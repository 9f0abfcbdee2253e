//! Every account known at `t`, with what decides whether it belongs to the population.
//!
//! The population is who ordered in the 24 months to `t` and is not blocked, insolvent, internal or collective. All
//! others keep their row here, so that no account is ever dropped silently.

use polars::prelude::*;

use super::{
    ACCOUNT_ID, FeatureError,
    frame::{refuse_non_finite, refuse_other_columns, refuse_unsorted},
    monetary::units,
    origin::Origin,
};
use crate::domain::AsOf;

/// The columns of an [`AccountFrame`] after `account_id`.
///
/// `customer_id` is the account's newest source record; names and attributes are null without a customer row; `status`
/// is `active` unless another one was known; `ordered` says whether there is an order in the 24 months to `t`; revenue
/// and margin are those of the last 12 months (or of as many as there are), in units of the report currency.
pub const ACCOUNT_COLUMNS: [(&str, DataType); 11] = [
    ("customer_id", DataType::String),
    ("name", DataType::String),
    ("industry", DataType::String),
    ("region", DataType::String),
    ("country", DataType::String),
    ("rep_id", DataType::String),
    ("status", DataType::String),
    ("ordered", DataType::Boolean),
    ("population", DataType::Boolean),
    ("revenue_12", DataType::Float64),
    ("margin_12", DataType::Float64),
];

/// One row per account known at `t`: see [`ACCOUNT_COLUMNS`].
#[derive(Debug, Clone)]
pub struct AccountFrame {
    as_of: AsOf,
    frame: DataFrame,
}

impl AccountFrame {
    /// Checks `frame`.
    ///
    /// # Errors
    /// If a column is missing, superfluous, out of order or of another type, or accounts are not strictly ascending.
    pub fn new(as_of: AsOf, frame: DataFrame) -> Result<Self, FeatureError> {
        let expected = std::iter::once((ACCOUNT_ID, DataType::String)).chain(ACCOUNT_COLUMNS);
        refuse_other_columns("account frame", &frame, expected)?;
        refuse_unsorted("account frame", &frame)?;
        refuse_non_finite("account frame", &frame)?;
        Ok(Self { as_of, frame })
    }

    /// The point in time.
    pub const fn as_of(&self) -> AsOf {
        self.as_of
    }

    /// The table.
    pub const fn frame(&self) -> &DataFrame {
        &self.frame
    }

    /// Number of accounts, of the population and outside.
    pub fn height(&self) -> usize {
        self.frame.height()
    }
}

impl Origin<'_> {
    /// Ids of the population, in ascending order.
    pub(super) fn population(&self) -> Vec<String> {
        self.portfolio().members().iter().map(|&account| self.known().account_id(account).to_owned()).collect()
    }

    /// Every account known at `t`.
    pub(super) fn accounts(&self) -> Result<AccountFrame, FeatureError> {
        let accounts = self.portfolio().accounts();
        let frame = df!(
            "account" => accounts.iter().map(|account| account.account as i32).collect::<Vec<_>>(),
            ACCOUNT_ID => accounts.iter().map(|account| self.known().account_id(account.account)).collect::<Vec<_>>(),
            "ordered" => accounts.iter().map(|account| account.ordered).collect::<Vec<_>>(),
            "population" => accounts.iter().map(|account| account.in_population).collect::<Vec<_>>(),
            "revenue_12" => accounts.iter().map(|account| units(account.revenue_12)).collect::<Vec<_>>(),
            "margin_12" => accounts.iter().map(|account| units(account.margin_12)).collect::<Vec<_>>(),
        )?;
        let columns = std::iter::once(ACCOUNT_ID).chain(ACCOUNT_COLUMNS.iter().map(|(name, _)| *name));
        let frame = super::origin::join(frame.lazy(), self.customers().clone().lazy())
            .with_columns([
                col("status").fill_null(lit("active")),
                coalesce(&[col("customer_id"), col(ACCOUNT_ID)]).alias("customer_id"),
            ])
            .select(columns.map(col).collect::<Vec<_>>())
            .collect()?;
        AccountFrame::new(self.known().as_of(), frame)
    }
}
