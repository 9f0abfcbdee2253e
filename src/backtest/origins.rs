//! Which months serve as origins, and for what: train, calibrate, choose, locked.
//!
//! The label window of each stage's last origin ends on or before the first origin of the next, so that nothing that
//! is chosen has seen what judges it. Too little history takes stages away one by one, each with a notice. Slices are
//! thinned by a fixed rule, so that cost does not grow with history.

use super::{BacktestError, report::OriginPlan};
use crate::domain::{Horizon, Month, Notice};

/// Months of history that give every baseline its full window of a year.
pub(super) const SEASONED: i32 = 12;
/// Fewer months of history than this are no history.
const YOUNGEST: i32 = 3;
/// Most training slices of one fit.
pub(super) const MOST_TRAIN: usize = 8;
/// Most slices of a fit that may use all stages.
const MOST_REFIT: usize = 16;
/// Most slices of a fit that is repeated, on bootstrap samples or for every product group.
pub(super) const MOST_REPEATED: usize = 10;
/// Distances of training slices in months; those without a common divisor with 12 visit all calendar months.
const STRIDES: [i32; 5] = [1, 2, 3, 5, 7];

/// Gaps of one horizon between the stages of a full plan: train, calibrate, choose, locked.
const FULL: i32 = 3;

impl OriginPlan {
    /// The best plan that the history from `first` to `as_of` allows.
    pub fn new(first: Month, as_of: Month, horizon: Horizon) -> Self {
        let h = horizon.months();
        let last = as_of.plus(-h);
        let seasoned = first.plus(SEASONED.max(h) - 1);
        let young = first.plus(h.clamp(YOUNGEST, SEASONED) - 1);
        let mut plan =
            Self { as_of, horizon, first, train: Vec::new(), calibrate: Vec::new(), choose: Vec::new(), locked: None };
        // a year of history before the first origin is worth more than a calibration stage
        let attempts = [
            (seasoned, FULL),
            (seasoned, 2),
            (young, FULL),
            (young, 2),
            (seasoned, 1),
            (young, 1),
            (seasoned, 0),
            (young, 0),
        ];
        let Some((earliest, gaps)) = attempts.into_iter().find(|(from, gaps)| last.since(*from) >= gaps * h) else {
            return plan;
        };
        let slack = last.since(earliest) - gaps * h;
        let mut end = last;
        if gaps >= 2 {
            plan.locked = Some(end);
            end = end.plus(-h);
        }
        if gaps >= 1 {
            plan.choose = window(end, (slack / 3).min(2 * h), h);
            end = plan.choose[0].plus(-h);
        }
        if gaps >= FULL {
            plan.calibrate = window(end, (slack / 6).min(h), h);
            end = plan.calibrate[0].plus(-h);
        }
        plan.train = thinned(earliest, end);
        plan
    }

    /// All origins that need a labelled slice, ascending.
    pub fn origins(&self) -> Vec<Month> {
        let mut all: Vec<Month> =
            self.train.iter().chain(&self.calibrate).chain(&self.choose).chain(&self.locked).copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Refuses a plan in which a label window passes the first origin of the next stage, or the as-of month.
    ///
    /// # Errors
    /// [`BacktestError::Leak`].
    pub fn check(&self) -> Result<(), BacktestError> {
        let locked: Vec<Month> = self.locked.into_iter().collect();
        let end = [self.as_of];
        let stages = [&self.train[..], &self.calibrate, &self.choose, &locked, &end];
        for (at, stage) in stages.iter().enumerate() {
            let next = stages[at + 1..].iter().flat_map(|s| s.iter()).min();
            let last = stage.iter().max().filter(|_| at + 1 < stages.len());
            if let (Some(&earlier), Some(&later)) = (last, next)
                && earlier.plus(self.horizon.months()) > later
            {
                return Err(BacktestError::Leak { earlier, horizon: self.horizon, later });
            }
        }
        Ok(())
    }

    /// The newest origins of `from`, at most [`MOST_REFIT`] of them, ascending.
    pub(super) fn newest(mut from: Vec<Month>) -> Vec<Month> {
        from.sort_unstable();
        from.split_off(from.len().saturating_sub(MOST_REFIT))
    }

    /// Test origins no two of which overlap, newest first: the locked one, then those at least a horizon before.
    pub(super) fn non_overlapping(&self) -> Vec<Month> {
        let mut chosen: Vec<Month> = Vec::new();
        for &origin in self.locked.iter().chain(self.choose.iter().rev()) {
            if chosen.last().is_none_or(|later| later.since(origin) >= self.horizon.months()) {
                chosen.push(origin);
            }
        }
        chosen
    }

    /// What the history did not allow, and what follows from it.
    pub fn notices(&self) -> Vec<Notice> {
        let history = format!(
            "the history from {} to {} ({} months) with a horizon of {}",
            self.first,
            self.as_of,
            self.as_of.since(self.first) + 1,
            self.horizon
        );
        let needed = SEASONED.max(self.horizon.months()) + 3 * self.horizon.months();
        if self.train.is_empty() {
            return vec![Notice::warning(
                "no-complete-origin",
                format!(
                    "{history} holds not one complete origin: a baseline is carried forward, nothing is learned, no \
                     skill is claimed; {needed} months are needed for that"
                ),
            )];
        }
        if self.choose.is_empty() {
            return vec![Notice::warning(
                "no-selection-origin",
                format!(
                    "{history} leaves no origin to compare models on: baselines only, no skill is claimed; {needed} \
                     months are needed for that"
                ),
            )];
        }
        let mut notices = Vec::new();
        if self.locked.is_none() {
            notices.push(Notice::warning(
                "no-locked-origin",
                format!("{history} leaves no origin to judge on: no skill is claimed; {needed} months are needed"),
            ));
        }
        if self.calibrate.is_empty() {
            notices.push(Notice::info(
                "no-calibration-origin",
                format!("{history} leaves no origin to calibrate on: intervals are calibrated out of fold by account"),
            ));
        }
        notices
    }
}

/// The longest horizon below `wanted` (of 6 and 3 months) whose plan has an origin to judge on; `None` if `wanted`
/// itself has one, or nothing shorter does.
pub fn recommend_horizon(first: Month, as_of: Month, wanted: Horizon) -> Option<Horizon> {
    let judged = |horizon: &Horizon| OriginPlan::new(first, as_of, *horizon).locked.is_some();
    if judged(&wanted) {
        return None;
    }
    [6, 3].into_iter().filter(|h| *h < wanted.months()).filter_map(|h| Horizon::new(h.into()).ok()).find(judged)
}

/// Origins of a test stage that ends at `end` and is `width` months wide: half a horizon apart, its ends included
/// where they fit.
fn window(end: Month, width: i32, h: i32) -> Vec<Month> {
    let stride = ((h + 1) / 2).min(width).max(1);
    let mut origins: Vec<Month> = (0..=width / stride).map(|k| end.plus(-k * stride)).collect();
    origins.reverse();
    origins
}

/// Training origins from `end` backwards to `earliest`, at most [`MOST_TRAIN`].
pub(super) fn thinned(earliest: Month, end: Month) -> Vec<Month> {
    let span = end.since(earliest);
    let most = MOST_TRAIN as i32;
    let stride = STRIDES.into_iter().find(|stride| stride * most > span).unwrap_or(STRIDES[STRIDES.len() - 1]);
    let mut origins: Vec<Month> =
        (0..most).map(|k| end.plus(-k * stride)).take_while(|origin| *origin >= earliest).collect();
    origins.reverse();
    origins
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    fn plan(first: &str, as_of: &str, h: i64) -> OriginPlan {
        OriginPlan::new(month(first), month(as_of), Horizon::new(h).unwrap())
    }

    #[test]
    fn no_plan_lets_a_stage_see_the_next() {
        for history in 1..140 {
            for h in [1, 2, 3, 6, 9, 12, 24] {
                let first = month("2005-01");
                let plan = OriginPlan::new(first, first.plus(history), Horizon::new(h).unwrap());
                plan.check().unwrap();
                assert!(plan.origins().len() <= MOST_TRAIN + 3 + 5 + 1, "{plan:?}");
                assert!(plan.locked.is_none() || !plan.choose.is_empty());
                assert!(plan.choose.is_empty() || !plan.train.is_empty());
                assert!(plan.origins().iter().all(|o| o.since(first) >= 2));
            }
        }
    }

    #[test]
    fn a_plan_that_leaks_is_refused() {
        let mut plan = plan("2010-01", "2019-12", 12);
        plan.train.push(plan.choose[0].plus(-1));
        assert!(matches!(plan.check(), Err(BacktestError::Leak { .. })));
    }

    #[test]
    fn ten_years_give_every_stage_and_several_test_origins() {
        let plan = plan("2010-01", "2019-12", 12);
        assert_eq!(plan.locked, Some(month("2018-12")));
        assert!(plan.choose.len() >= 3 && !plan.calibrate.is_empty() && plan.train.len() >= 5, "{plan:?}");
        assert!(plan.non_overlapping().len() >= 2);
        assert!(plan.notices().is_empty());
    }

    #[test]
    fn thirty_months_with_half_a_year_ahead_lose_the_calibration_stage() {
        let plan = plan("2010-12", "2013-05", 6);
        assert_eq!((plan.train, plan.choose), (vec![month("2011-11")], vec![month("2012-05")]));
        assert_eq!((plan.calibrate, plan.locked), (vec![], Some(month("2012-11"))));
    }

    #[test]
    fn nine_months_with_nine_ahead_leave_nothing_and_say_so() {
        let plan = plan("1997-01", "1997-09", 9);
        assert!(plan.origins().is_empty());
        assert_eq!(plan.notices()[0].code, "no-complete-origin");
        let wanted = Horizon::new(9).unwrap();
        assert_eq!(recommend_horizon(month("1997-01"), month("1997-09"), wanted), None);
    }

    #[test]
    fn three_years_are_too_short_for_a_year_ahead_and_enough_for_six_months() {
        let (first, as_of, year) = (month("2018-01"), month("2020-12"), Horizon::new(12).unwrap());
        assert_eq!(recommend_horizon(first, as_of, year), Some(Horizon::new(6).unwrap()));
        let plan = OriginPlan::new(first, as_of, year);
        assert!(plan.locked.is_none() && !plan.choose.is_empty());
    }
}
