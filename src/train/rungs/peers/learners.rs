//! Two ways to learn a quantile beside the industry's: a linear one and a boosted one.

use linfa::{
    Dataset, DatasetBase, ParamGuard,
    traits::{Fit, Predict},
};
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    learners::{
        boosting::{GradientBoosting, GradientBoostingParams, GroupedTargets, Loss, RankedRecords},
        quantile::{QuantileParams, QuantileRegression},
    },
    train::{fit::Task, rungs::Param},
};

/// Relative duality gap: far below what a quantile of money can be known to.
const TOLERANCE: f64 = 1e-5;

/// A quantile of `y` given the encoded columns `x` `(n, p)`.
pub(crate) trait Learner: Sized + Serialize + DeserializeOwned {
    const STEP: u8;

    fn params() -> Vec<Param>;

    /// The reason is in words, for the report.
    fn fit(task: &Task<'_>, x: Array2<f64>, y: Array1<f64>, level: f64) -> Result<Self, String>;

    fn scores(&self, x: &Array2<f64>) -> Array1<f64>;

    /// The same of rows that were ranked for this model; `None` if it knows no ranks.
    fn scores_of(&self, _ranked: &RankedRecords) -> Option<Array1<f64>> {
        None
    }

    /// `(n, p)`, relative to an average account.
    fn contributions(&self, x: &Array2<f64>) -> Array2<f64>;
}

/// Linear quantile regression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Linear(QuantileRegression);

impl Learner for Linear {
    const STEP: u8 = 3;

    fn params() -> Vec<Param> {
        vec![Param { name: "alpha", default: 50.0, range: 0.0..=1e6, expected: "zero or a positive number" }]
    }

    fn fit(task: &Task<'_>, x: Array2<f64>, y: Array1<f64>, level: f64) -> Result<Self, String> {
        let params = QuantileParams::default()
            .levels(&[level])
            .ridge(task.param("alpha") / x.nrows() as f64)
            .tolerance(TOLERANCE)
            .check();
        params.and_then(|params| params.fit(&Dataset::new(x, y))).map(Self).map_err(|error| error.to_string())
    }

    fn scores(&self, x: &Array2<f64>) -> Array1<f64> {
        self.0.predict(x).column(0).to_owned()
    }

    fn contributions(&self, x: &Array2<f64>) -> Array2<f64> {
        match self.0.lines() {
            [line, ..] => line.contributions(x.view()),
            [] => Array2::zeros(x.dim()),
        }
    }
}

/// Boosted trees under pinball loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Boosted(GradientBoosting);

impl Boosted {
    pub(super) const fn trees(&self) -> &GradientBoosting {
        &self.0
    }
}

impl Learner for Boosted {
    const STEP: u8 = 4;

    fn params() -> Vec<Param> {
        let whole = "a whole number of at least 1";
        vec![
            Param { name: "trees", default: 80.0, range: 1.0..=5000.0, expected: whole },
            Param { name: "leaves", default: 8.0, range: 2.0..=1000.0, expected: whole },
            Param { name: "min_leaf_rows", default: 100.0, range: 1.0..=1e6, expected: whole },
            Param { name: "learning_rate", default: 0.08, range: 1e-4..=1.0, expected: "a share above 0" },
        ]
    }

    fn fit(task: &Task<'_>, x: Array2<f64>, y: Array1<f64>, level: f64) -> Result<Self, String> {
        // all rows take part in every tree, so that no groups are needed to draw by
        let groups = Array1::zeros(y.len());
        let params = GradientBoostingParams::new(Loss::Pinball { level })
            .trees(task.param("trees") as usize)
            .leaves(task.param("leaves") as usize)
            .min_leaf_rows(task.param("min_leaf_rows") as usize)
            .learning_rate(task.param("learning_rate"))
            .check();
        let fitted = params.and_then(|params| params.fit(&DatasetBase::new(x, GroupedTargets { y, groups })));
        fitted.map(Self).map_err(|error| error.to_string())
    }

    fn scores(&self, x: &Array2<f64>) -> Array1<f64> {
        self.0.scores(x.view())
    }

    fn scores_of(&self, ranked: &RankedRecords) -> Option<Array1<f64>> {
        self.0.scores_of(ranked)
    }

    fn contributions(&self, x: &Array2<f64>) -> Array2<f64> {
        self.0.contributions(x.view()).values
    }
}
