//! The accounts of the company and where each stands: who is scored, and who is listed without a figure.

use polars::prelude::*;
use serde::{Deserialize, Serialize};

use super::ScoreError;
use crate::features::{ACCOUNT_ID, AccountFrame};

/// Where an account stands; only active ones are scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// Bought within 24 months and may be sold to.
    Active,
    /// Did not buy for 24 months.
    Dormant,
    /// May not be sold to.
    Blocked,
    /// Insolvent.
    Insolvent,
    /// Part of the own company; listed apart, never ranked.
    Internal,
    /// Many buyers under one number, such as cash sales; listed apart, never ranked.
    Collective,
}

impl Standing {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Active, Self::Dormant, Self::Blocked, Self::Insolvent, Self::Internal, Self::Collective];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Dormant => "dormant",
            Self::Blocked => "blocked",
            Self::Insolvent => "insolvent",
            Self::Internal => "internal",
            Self::Collective => "collective",
        }
    }
}

/// One account of the company, scored or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The account's leading id.
    pub id: String,
    /// Where it stands.
    pub standing: Standing,
    /// Net revenue of the last 12 months, or of as many as there are.
    pub revenue_last: f64,
    /// Contribution margin of the same months.
    pub margin_last: f64,
}

impl Account {
    /// The accounts that a table of scores speaks of, in its order.
    ///
    /// # Errors
    /// If a column is missing or of another type, or a standing is none.
    pub fn scored(table: &DataFrame) -> Result<Vec<Self>, ScoreError> {
        let text = |name| table.column(name)?.str();
        let number = |name| table.column(name)?.f64();
        let (ids, standing) = (text("customer_id")?, text("standing")?);
        let (revenue, margin) = (number("account_revenue")?, number("account_margin")?);
        (0..table.height())
            .map(|row| {
                let (id, name) = (ids.get(row).unwrap_or_default(), standing.get(row).unwrap_or_default());
                let standing =
                    Standing::ALL.into_iter().find(|s| s.name() == name).ok_or_else(|| ScoreError::Value {
                        account: id.to_owned(),
                        column: "standing".into(),
                        value: format!("`{name}`"),
                        expected: "active, dormant, blocked, insolvent, internal or collective",
                    })?;
                let amount = |column: &Float64Chunked| column.get(row).unwrap_or(f64::NAN);
                Ok(Self { id: id.to_owned(), standing, revenue_last: amount(revenue), margin_last: amount(margin) })
            })
            .collect()
    }

    /// Every account of `frame`, ascending by id.
    ///
    /// # Errors
    /// If the frame holds a status that is not in the data contract.
    pub fn all(frame: &AccountFrame) -> Result<Vec<Self>, ScoreError> {
        let table = frame.frame();
        let (ids, status) = (table.column(ACCOUNT_ID)?.str()?, table.column("status")?.str()?);
        let (ordered, population) = (table.column("ordered")?.bool()?, table.column("population")?.bool()?);
        let (revenue, margin) = (table.column("revenue_12")?.f64()?, table.column("margin_12")?.f64()?);
        (0..table.height())
            .map(|row| {
                let id = ids.get(row).unwrap_or_default().to_owned();
                let standing = match status.get(row).unwrap_or("active") {
                    _ if population.get(row) == Some(true) => Standing::Active,
                    "active" if ordered.get(row) != Some(true) => Standing::Dormant,
                    name => Standing::ALL.into_iter().find(|s| s.name() == name).ok_or_else(|| ScoreError::Value {
                        account: id.clone(),
                        column: "status".into(),
                        value: format!("`{name}`"),
                        expected: "active, blocked, insolvent, internal or collective",
                    })?,
                };
                let amount = |column: &Float64Chunked| column.get(row).unwrap_or(0.0);
                Ok(Self { id, standing, revenue_last: amount(revenue), margin_last: amount(margin) })
            })
            .collect()
    }
}
