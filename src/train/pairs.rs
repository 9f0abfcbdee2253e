//! Fits on pairs of account and product group: what the backtest of first purchases asks of the learners.
//!
//! Arrays in, fitted learners and arrays out; what a pair is made of, and which fit is worth what, is not known here.

use linfa::{
    DatasetBase, ParamGuard,
    traits::{Fit, Predict},
};
use ndarray::{Array1, Array2};

use crate::learners::{
    boosting::{GradientBoosting, GradientBoostingParams, GroupedTargets, Loss},
    isotonic::{IsotonicParams, IsotonicRegression},
    nearest::NearestParams,
    shrinkage::{ShrunkMeans, ShrunkMeansParams},
};

/// Means of `y` by nested group codes `(n, depth)`; the reason, in words, if they cannot be had.
pub(crate) fn shrunk_means(groups: Array2<usize>, y: Array1<f64>) -> Result<ShrunkMeans, String> {
    let params = ShrunkMeansParams::default().check();
    params.and_then(|params| params.fit(&DatasetBase::new(groups, y))).map_err(|error| error.to_string())
}

/// A rate that never falls in the one column of `x`.
pub(crate) fn rising_rate(x: Array2<f64>, y: Array1<f64>) -> Result<IsotonicRegression, String> {
    IsotonicParams.fit(&DatasetBase::new(x, y)).map_err(|error| error.to_string())
}

/// That rate at each row of `x`.
pub(crate) fn rate_at(model: &IsotonicRegression, x: &Array2<f64>) -> Vec<f64> {
    model.predict(x).to_vec()
}

/// Boosted trees for a probability; `groups` numbers the account of each row.
pub(crate) fn boosted_probability(
    x: Array2<f64>,
    y: Array1<f64>,
    groups: Array1<usize>,
) -> Result<GradientBoosting, String> {
    GradientBoostingParams::new(Loss::Logistic)
        .trees(100)
        .leaves(8)
        .learning_rate(0.08)
        .min_leaf_rows(100)
        .check()
        .and_then(|params| params.fit(&DatasetBase::new(x, GroupedTargets { y, groups })))
        .map_err(|error| error.to_string())
}

/// That probability at each row of `x`.
pub(crate) fn probability_at(model: &GradientBoosting, x: &Array2<f64>) -> Vec<f64> {
    model.predict(x).to_vec()
}

/// Positions in `reference` of the `k` nearest rows to each of `queries`, none of the query's own group.
pub(crate) fn nearest(
    k: usize,
    reference: (Array2<f64>, Array1<usize>),
    queries: (&Array2<f64>, &Array1<usize>),
) -> Result<Vec<Vec<usize>>, String> {
    let index = NearestParams::default()
        .k(k)
        .check()
        .and_then(|params| params.fit(&DatasetBase::new(reference.0, reference.1)))
        .map_err(|error| error.to_string())?;
    let found = index.peers(queries.0.view(), queries.1.view()).map_err(|error| error.to_string())?;
    Ok(found.into_iter().map(|peers| peers.into_iter().map(|peer| peer.row).collect()).collect())
}
