//! From features to the columns of a linear model, learned inside the training slices only.
//!
//! Money and counts by signed log1p; missing numbers by the training median with a flag column; categories as one
//! column per frequent level; everything centred, scaled and clipped at four standard deviations. Ratio columns say
//! how each baseline compares with the anchor. No outcome is ever seen here.

use ndarray::{ArcArray2, Array2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Rows, TrainError, matrix::matrix};
use crate::features::catalogue::{Kind, features};

/// Values further from the training mean than this many standard deviations are pulled in.
const CLIP: f64 = 4.0;
/// A level needs this share of the training rows for a column of its own.
const FREQUENT: f64 = 0.02;
/// At most this many levels of a category get a column.
const MAX_LEVELS: usize = 8;
/// A flag column needs this share of missing (and of present) values.
const FLAGGED: f64 = 0.005;
/// Units on a multiplicative scale.
const LOG_UNITS: [&str; 6] = ["currency", "orders", "days", "count", "ratio", "accounts"];

/// Which features enter a model, and how baselines enter beside them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureList {
    /// Names in the catalogue.
    pub features: Vec<String>,
    /// Baselines that enter as log ratios to the anchor.
    pub baselines: Vec<String>,
    /// The baseline the model is relative to; its own level is a column too.
    pub anchor: Option<String>,
}

impl FeatureList {
    pub(crate) fn key(&self) -> String {
        format!("{:?}|{:?}|{:?}", self.features, self.baselines, self.anchor)
    }
}

/// One column of the design matrix before centring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Source {
    Number { feature: String, log: bool, median: f64 },
    Missing { feature: String },
    Level { feature: String, level: String },
    Ratio { baseline: String, anchor: String },
    Size { anchor: String },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Column {
    source: Source,
    mean: f64,
    deviation: f64,
}

/// The learned encoding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Encoder {
    columns: Vec<Column>,
}

/// An encoder with the matrix it was learned on, `(n, p)`, row-major.
#[derive(Debug)]
pub(crate) struct Design {
    pub encoder: Encoder,
    pub x: ArcArray2<f64>,
}

impl Design {
    pub(crate) fn learn(list: &FeatureList, rows: &Rows<'_>) -> Result<Self, TrainError> {
        let encoder = Encoder::learn(list, rows)?;
        let x = encoder.transform(rows)?;
        Ok(Self { encoder, x })
    }
}

impl Encoder {
    /// Learns medians, frequent levels, means and deviations from `rows`. Columns without any spread are left out.
    ///
    /// # Errors
    /// If a feature or baseline does not exist.
    pub fn learn(list: &FeatureList, rows: &Rows<'_>) -> Result<Self, TrainError> {
        let mut sources = Vec::new();
        for name in &list.features {
            let feature = features()
                .iter()
                .find(|f| f.name == name)
                .ok_or_else(|| TrainError::unknown("the ladder", "feature", name, features().iter().map(|f| f.name)))?;
            match feature.kind {
                Kind::Number => numeric_sources(name, LOG_UNITS.contains(&feature.unit), rows, &mut sources)?,
                Kind::Category => level_sources(name, rows, &mut sources)?,
            }
        }
        if let Some(anchor) = &list.anchor {
            sources.push(Source::Size { anchor: anchor.clone() });
            let others = list.baselines.iter().filter(|&b| b != anchor);
            sources.extend(others.map(|b| Source::Ratio { baseline: b.clone(), anchor: anchor.clone() }));
        }
        let column = |source: Source| -> Result<Option<Column>, TrainError> {
            let values = source.values(rows)?;
            let n = values.len().max(1) as f64;
            let mean = values.iter().sum::<f64>() / n;
            let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
            Ok((deviation > 1e-9 * mean.abs().max(1e-3)).then_some(Column { source, mean, deviation }))
        };
        let columns = sources.into_par_iter().map(column).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { columns: columns.into_iter().flatten().collect() })
    }

    /// The design matrix of `rows`, `(n, p)`, row-major, finite; that of a whole pool is shared.
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
        matrix(rows, self.columns.len(), |at, rows| {
            let column = &self.columns[at];
            let values = column.source.values(rows)?.into_iter();
            Ok(values.map(|v| ((v - column.mean) / column.deviation).clamp(-CLIP, CLIP)).collect())
        })
    }

    /// Names of the matrix's columns: the feature's, with `=level`, `?` (missing), or the ratio's two names.
    pub fn names(&self) -> Vec<String> {
        self.columns.iter().map(|c| c.source.name()).collect()
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.columns.len()
    }
}

fn numeric_sources(name: &str, log: bool, rows: &Rows<'_>, into: &mut Vec<Source>) -> Result<(), TrainError> {
    let values = rows.number(name)?;
    let mut known: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    known.sort_unstable_by(f64::total_cmp);
    let Some(&median) = known.get(known.len() / 2) else { return Ok(()) };
    into.push(Source::Number { feature: name.into(), log, median });
    let missing = 1.0 - known.len() as f64 / values.len() as f64;
    if (FLAGGED..=1.0 - FLAGGED).contains(&missing) {
        into.push(Source::Missing { feature: name.into() });
    }
    Ok(())
}

fn level_sources(name: &str, rows: &Rows<'_>, into: &mut Vec<Source>) -> Result<(), TrainError> {
    let (levels, codes) = rows.codes(name)?;
    let mut counts = vec![0; levels.len() + 1];
    for code in codes {
        counts[code as usize] += 1;
    }
    let enough = (FREQUENT * rows.len() as f64).max(1.0);
    let mut frequent: Vec<(String, usize)> =
        levels.iter().cloned().zip(counts).filter(|(_, n)| *n as f64 >= enough).collect();
    // most frequent first, then by name: levels are in order and the sort is stable
    frequent.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    frequent.truncate(MAX_LEVELS);
    into.extend(frequent.into_iter().map(|(level, _)| Source::Level { feature: name.into(), level }));
    Ok(())
}

/// `sign(v) * ln(1 + |v|)`.
pub(crate) fn signed_log1p(value: f64) -> f64 {
    value.signum() * value.abs().ln_1p()
}

impl Source {
    fn name(&self) -> String {
        match self {
            Self::Number { feature, .. } => feature.clone(),
            Self::Missing { feature } => format!("{feature}?"),
            Self::Level { feature, level } => format!("{feature}={level}"),
            Self::Ratio { baseline, anchor } => format!("{baseline}/{anchor}"),
            Self::Size { anchor } => anchor.clone(),
        }
    }

    fn values(&self, rows: &Rows<'_>) -> Result<Vec<f64>, TrainError> {
        Ok(match self {
            Self::Number { feature, log, median } => (rows.number(feature)?.into_iter())
                .map(|v| if v.is_nan() { *median } else { v })
                .map(|v| if *log { signed_log1p(v) } else { v })
                .collect(),
            Self::Missing { feature } => {
                rows.number(feature)?.into_iter().map(|v| f64::from(u8::from(v.is_nan()))).collect()
            }
            Self::Level { feature, level } => {
                let (levels, codes) = rows.codes(feature)?;
                let code = levels.binary_search(level).ok();
                codes.into_iter().map(|v| f64::from(u8::from(Some(v as usize) == code))).collect()
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
