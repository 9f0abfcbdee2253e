//! Rung 3 for means: linfa's elastic net on the log ratio to the baseline, brought back to money with smearing.

use linfa::{
    Dataset, ParamGuard,
    traits::{Fit, Predict},
};
use serde::{Deserialize, Serialize};

use super::{
    Param, Rung, gave_up, label,
    ratio::{Anchor, Smearing, log_ratio},
    refuse_few, set,
};
use crate::{
    domain::Target,
    learners::linear::{ElasticNet as Net, ElasticNetParams, Penalty},
    train::{Contributions, Encoder, Rows, TrainError, fit::Task},
};

/// `E = (B0 + c) * smear * exp(f(x)) - c`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ElasticNet {
    anchor: Anchor,
    encoder: Encoder,
    net: Net,
    smearing: Smearing,
    /// Smallest and largest `f` in training: no account is sent further than any was seen to go.
    range: (f64, f64),
}

impl Rung for ElasticNet {
    const TARGETS: &'static [Target] = &[Target::ExpectedRevenue, Target::ExpectedMargin];
    const STEP: u8 = 3;
    const KEYS: &'static [&'static str] = &["features"];

    fn params() -> Vec<Param> {
        vec![
            // 1: what the largest of p columns of pure noise reaches
            Param { name: "penalty", default: 1.0, range: 0.0..=100.0, expected: "a number from 0 to 100" },
            Param { name: "l1_ratio", default: 0.5, range: 0.0..=1.0, expected: "a share from 0 to 1" },
        ]
    }

    fn fit(task: &Task<'_>, rows: &Rows<'_>) -> Result<Self, TrainError> {
        let design = rows.panel().design(&task.features())?;
        refuse_few(task, rows, design.encoder.width())?;
        let anchor = Anchor::learn(task.anchor, task.target, rows)?;
        let (b, c) = anchor.values(rows)?;
        let y = rows.label(label(task.target))?;
        let z = (0..y.len()).map(|i| log_ratio(y[i], b[i], c[i])).collect();
        let set = set(&design, rows, z)?;
        let params = ElasticNetParams::default()
            .penalty(Penalty::Noise(task.param("penalty")))
            .l1_ratio(task.param("l1_ratio"))
            .check()
            .map_err(|error| gave_up(task, error))?;
        let net = params.fit(&Dataset::new(set.x().clone(), set.y().clone())).map_err(|error| gave_up(task, error))?;
        let f = net.predict(set.x()).to_vec();
        let range = f.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)));
        let smearing = Smearing::learn(&y, &f, &b, &c, &rows.class());
        Ok(Self { anchor, encoder: design.encoder.clone(), net, smearing, range })
    }

    fn predict(&self, _target: Target, rows: &Rows<'_>) -> Result<Vec<f64>, TrainError> {
        let (b, c) = self.anchor.values(rows)?;
        let f = self.net.predict(&self.encoder.transform(rows)?);
        let f: Vec<f64> = f.iter().map(|f| f.clamp(self.range.0, self.range.1)).collect();
        Ok(self.smearing.apply(&f, &b, &c, &rows.class()))
    }

    fn contributions(&self, rows: &Rows<'_>) -> Result<Option<Contributions>, TrainError> {
        let values = self.net.contributions(self.encoder.transform(rows)?.view());
        Ok(Some(Contributions { names: self.encoder.names(), values }))
    }
}
