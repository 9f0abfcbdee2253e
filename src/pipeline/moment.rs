//! When a run speaks of: its as-of month, its horizon, and the origins that these allow.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{
    PipelineError,
    artifacts::{read_json, write_json},
    work::{Artifact, Key},
};
use crate::{
    backtest::{OriginPlan, recommend_horizon},
    config::RunConfig,
    domain::{Horizon, Notice, Target},
    features::Facts,
};

/// The horizon without another wish.
const DEFAULT_HORIZON: i64 = 12;
/// The horizon beside it.
const SHORT_HORIZON: i64 = 3;

/// The point in time of a run and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// As-of month, horizon, and which origins serve for what.
    pub plan: OriginPlan,
    /// Whether any cost is known; if not, revenue stands in for margin.
    pub has_cost: bool,
    /// How as-of month and horizon were found, and what the facts lack.
    pub notices: Vec<Notice>,
    /// The facts that it was found in.
    pub facts_key: Key,
    /// What is predicted: all targets, or expected money at the horizon beside the main one.
    pub targets: Vec<Target>,
}

impl Moment {
    /// The moment that `config` asks for, or the default one, within the data.
    ///
    /// # Errors
    /// If the as-of month lies outside the data.
    pub fn find(config: &RunConfig, facts: &Facts, facts_key: &Key) -> Result<Self, PipelineError> {
        let mut notices = facts.notices().to_vec();
        let (first, (last, why)) = (facts.first_month(), facts.last_complete_month());
        let as_of = match config.as_of {
            Some(asked) if asked < first || asked > last.plus(1) => {
                return Err(PipelineError::OutsideData { asked, first, last });
            }
            Some(asked) => asked,
            None => {
                notices.push(Notice::info("as-of", format!("as of {last}: {why}")));
                last
            }
        };
        let horizon = match config.horizon {
            Some(asked) => asked,
            None => {
                let wanted = Horizon::new(DEFAULT_HORIZON)?;
                let shorter = recommend_horizon(first, as_of, wanted);
                if let Some(shorter) = shorter {
                    notices.push(Notice::warning(
                        "horizon",
                        format!("the history is too short to test a horizon of {wanted}; looking {shorter} ahead"),
                    ));
                }
                shorter.unwrap_or(wanted)
            }
        };
        let plan = OriginPlan::new(first, as_of, horizon);
        Ok(Self {
            plan,
            has_cost: facts.has_cost(),
            notices,
            facts_key: facts_key.clone(),
            targets: Target::ALL.into(),
        })
    }

    /// The same month at the short horizon, for expected revenue and margin; `None` if it looks no further itself.
    ///
    /// # Errors
    /// None in practice; the short horizon is a horizon.
    pub(super) fn beside(&self) -> Result<Option<Self>, PipelineError> {
        let OriginPlan { first, as_of, horizon, .. } = self.plan;
        let short = Horizon::new(SHORT_HORIZON)?;
        Ok((horizon > short).then(|| Self {
            plan: OriginPlan::new(first, as_of, short),
            targets: vec![Target::ExpectedRevenue, Target::ExpectedMargin],
            notices: Vec::new(),
            ..self.clone()
        }))
    }

    /// Whether all is predicted, not only expected money at the horizon beside the main one.
    pub(super) fn is_main(&self) -> bool {
        self.targets == Target::ALL
    }

    /// The folder of its results: one per month, horizon and set of targets.
    pub(super) fn folder(&self) -> String {
        let what = if self.is_main() { "" } else { "-expected" };
        format!("{}+{}{what}", self.plan.as_of, self.plan.horizon.months())
    }
}

impl Artifact for Moment {
    fn write(&self, folder: &Path) -> Result<(), PipelineError> {
        write_json(&folder.join("moment.json"), self)
    }

    fn read(folder: &Path) -> Result<Self, PipelineError> {
        read_json(&folder.join("moment.json"))
    }
}
