//! Several conditional quantiles by boosting: one pinball model per level, predictions sorted within each row.
//!
//! Sorting never worsens the pinball loss of any level (V. Chernozhukov, I. Fernández-Val and A. Galichon, "Quantile and
//! Probability Curves without Crossing", Econometrica 78, 2010). Coverage on later rows is for `conformal` to calibrate.

use linfa::traits::{Fit, PredictInplace};
use linfa::{DatasetBase, ParamGuard};
use ndarray::{Array1, Array2, ArrayBase, Axis, Data, Ix2};
use serde::{Deserialize, Serialize};

use super::fit::{Training, Validation};
use super::params::{GradientBoostingParams, GradientBoostingValidParams};
use super::{BoostingError, GradientBoosting, GroupedTargets, Loss};
use crate::learners::tree::Binned;

/// Checked hyperparameters; see [`BoostedQuantilesParams`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoostedQuantilesValidParams {
    models: Vec<GradientBoostingValidParams>,
}

/// Levels, ascending, and the hyperparameters that all of them share (their loss is not read).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoostedQuantilesParams {
    levels: Vec<f64>,
    shared: GradientBoostingParams,
    checked: BoostedQuantilesValidParams,
}

impl BoostedQuantilesParams {
    /// Levels with shared hyperparameters.
    pub fn new(levels: &[f64], shared: GradientBoostingParams) -> Self {
        let of = |level: &f64| shared.clone().loss(Loss::Pinball { level: *level }).into_inner();
        let checked = BoostedQuantilesValidParams { models: levels.iter().map(of).collect() };
        Self { levels: levels.to_vec(), shared, checked }
    }
}

impl ParamGuard for BoostedQuantilesParams {
    type Checked = BoostedQuantilesValidParams;
    type Error = BoostingError;

    fn check_ref(&self) -> Result<&Self::Checked, BoostingError> {
        for level in &self.levels {
            self.shared.clone().loss(Loss::Pinball { level: *level }).check()?;
        }
        match self.levels.windows(2).find(|pair| pair[0] >= pair[1]) {
            Some(pair) => Err(BoostingError::Parameter { name: "level", value: pair[1], expected: "ascending levels" }),
            None if self.levels.is_empty() => {
                Err(BoostingError::Parameter { name: "levels", value: 0.0, expected: "at least one level" })
            }
            None => Ok(&self.checked),
        }
    }

    fn check(self) -> Result<Self::Checked, BoostingError> {
        self.check_ref()?;
        Ok(self.checked)
    }
}

/// Fitted quantiles, a model per level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoostedQuantiles {
    models: Vec<GradientBoosting>,
}

impl<D: Data<Elem = f64>> Fit<ArrayBase<D, Ix2>, GroupedTargets, BoostingError> for BoostedQuantilesValidParams {
    type Object = BoostedQuantiles;

    /// # Errors
    /// As those of a single model.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, GroupedTargets>) -> Result<BoostedQuantiles, BoostingError> {
        let (y, groups) = (dataset.targets().y.to_vec(), dataset.targets().groups.view());
        self.boost(&Training::all(dataset.records().view(), &y, Some(groups)))
    }
}

impl BoostedQuantilesValidParams {
    /// Fits with early stopping of each level on `validation`.
    ///
    /// # Errors
    /// As those of a single model.
    pub fn fit_validated<D: Data<Elem = f64>>(
        &self,
        dataset: &DatasetBase<ArrayBase<D, Ix2>, GroupedTargets>,
        validation: &DatasetBase<ArrayBase<D, Ix2>, Array1<f64>>,
    ) -> Result<BoostedQuantiles, BoostingError> {
        let (y, groups) = (dataset.targets().y.to_vec(), dataset.targets().groups.view());
        let later = validation.targets().to_vec();
        let validation = Some(Validation { x: validation.records().view(), y: &later, offset: None });
        self.boost(&Training { validation, ..Training::all(dataset.records().view(), &y, Some(groups)) })
    }

    fn boost(&self, training: &Training<'_>) -> Result<BoostedQuantiles, BoostingError> {
        let first = &self.models[0];
        first.check_training(training)?;
        // bins do not depend on the level
        let binned = Binned::new(training.x, &first.categorical, first.max_bins)?;
        let models = self.models.iter().map(|params| params.boost_binned(training, &binned).0);
        Ok(BoostedQuantiles { models: models.collect() })
    }
}

impl BoostedQuantiles {
    /// The model of each level, ascending, before rows are sorted.
    pub fn models(&self) -> &[GradientBoosting] {
        &self.models
    }
}

impl<D: Data<Elem = f64>> PredictInplace<ArrayBase<D, Ix2>, Array2<f64>> for BoostedQuantiles {
    fn predict_inplace(&self, x: &ArrayBase<D, Ix2>, y: &mut Array2<f64>) {
        assert_eq!((x.nrows(), self.models.len()), y.dim(), "one row per record, one column per level");
        for (model, mut column) in self.models.iter().zip(y.axis_iter_mut(Axis(1))) {
            column.assign(&model.scores(x.view()));
        }
        for mut row in y.rows_mut() {
            let mut sorted = row.to_vec();
            sorted.sort_by(f64::total_cmp);
            row.assign(&Array1::from_vec(sorted));
        }
    }

    fn default_target(&self, x: &ArrayBase<D, Ix2>) -> Array2<f64> {
        Array2::zeros((x.nrows(), self.models.len()))
    }
}
