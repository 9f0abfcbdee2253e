//! Peer level: what the upper tenth of comparable accounts buys, by nothing that our own share could have shaped.
//!
//! Conformalised quantiles of `log((max(Y, 0) + c) / (P0 + c))`, where `P0` is the quantile of the account's industry:
//! the fewer rows there are, the more the penalty leaves of the industry's level. Fits are crossed by account: each of
//! the folds is predicted by a model that has seen none of its accounts, here and at any later origin, so that nobody
//! is a peer of its own. One offset a fold, since ABC classes are an effect of our own share.

mod industry;
mod learners;

use std::{collections::BTreeMap, ops::Range};

use linfa::{DatasetBase, ParamGuard, traits::Fit};
use ndarray::{Array1, Array2, ArrayView1, Axis};
use serde::{Deserialize, Serialize};

pub(crate) use industry::IndustryQuantiles;
pub(crate) use learners::{Boosted, Linear};

use self::learners::Learner;
use super::{
    Param, Rung,
    baseline::STRETCH_LEVEL,
    gave_up, label,
    ratio::{from_log_ratio, log_ratio},
    refuse_few, set,
};
use crate::{
    domain::Target,
    features::catalogue::{Kind, features},
    learners::{
        boosting::{GradientBoosting, RankedRecords},
        conformal::{ConformalOffsets, ConformalParams, Outcomes},
    },
    train::{Contributions, Encoder, FeatureList, Panel, Rows, TrainError, fit::Task},
};

/// Parts by account: each is predicted by what was learned from the others.
pub(super) const FOLDS: u32 = 3;
/// A column that is known for a smaller share of the accounts compares nobody.
const KNOWN: f64 = 0.3;
/// A category needs two levels with at least this share of the rows.
const FREQUENT: f64 = 0.02;

/// The own-share-free columns by which accounts can be compared: known for enough of them, and not the same for all.
/// METHOD asks for two of them.
pub(crate) fn comparable_columns(rows: &Rows<'_>) -> Result<Vec<String>, TrainError> {
    let mut found = Vec::new();
    for feature in features().iter().filter(|feature| feature.own_share_free) {
        let n = rows.len() as f64;
        let varies = match feature.kind {
            Kind::Number => {
                let known: Vec<f64> = rows.number(feature.name)?.into_iter().filter(|v| !v.is_nan()).collect();
                known.len() as f64 >= KNOWN * n && known.iter().any(|v| *v != known[0])
            }
            Kind::Category => {
                let mut known: Vec<String> = rows.category(feature.name)?.into_iter().flatten().collect();
                known.sort_unstable();
                let frequent = known.chunk_by(|a, b| a == b).filter(|level| level.len() as f64 >= FREQUENT * n);
                known.len() as f64 >= KNOWN * n && frequent.count() >= 2
            }
        };
        if varies {
            found.push(feature.name.to_owned());
        }
    }
    Ok(found)
}

/// Quantiles beside the industry's, one model a fold, with each fold's offset that makes them cover.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Peers<L> {
    fitted: Crossed<L>,
    offsets: Vec<f64>,
}

/// What each fold's model says knows nothing of the fold's accounts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Crossed<L> {
    industry: IndustryQuantiles,
    encoder: Encoder,
    folds: Vec<L>,
}

impl<L: Learner> Crossed<L> {
    fn fit(task: &Task<'_>, rows: &Rows<'_>) -> Result<Self, TrainError> {
        let comparable = comparable_columns(rows)?;
        let list = FeatureList {
            features: task.candidate.features.iter().filter(|name| comparable.contains(name)).cloned().collect(),
            baselines: Vec::new(),
            anchor: None,
        };
        let design = rows.panel().design(&list)?;
        refuse_few(task, rows, design.encoder.width())?;
        let industry = IndustryQuantiles::learn(task, rows, true)?;
        let (c, y, fold) = (rows.offset(), rows.label(label(task.target))?, rows.fold_of_account(FOLDS));
        let set = set(&design, rows, vec![0.0; y.len()])?;
        let folds = (0..FOLDS)
            .map(|out| {
                // relative to the industry's level without the fold, which is also what its accounts are predicted from
                let level = industry.values_of(rows, |_| out)?;
                let others: Vec<usize> = (0..fold.len()).filter(|&i| fold[i] != out).collect();
                let z = others.iter().map(|&i| log_ratio(y[i], level[i], c[i])).collect();
                L::fit(task, set.x().select(Axis(0), &others), z, STRETCH_LEVEL).map_err(|reason| gave_up(task, reason))
            })
            .collect::<Result<Vec<L>, TrainError>>()?;
        Ok(Self { industry, encoder: design.encoder.clone(), folds })
    }

    /// Each row by the model of its account's fold.
    fn by_fold<T>(&self, rows: &Rows<'_>, of: impl Fn(&L, &Array2<f64>) -> Vec<T>) -> Result<Vec<T>, TrainError> {
        let x = self.encoder.transform(rows)?;
        let fold = rows.fold_of_account(FOLDS);
        let mut values: Vec<Option<T>> = (0..fold.len()).map(|_| None).collect();
        for (k, model) in self.folds.iter().enumerate() {
            let own: Vec<usize> = (0..fold.len()).filter(|&i| fold[i] as usize == k).collect();
            for (&i, value) in own.iter().zip(of(model, &x.select(Axis(0), &own))) {
                values[i] = Some(value);
            }
        }
        Ok(values.into_iter().map(|value| value.expect("every account has a fold")).collect())
    }

    fn scores(&self, rows: &Rows<'_>) -> Result<Vec<f64>, TrainError> {
        let ranked = |k: usize| rows.panel().found::<RankedRecords>(&ranked_key(&self.encoder, k));
        let known = |(k, model): (usize, &L)| model.scores_of(&*ranked(k)?);
        let known = rows.is_whole().then(|| self.folds.iter().enumerate().map(known).collect::<Option<Vec<_>>>());
        let Some(by_fold) = known.flatten() else {
            return self.by_fold(rows, |model, x| model.scores(x).to_vec());
        };
        let mut by_fold: Vec<_> = by_fold.into_iter().map(IntoIterator::into_iter).collect();
        let fold = rows.fold_of_account(FOLDS);
        Ok(fold.into_iter().map(|k| by_fold[k as usize].next().expect("a score for each row of the fold")).collect())
    }

    /// What moves each fold's model up so that a tenth of the other folds' `rows` lies above it. Only that model and
    /// those rows take part: models of the other folds have learned from this fold's accounts.
    fn offsets(&self, task: &Task<'_>, rows: &Rows<'_>) -> Result<Vec<f64>, TrainError> {
        let (c, y, fold) = (rows.offset(), rows.label(label(task.target))?, rows.fold_of_account(FOLDS));
        let x = self.encoder.transform(rows)?;
        self.folds
            .iter()
            .zip(0..)
            .map(|(model, out)| {
                let others: Vec<usize> = (0..fold.len()).filter(|&i| fold[i] != out).collect();
                let level = self.industry.values_of(rows, |_| out)?;
                let scores = model.scores(&x.select(Axis(0), &others));
                let bounds = ndarray::stack![Axis(1), scores, scores];
                let y: Array1<f64> = others.iter().map(|&i| log_ratio(y[i], level[i], c[i])).collect();
                let groups = Array1::zeros(y.len());
                let offsets: ConformalOffsets = ConformalParams::default()
                    .miss_above(1.0 - STRETCH_LEVEL)
                    .check()
                    .and_then(|params| params.fit(&DatasetBase::new(bounds, Outcomes { y, groups })))
                    .map_err(|error| gave_up(task, error))?;
                Ok(offsets.of(0).above)
            })
            .collect()
    }
}

impl<L: Learner> Peers<L> {
    /// The same rung on other rows with this one's offsets: what a bootstrap refit needs.
    pub(crate) fn refit(&self, task: &Task<'_>, rows: &Rows<'_>) -> Result<Self, TrainError> {
        Ok(Self { fitted: Crossed::fit(task, rows)?, offsets: self.offsets.clone() })
    }
}

impl Peers<Boosted> {
    /// Ranks the rows of `pool` fold by fold, once for those of `models` that take them alike.
    pub(crate) fn share(models: &[&Self], pool: &Panel<'_>) -> Result<(), TrainError> {
        let mut alike: BTreeMap<String, Vec<&Self>> = BTreeMap::new();
        models.iter().for_each(|model| alike.entry(format!("{:?}", model.fitted.encoder)).or_default().push(model));
        for models in alike.into_values().filter(|models| models.len() > 1) {
            let rows = pool.rows();
            let (encoder, fold) = (&models[0].fitted.encoder, rows.fold_of_account(FOLDS));
            for k in 0..FOLDS as usize {
                let own: Vec<usize> = (0..fold.len()).filter(|&i| fold[i] as usize == k).collect();
                let trees: Vec<&GradientBoosting> = models.iter().map(|model| model.fitted.folds[k].trees()).collect();
                let own = rows.select(&own);
                let encoded = |part: Range<usize>| encoder.encode(&own.part(part));
                if let Some(ranked) = RankedRecords::new(own.len(), &trees, encoded)? {
                    pool.shared(&ranked_key(encoder, k), || Ok::<_, TrainError>(ranked))?;
                }
            }
        }
        Ok(())
    }
}

fn ranked_key(encoder: &Encoder, fold: usize) -> String {
    format!("ranked, fold {fold}, {encoder:?}")
}

impl<L: Learner> Rung for Peers<L> {
    const TARGETS: &'static [Target] = &[Target::PeerLevel];
    const STEP: u8 = L::STEP;
    const KEYS: &'static [&'static str] = &["features"];
    const CALIBRATED: bool = true;

    fn params() -> Vec<Param> {
        L::params()
    }

    /// Calibrated on later rows, or on its own, each predicted by a model that has not seen the account.
    fn fit(task: &Task<'_>, rows: &Rows<'_>) -> Result<Self, TrainError> {
        let fitted = Crossed::fit(task, rows)?;
        let offsets = fitted.offsets(task, task.calibrate.unwrap_or(rows))?;
        Ok(Self { fitted, offsets })
    }

    fn predict(&self, _target: Target, rows: &Rows<'_>) -> Result<Vec<f64>, TrainError> {
        let (level, c, scores) = (self.fitted.industry.values(rows)?, rows.offset(), self.fitted.scores(rows)?);
        let fold = rows.fold_of_account(FOLDS);
        let level = |i: usize| from_log_ratio(scores[i] + self.offsets[fold[i] as usize], level[i], c[i]);
        Ok((0..scores.len()).map(level).collect())
    }

    fn contributions(&self, rows: &Rows<'_>) -> Result<Option<Contributions>, TrainError> {
        let by_row = self.fitted.by_fold(rows, |model, x| {
            let values = model.contributions(x);
            values.rows().into_iter().map(|row: ArrayView1<'_, f64>| row.to_vec()).collect()
        })?;
        let mut values = Array2::zeros((rows.len(), self.fitted.encoder.width()));
        for (mut row, own) in values.rows_mut().into_iter().zip(by_row) {
            row.assign(&Array1::from(own));
        }
        Ok(Some(Contributions { names: self.fitted.encoder.names(), values }))
    }
}
