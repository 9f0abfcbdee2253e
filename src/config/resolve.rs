//! `[resolve]`: which records are merged, and which of them an account takes each field from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ingest::contract;

/// What is ranked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Each company.
    #[default]
    Account,
    /// Each corporate group: a company with all that name it, or one of its own, as `parent_id`.
    Group,
}

/// Which of several values of a field an account takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Survivorship {
    /// The one known last.
    #[default]
    Newest,
    /// The one of the most trusted source, by `trust`; the newest of that source.
    Trusted,
    /// The longest; the newest of equally long ones.
    Longest,
}

impl Survivorship {
    /// Its name in `headroom.toml`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Trusted => "trusted",
            Self::Longest => "longest",
        }
    }
}

/// Settings of the resolve stage.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, try_from = "RawResolve")]
pub struct ResolveConfig {
    /// Records whose probability of being one company is at least this are merged.
    pub merge: f64,
    /// Pairs of at least this one that stay apart are listed in `data/review.csv`.
    pub review: f64,
    /// Companies, or groups of them.
    pub level: Level,
    /// Sources, the most trusted first.
    pub trust: Vec<String>,
    /// Fields that are not simply the newest.
    pub fields: BTreeMap<String, Survivorship>,
}

impl Default for ResolveConfig {
    /// A false merge mixes two customers' figures and is seen by nobody; a missed one is listed for review. So only what
    /// is wrong once in twenty is merged unasked.
    fn default() -> Self {
        Self { merge: 0.95, review: 0.5, level: Level::Account, trust: Vec::new(), fields: BTreeMap::new() }
    }
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawResolve {
    merge: f64,
    review: f64,
    level: Level,
    trust: Vec<String>,
    fields: BTreeMap<String, Survivorship>,
}

impl Default for RawResolve {
    fn default() -> Self {
        let ResolveConfig { merge, review, level, trust, fields } = ResolveConfig::default();
        Self { merge, review, level, trust, fields }
    }
}

impl TryFrom<RawResolve> for ResolveConfig {
    type Error = String;

    fn try_from(raw: RawResolve) -> Result<Self, String> {
        let RawResolve { merge, review, level, trust, fields } = raw;
        if !(0.0 < review && review <= merge && (0.5..1.0).contains(&merge)) {
            return Err(format!(
                "merge and review are `{merge}` and `{review}`, expected 0 < review <= merge and 0.5 <= merge < 1"
            ));
        }
        let known = contract::table("customers").map(|table| table.columns).unwrap_or_default();
        for (field, rule) in &fields {
            let column = known.iter().skip(1).find(|column| column.name == field);
            let Some(column) = column.filter(|column| !["status", "customer_since"].contains(&column.name)) else {
                return Err(format!(
                    "fields names `{field}`, expected a column of `customers` such as name or industry"
                ));
            };
            if *rule == Survivorship::Longest && column.kind != contract::Kind::Text {
                return Err(format!("fields.{field} is `longest`, expected newest or trusted, since it is no text"));
            }
            if *rule == Survivorship::Trusted && trust.is_empty() {
                return Err(format!(
                    "fields.{field} is `trusted`, expected `trust` to name the sources in their order"
                ));
            }
        }
        Ok(Self { merge, review, level, trust, fields })
    }
}
