//! What was forecast at each test origin and what came of it: the published rung beside the baseline.
//!
//! On selection origins the models are those of the contest; on the locked origin both recipes are refit on all slices
//! whose labels had closed by then.

use super::{
    BacktestError,
    contest::{Contest, Test, training_rows},
    losses::{counted, outcome},
};
use crate::{
    domain::{AbcClass, Horizon, Month, Target},
    train::{Candidate, Interval, IntervalForm, IntervalModel, Rows, Task, TrainError, fit_rows},
};

/// One target at one test origin, on the rows that count.
#[derive(Debug)]
pub(super) struct Track {
    pub target: Target,
    pub origin: Month,
    pub locked: bool,
    /// Position of each row within the slice.
    pub row: Vec<usize>,
    /// Number of the account within the test panel.
    pub account: Vec<u32>,
    pub class: Vec<AbcClass>,
    /// Revenue of the last 12 months, up to a factor.
    pub spend: Vec<f64>,
    pub actual: Vec<f64>,
    pub baseline: Vec<f64>,
    pub published: Vec<f64>,
    /// The other rungs that could be fitted (selection origins only).
    pub others: Vec<(String, Vec<f64>)>,
    /// The prediction interval, where there is one (expected revenue only).
    pub interval: Option<Interval>,
}

/// The rows a recipe may be refit on before the locked origin.
pub(super) struct Judge<'a> {
    pub horizon: Horizon,
    /// Slices of all stages before.
    pub all: &'a Rows<'a>,
    /// The same without the selection origins, for what is calibrated on these.
    pub before_choice: &'a Rows<'a>,
    pub choice: &'a Rows<'a>,
    /// What the interval is made of.
    pub interval: &'a Candidate,
    pub test: &'a Test<'a>,
}

impl Track {
    fn new(
        target: Target,
        test: &Test<'_>,
        locked: bool,
        baseline: &[f64],
        published: &[f64],
    ) -> Result<Self, TrainError> {
        let row = counted(target, &test.rows)?;
        let rows = test.rows.select(&row);
        let pick = |all: &[f64]| row.iter().map(|&at| all[at]).collect();
        Ok(Self {
            target,
            origin: test.origin,
            locked,
            account: rows.account(),
            class: rows.class(),
            spend: rows.baseline("last_12_scaled_revenue")?,
            actual: outcome(target, &rows)?,
            baseline: pick(baseline),
            published: pick(published),
            others: Vec::new(),
            interval: None,
            row,
        })
    }

    /// Bounds of the prediction interval of the `i`-th row that counts, as they are published.
    pub(super) fn bounds(&self, i: usize) -> Option<(f64, f64)> {
        self.interval.as_ref().map(|interval| interval.around(self.row[i], self.published[i]))
    }

    /// The tracks of a contest on its selection origins.
    pub(super) fn of_contest(contest: &Contest, tests: &[Test<'_>]) -> Result<Vec<Self>, TrainError> {
        let (Some(baseline), Some(published)) =
            (contest.predictions_of(&contest.baseline.name), contest.predictions_of(&contest.published.name))
        else {
            return Ok(Vec::new());
        };
        let mut tracks = Vec::with_capacity(tests.len());
        for (k, test) in tests.iter().enumerate() {
            let mut track = Self::new(contest.target, test, false, &baseline[k], &published[k])?;
            track.interval = contest.interval.as_ref().and_then(|(_, bounds)| bounds.as_ref()?.get(k).cloned());
            for other in &contest.contestants {
                let name = &other.candidate.name;
                if let Ok(predictions) = &other.predictions
                    && *name != contest.published.name
                    && *name != contest.baseline.name
                {
                    track.others.push((name.clone(), track.row.iter().map(|&at| predictions[k][at]).collect()));
                }
            }
            tracks.push(track);
        }
        Ok(tracks)
    }

    /// The track on the locked origin.
    pub(super) fn locked(contest: &Contest, judge: &Judge<'_>) -> Result<Self, BacktestError> {
        let target = contest.target;
        let predict = |candidate: &Candidate| -> Result<Vec<f64>, TrainError> {
            // quantiles are calibrated on later rows than they are fitted on; nothing else is calibrated
            let (rows, calibrate) = if candidate.is_calibrated(target) {
                (judge.before_choice, Some(judge.choice))
            } else {
                (judge.all, None)
            };
            let task = Task { candidate, target, horizon: judge.horizon, anchor: &contest.anchor, calibrate };
            fit_rows(&task, &training_rows(target, rows)?)?.predict_rows(&judge.test.rows)
        };
        let baseline = predict(&contest.baseline)?;
        let published =
            if contest.published == contest.baseline { baseline.clone() } else { predict(&contest.published)? };
        let mut track = Self::new(target, judge.test, true, &baseline, &published)?;
        if let Some((form, _)) = &contest.interval {
            let (rows, calibrate) = match form {
                IntervalForm::Regression => (judge.before_choice, Some(judge.choice)),
                IntervalForm::ClassQuantiles => (judge.all, None),
            };
            let (candidate, horizon) = (judge.interval, judge.horizon);
            let task = Task { candidate, target, horizon, anchor: &contest.baseline, calibrate };
            track.interval = match IntervalModel::fit(*form, &task, rows) {
                Ok(model) => Some(model.predict_rows(&judge.test.rows)?),
                Err(error) if error.is_of_the_rung() => None,
                Err(error) => return Err(error.into()),
            };
        }
        Ok(track)
    }
}
