//! What all boosted rungs share: the encoding that trees take, early stopping on later rows, and the way back.
//!
//! The number of trees is chosen where a recipe is tried: on the calibration origins, or without any on the newest
//! training origin, or with a single origin on a third of the accounts, after which the trees are grown again on all
//! rows. Once a recipe is frozen its number of trees is a setting like any other, and no row is set aside.

use std::{collections::BTreeMap, ops::Range};

use linfa::ParamGuard;
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::{FEWEST_ACCOUNTS, Param, gave_up, too_few};
use crate::{
    domain::Seed,
    learners::boosting::{
        BinnedRecords, GradientBoosting, GradientBoostingParams, Loss, RankedRecords, Sample, Validation,
    },
    train::{Contributions, Panel, Rows, TrainError, TreeEncoder, fit::Task},
};

/// Rows on which early stopping looks, at most.
const WATCHED: usize = 60_000;
/// Trees without improvement after which nothing more is expected.
const PATIENCE: usize = 25;
/// The share of accounts set aside where there is no later origin.
const FOLDS: u32 = 3;
/// Fewer rows than this a leaf could not be filled from twice over.
const FEWEST_ROWS: usize = 200;

/// The number of trees of a frozen recipe, or the most of one that is tried.
pub(crate) const TREES: &str = "trees";

/// Trees with the encoding they take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TreeModel {
    encoder: TreeEncoder,
    trees: GradientBoosting,
}

/// What the trees learn: an outcome, and the part of the score that is known beforehand.
pub(crate) struct Learned {
    pub y: Vec<f64>,
    pub offset: Option<Vec<f64>>,
}

impl Learned {
    pub(crate) const fn plain(y: Vec<f64>) -> Self {
        Self { y, offset: None }
    }
}

/// Settings of every boosted rung.
pub(crate) fn tree_params() -> Vec<Param> {
    let share = "a share above 0 and up to 1";
    vec![
        Param { name: TREES, default: 300.0, range: 1.0..=5000.0, expected: "a number from 1 to 5000" },
        Param { name: "learning_rate", default: 0.1, range: 1e-3..=1.0, expected: "a number from .001 to 1" },
        Param { name: "leaves", default: 12.0, range: 2.0..=256.0, expected: "a number from 2 to 256" },
        Param { name: "min_leaf_rows", default: 40.0, range: 1.0..=1e6, expected: "a number from 1" },
        Param { name: "l2", default: 5.0, range: 0.0..=1e6, expected: "zero or a positive number" },
        Param { name: "row_fraction", default: 0.8, range: 1e-3..=1.0, expected: share },
        Param { name: "column_fraction", default: 0.4, range: 1e-3..=1.0, expected: share },
    ]
}

impl TreeModel {
    /// Grows trees on `rows`, which are in order; `learned` says for any rows what is to be learned of them. Returns the
    /// score of each row too.
    pub(crate) fn fit(
        task: &Task<'_>,
        rows: &Rows<'_>,
        loss: Loss,
        learned: &dyn Fn(&Rows<'_>) -> Result<Learned, TrainError>,
    ) -> Result<(Self, Vec<f64>), TrainError> {
        refuse_few(task, rows)?;
        let design = rows.panel().tree_design(&task.features())?;
        let grow = |rows: &Rows<'_>, trees: usize, later: Option<&Rows<'_>>| {
            let known = learned(rows)?;
            let groups: Vec<usize> = rows.account().into_iter().map(|account| account as usize).collect();
            let sample = Sample { rows: rows.index(), y: &known.y, groups: &groups, offset: known.offset.as_deref() };
            let params = params(task, loss, trees);
            match later {
                None => grow(task, &params, &design.records, &sample, None),
                Some(later) => {
                    let (x, later) = (design.encoder.transform(later)?, learned(later)?);
                    let later = Validation { x: x.view(), y: &later.y, offset: later.offset.as_deref() };
                    grow(task, &params, &design.records, &sample, Some(later))
                }
            }
        };
        let most = task.param(TREES) as usize;
        let (trees, scores) = if task.candidate.frozen {
            grow(rows, most, None)?
        } else if let Some(calibrate) = task.calibrate {
            grow(rows, most, Some(&calibrate.thinned(WATCHED)))?
        } else {
            let (mut earlier, mut later) = rows.split_last_origin();
            if earlier.is_empty() || later.is_empty() {
                (later, earlier) = rows.fold(0, FOLDS);
            }
            let (tried, _) = grow(&earlier, most, Some(&later.thinned(WATCHED)))?;
            grow(rows, tried.trees().max(1), None)?
        };
        Ok((Self { encoder: design.encoder.clone(), trees }, scores))
    }

    /// Number of trees.
    pub(crate) fn trees(&self) -> usize {
        self.trees.trees()
    }

    /// The score of each row, before the link and without the offset.
    pub(crate) fn scores(&self, rows: &Rows<'_>) -> Result<Vec<f64>, TrainError> {
        let ranked = if rows.is_whole() { rows.panel().found::<RankedRecords>(&self.ranked_key()) } else { None };
        match ranked.and_then(|records| self.trees.scores_of(&records)) {
            Some(scores) => Ok(scores.to_vec()),
            None => Ok(self.trees.scores(self.encoder.transform(rows)?.view()).to_vec()),
        }
    }

    /// Ranks the rows of `pool` once for those of `models` that take them alike.
    pub(crate) fn share(models: &[&Self], pool: &Panel<'_>) -> Result<(), TrainError> {
        let mut alike: BTreeMap<String, Vec<&Self>> = BTreeMap::new();
        models.iter().for_each(|model| alike.entry(model.ranked_key()).or_default().push(model));
        for (key, models) in alike.into_iter().filter(|(_, models)| models.len() > 1) {
            let rows = pool.rows();
            let encoded = |part: Range<usize>| models[0].encoder.encode(&rows.part(part));
            let trees: Vec<&GradientBoosting> = models.iter().map(|model| &model.trees).collect();
            if let Some(ranked) = RankedRecords::new(rows.len(), &trees, encoded)? {
                pool.shared(&key, || Ok::<_, TrainError>(ranked))?;
            }
        }
        Ok(())
    }

    fn ranked_key(&self) -> String {
        format!("ranked {:?}", self.encoder)
    }

    pub(crate) fn contributions(&self, rows: &Rows<'_>) -> Result<Contributions, TrainError> {
        let x = self.encoder.transform(rows)?;
        let x: ArrayView2<'_, f64> = x.view();
        Ok(Contributions { names: self.encoder.names(), values: self.trees.contributions(x).values })
    }
}

fn params(task: &Task<'_>, loss: Loss, trees: usize) -> GradientBoostingParams {
    // the draws belong to the recipe: recipes are compared, and refit on other accounts, with the same ones
    GradientBoostingParams::new(loss)
        .trees(trees)
        .learning_rate(task.param("learning_rate"))
        .leaves(task.param("leaves") as usize)
        .min_leaf_rows(task.param("min_leaf_rows") as usize)
        .l2(task.param("l2"))
        .row_fraction(task.param("row_fraction"))
        .column_fraction(task.param("column_fraction"))
        .patience(PATIENCE)
        .seed(Seed(0).derive(&task.candidate.name))
}

fn grow(
    task: &Task<'_>,
    params: &GradientBoostingParams,
    records: &BinnedRecords,
    sample: &Sample<'_>,
    later: Option<Validation<'_>>,
) -> Result<(GradientBoosting, Vec<f64>), TrainError> {
    params
        .check_ref()
        .and_then(|params| params.fit_sample(records, sample, later))
        .map_err(|error| gave_up(task, error))
}

fn refuse_few(task: &Task<'_>, rows: &Rows<'_>) -> Result<(), TrainError> {
    let mut accounts = rows.account();
    accounts.sort_unstable();
    accounts.dedup();
    for (what, found, needed) in [("accounts", accounts.len(), FEWEST_ACCOUNTS), ("rows", rows.len(), FEWEST_ROWS)] {
        if found < needed {
            return Err(too_few(task, what, found, needed));
        }
    }
    Ok(())
}
