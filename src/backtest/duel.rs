//! Champion against challenger: two recipes on the origins whose labels have closed since the champion was promoted.
//!
//! Both are fitted once, on slices whose labels had closed before the first of these origins, so that neither has seen
//! what judges it, and neither was chosen by it. The challenger may be worse by at most one standard error of the paired
//! difference, accounts taken whole.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    BacktestError,
    choose::standard_error,
    contest::{Pool, Test, training_rows},
    losses::deciding_metric,
    origins::{SEASONED, thinned},
};
use crate::{
    domain::{AbcThresholds, Horizon, Month, Seed, Target},
    features::Slice,
    train::{MAX_ROWS, Panel, Recipe, Task, TrainError, fit_rows},
};

/// Most origins that judge one duel; they lie evenly, the newest among them.
const MOST_ROUNDS: i32 = 6;

/// Which origins train both recipes, and which judge them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DuelPlan {
    /// Months ahead.
    pub horizon: Horizon,
    /// Origins that train, ascending.
    pub train: Vec<Month>,
    /// Origins that judge, ascending.
    pub judge: Vec<Month>,
}

impl DuelPlan {
    /// The plan for a champion whose recipe was promoted as of `since`, or in one sentence why there is none.
    ///
    /// # Errors
    /// The sentence.
    pub fn new(first: Month, since: Month, as_of: Month, horizon: Horizon) -> Result<Self, String> {
        let h = horizon.months();
        let (oldest, newest) = (since.plus(1 - h), as_of.plus(-h));
        if newest < oldest {
            return Err(format!(
                "no label window of {horizon} has closed since the champion was promoted as of {since}; the next one \
                 closes with {}",
                since.plus(1)
            ));
        }
        let stride = (newest.since(oldest) / MOST_ROUNDS + 1).max(1);
        let earliest = first.plus(SEASONED.max(h) - 1);
        // rounds before which nothing can be trained are left out, the newest last
        let mut judge: Vec<Month> = (0..MOST_ROUNDS)
            .map(|k| newest.plus(-k * stride))
            .take_while(|origin| *origin >= oldest && origin.plus(-h) >= earliest)
            .collect();
        judge.reverse();
        let Some(&opening) = judge.first() else {
            return Err(format!(
                "the history from {first} is too short to train both before the origins that judge them"
            ));
        };
        Ok(Self { horizon, train: thinned(earliest, opening.plus(-h)), judge })
    }

    /// All origins, ascending.
    pub fn origins(&self) -> Vec<Month> {
        self.train.iter().chain(&self.judge).copied().collect()
    }
}

/// Both recipes on one origin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// The origin.
    pub origin: Month,
    /// Mean loss of the champion.
    pub champion: f64,
    /// Mean loss of the challenger.
    pub challenger: f64,
    /// Accounts.
    pub n: usize,
}

/// What a duel found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Duel {
    /// The target.
    pub target: Target,
    /// The loss, as in `backtest.parquet`.
    pub metric: String,
    /// Origin by origin, ascending.
    pub rounds: Vec<Round>,
    /// Mean loss of the challenger minus the champion's over all rows; below 0 the challenger is better.
    pub difference: f64,
    /// Its standard error by account.
    pub standard_error: f64,
}

impl Duel {
    /// Whether the challenger may take over: not worse by more than one standard error.
    pub fn is_won(&self) -> bool {
        self.difference <= self.standard_error
    }

    /// The finding in one sentence.
    pub fn sentence(&self) -> String {
        let champion = self.rounds.iter().map(|r| r.champion * r.n as f64).sum::<f64>();
        let rows: usize = self.rounds.iter().map(|r| r.n).sum();
        let champion = champion / rows.max(1) as f64;
        let months: Vec<String> = self.rounds.iter().map(|round| round.origin.to_string()).collect();
        format!(
            "as of {} its {} was {:.4} against {champion:.4}: {:+.4}, one standard error is {:.4}",
            months.join(", "),
            self.metric,
            champion + self.difference,
            self.difference,
            self.standard_error
        )
    }
}

/// Fits both recipes on the training origins of `plan` and compares them on the judging ones; `panel` holds a labelled
/// slice for each.
///
/// # Errors
/// If a slice is missing or unlabelled, or a recipe cannot be fitted; the error of a rung is of [`TrainError`].
pub fn duel(
    panel: &[Slice],
    plan: &DuelPlan,
    target: Target,
    [champion, challenger]: [&Recipe; 2],
    abc: AbcThresholds,
    seed: Seed,
) -> Result<Duel, BacktestError> {
    let slices: BTreeMap<Month, &Slice> =
        panel.iter().filter(|slice| slice.labels().is_some()).map(|slice| (slice.as_of().at(), slice)).collect();
    let pick = |origins: &[Month]| -> Result<Vec<&Slice>, BacktestError> {
        let find = |origin: &Month| slices.get(origin).copied().ok_or(BacktestError::MissingSlice { origin: *origin });
        origins.iter().map(find).collect()
    };
    let train = Panel::sampled(&pick(&plan.train)?, abc, MAX_ROWS, seed.derive("sample of accounts"))?;
    let rows = training_rows(target, &train.rows())?;
    let judges = Panel::new(&pick(&plan.judge)?, abc)?;
    let tests: Vec<Test<'_>> =
        (plan.judge.iter().enumerate()).map(|(k, &origin)| Test { origin, rows: judges.origin_rows(k) }).collect();
    let pool = Pool::new(target, &tests)?;
    let losses = |recipe: &Recipe| -> Result<Vec<f64>, TrainError> {
        let Recipe { candidate, anchor } = recipe;
        let task = Task { candidate, target, horizon: plan.horizon, anchor, calibrate: None };
        let model = fit_rows(&task, &rows)?;
        let predictions = tests.iter().map(|test| model.predict_rows(&test.rows)).collect::<Result<Vec<_>, _>>()?;
        Ok(pool.losses(target, &predictions))
    };
    let (old, new) = (losses(champion)?, losses(challenger)?);
    let mut rounds = Vec::with_capacity(tests.len());
    let mut start = 0;
    for (test, actual) in tests.iter().zip(pool.actual()) {
        let n = actual.len();
        let mean = |losses: &[f64]| losses[start..start + n].iter().sum::<f64>() / n.max(1) as f64;
        rounds.push(Round { origin: test.origin, champion: mean(&old), challenger: mean(&new), n });
        start += n;
    }
    let difference = new.iter().zip(&old).map(|(new, old)| new - old).sum::<f64>() / new.len().max(1) as f64;
    Ok(Duel {
        target,
        metric: deciding_metric(target).into(),
        rounds,
        difference,
        // nothing to compare on decides nothing: an infinite error lets a challenger pass that nobody can judge
        standard_error: standard_error(&new, &old, &pool.account).min(f64::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    fn plan(since: &str, as_of: &str) -> Result<DuelPlan, String> {
        DuelPlan::new(month("2016-01"), month(since), month(as_of), Horizon::new(12).unwrap())
    }

    #[test]
    fn only_origins_whose_labels_closed_since_the_promotion_judge() {
        let refused = plan("2021-10", "2021-10").unwrap_err();
        assert!(refused.contains("2021-11"), "{refused}");
        assert_eq!(plan("2021-10", "2021-11").unwrap().judge, [month("2020-11")]);
        let year = plan("2020-10", "2021-10").unwrap();
        assert_eq!((year.judge[0], year.judge.len()), (month("2019-12"), 6), "{year:?}");
        assert_eq!(year.judge[5], month("2020-10"));
    }

    #[test]
    fn no_training_label_closes_after_the_first_judging_origin() {
        for months in 0..48 {
            let as_of = month("2021-10");
            let Ok(plan) = DuelPlan::new(month("2016-01"), as_of.plus(-months), as_of, Horizon::new(6).unwrap()) else {
                assert_eq!(months, 0);
                continue;
            };
            assert!(plan.train.last().unwrap().plus(6) <= plan.judge[0]);
            assert!(plan.judge.len() <= 6 && plan.judge.last().unwrap().plus(6) == as_of);
            assert!(plan.judge[0].plus(6) > as_of.plus(-months));
        }
    }

    #[test]
    fn a_history_too_short_to_train_before_is_named() {
        let refused = DuelPlan::new(month("2020-01"), month("2021-01"), month("2021-03"), Horizon::new(12).unwrap());
        assert!(refused.unwrap_err().contains("too short"));
    }
}
