//! From features to the columns of a tree: numbers as they are, unknown ones as NaN, categories as codes.
//!
//! Amounts are divided by METHOD's `c` at the row's origin, so that a general rise of prices moves nobody into another
//! leaf; baselines enter as log ratios to one of them, as in the [linear encoding](super::Encoder). Only the levels of
//! categories are learned; no outcome is ever seen here.

use ndarray::{ArcArray2, Array2};
use serde::{Deserialize, Serialize};

use super::{Rows, TrainError, encode::FeatureList, matrix::matrix};
use crate::{
    features::catalogue::{Kind, features},
    learners::boosting::BinnedRecords,
};

/// Values that a tree can tell apart: more than trees of a dozen leaves need, and looking for a split costs as many steps.
const MAX_BINS: usize = 63;

/// One column before binning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Column {
    Number { feature: String },
    Amount { feature: String },
    Category { feature: String, levels: Vec<String> },
    Ratio { baseline: String, anchor: String },
    Size { anchor: String },
}

/// The learned encoding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TreeEncoder {
    columns: Vec<Column>,
}

/// An encoder with the records it was learned on.
pub(crate) struct TreeDesign {
    pub encoder: TreeEncoder,
    pub records: BinnedRecords,
}

impl TreeDesign {
    pub(crate) fn learn(list: &FeatureList, rows: &Rows<'_>) -> Result<Self, TrainError> {
        let encoder = TreeEncoder::learn(list, rows)?;
        let records = BinnedRecords::new(encoder.encode(rows)?, &encoder.categorical(), MAX_BINS)
            .map_err(|error| TrainError::Records { reason: error.to_string() })?;
        Ok(Self { encoder, records })
    }
}

impl TreeEncoder {
    /// Learns the levels of categories from `rows`.
    ///
    /// # Errors
    /// If a feature does not exist.
    pub fn learn(list: &FeatureList, rows: &Rows<'_>) -> Result<Self, TrainError> {
        let mut columns = Vec::new();
        for name in &list.features {
            let feature = features()
                .iter()
                .find(|f| f.name == name)
                .ok_or_else(|| TrainError::unknown("the ladder", "feature", name, features().iter().map(|f| f.name)))?;
            let feature_name = name.clone();
            columns.push(match feature.kind {
                Kind::Category => {
                    let (levels, codes) = rows.codes(name)?;
                    let mut seen = vec![false; levels.len() + 1];
                    codes.into_iter().for_each(|code| seen[code as usize] = true);
                    let levels = levels.iter().zip(seen).filter(|(_, seen)| *seen).map(|(level, _)| level.clone());
                    Column::Category { feature: feature_name, levels: levels.collect() }
                }
                Kind::Number if feature.unit == "currency" => Column::Amount { feature: feature_name },
                Kind::Number => Column::Number { feature: feature_name },
            });
        }
        if let Some(anchor) = &list.anchor {
            columns.push(Column::Size { anchor: anchor.clone() });
            let others = list.baselines.iter().filter(|&b| b != anchor);
            columns.extend(others.map(|b| Column::Ratio { baseline: b.clone(), anchor: anchor.clone() }));
        }
        Ok(Self { columns })
    }

    /// The matrix of `rows`, `(n, p)`, row-major, NaN where a value is unknown; that of a whole pool is shared.
    ///
    /// # Errors
    /// If a feature or baseline does not exist in them.
    pub fn transform(&self, rows: &Rows<'_>) -> Result<ArcArray2<f64>, TrainError> {
        let pool = rows.panel();
        let all = pool.shared(&format!("encoded {self:?}"), || Ok(self.encode(&pool.rows())?.into_shared()))?;
        Ok(rows.of_pool(&all))
    }

    /// The same, not kept for other models.
    pub(crate) fn encode(&self, rows: &Rows<'_>) -> Result<Array2<f64>, TrainError> {
        matrix(rows, self.columns.len(), |at, rows| self.columns[at].values(rows))
    }

    /// Columns that hold codes.
    fn categorical(&self) -> Vec<usize> {
        let is_category = |column: &Column| matches!(column, Column::Category { .. });
        self.columns.iter().enumerate().filter(|(_, column)| is_category(column)).map(|(at, _)| at).collect()
    }

    /// Names of the columns: the feature's, or the ratio's two names.
    pub fn names(&self) -> Vec<String> {
        let name = |column: &Column| match column {
            Column::Number { feature } | Column::Amount { feature } | Column::Category { feature, .. } => {
                feature.clone()
            }
            Column::Ratio { baseline, anchor } => format!("{baseline}/{anchor}"),
            Column::Size { anchor } => anchor.clone(),
        };
        self.columns.iter().map(name).collect()
    }
}

impl Column {
    fn values(&self, rows: &Rows<'_>) -> Result<Vec<f64>, TrainError> {
        Ok(match self {
            Self::Number { feature } => rows.number(feature)?,
            Self::Amount { feature } => rows.number(feature)?.iter().zip(rows.offset()).map(|(v, c)| v / c).collect(),
            Self::Category { feature, levels } => {
                let (known, codes) = rows.codes(feature)?;
                let code = |level: &String| levels.binary_search(level).map_or(f64::NAN, |at| at as f64);
                let mut table: Vec<f64> = known.iter().map(code).collect();
                table.push(f64::NAN);
                codes.into_iter().map(|code| table[code as usize]).collect()
            }
            Self::Ratio { baseline, anchor } => {
                let (above, below, c) = (rows.baseline(baseline)?, rows.baseline(anchor)?, rows.offset());
                let log = |value: f64, c: f64| (value.max(0.0) + c).ln();
                above.iter().zip(&below).zip(&c).map(|((a, b), &c)| log(*a, c) - log(*b, c)).collect()
            }
            Self::Size { anchor } => {
                let (level, c) = (rows.baseline(anchor)?, rows.offset());
                level.iter().zip(&c).map(|(b, &c)| ((b.max(0.0) + c) / c).ln()).collect()
            }
        })
    }
}
