//! Rung 5: the mean of other rungs' predictions.
//!
//! Members that err in different ways err less together, and no single history has to suit one of them (Bates & Granger
//! 1969); equal weights, since weights learned on a few origins are noise (Timmermann 2006).

use serde::{Deserialize, Serialize};

use super::{Fitted, OWN_HISTORY, Rung, gave_up};
use crate::{
    domain::Target,
    train::{Contributions, Rows, TrainError, fit::Task},
};

/// The name under which `of` may list the best baseline.
pub(crate) const BASELINE: &str = "baseline";

/// The fitted members.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Average {
    members: Vec<Fitted>,
}

impl Average {
    /// The mean of rungs that were fitted already.
    pub(crate) const fn of(members: Vec<Fitted>) -> Self {
        Self { members }
    }

    pub(crate) fn members(&self) -> &[Fitted] {
        &self.members
    }

    /// The same recipe on other rows, member by member.
    pub(crate) fn refit(&self, task: &Task<'_>, rows: &Rows<'_>) -> Result<Self, TrainError> {
        let members = self.members.iter().zip(&task.candidate.members);
        let refit = members.map(|(fitted, candidate)| fitted.refit(&Task { candidate, ..*task }, rows));
        Ok(Self { members: refit.collect::<Result<_, _>>()? })
    }
}

impl Rung for Average {
    const TARGETS: &'static [Target] = OWN_HISTORY;
    const STEP: u8 = 5;
    const KEYS: &'static [&'static str] = &["of"];
    const CALIBRATED: bool = true;

    fn fit(task: &Task<'_>, rows: &Rows<'_>) -> Result<Self, TrainError> {
        if task.candidate.members.is_empty() {
            return Err(gave_up(task, "it has no members"));
        }
        let members = task.candidate.members.iter();
        let fitted = members.map(|candidate| Fitted::fit(&Task { candidate, ..*task }, rows));
        Ok(Self { members: fitted.collect::<Result<_, _>>()? })
    }

    fn predict(&self, target: Target, rows: &Rows<'_>) -> Result<Vec<f64>, TrainError> {
        let mut mean = vec![0.0; rows.len()];
        for member in &self.members {
            for (mean, value) in mean.iter_mut().zip(member.predict(target, rows)?) {
                *mean += value / self.members.len() as f64;
            }
        }
        Ok(mean)
    }

    /// The mean of the members' contributions, column by column: members without any count as zero, which a baseline's
    /// are, since it is what the others are relative to.
    fn contributions(&self, rows: &Rows<'_>) -> Result<Option<Contributions>, TrainError> {
        let mut names: Vec<String> = Vec::new();
        let mut columns: Vec<Vec<f64>> = Vec::new();
        for member in &self.members {
            let Some(of_member) = member.contributions(rows)? else { continue };
            for (name, values) in of_member.names.into_iter().zip(of_member.values.columns()) {
                let at = names.iter().position(|known| *known == name).unwrap_or_else(|| {
                    names.push(name);
                    columns.push(vec![0.0; rows.len()]);
                    names.len() - 1
                });
                for (sum, value) in columns[at].iter_mut().zip(values) {
                    *sum += value / self.members.len() as f64;
                }
            }
        }
        let values = ndarray::Array2::from_shape_fn((rows.len(), names.len()), |(i, j)| columns[j][i]);
        Ok((!names.is_empty()).then_some(Contributions { names, values }))
    }
}
