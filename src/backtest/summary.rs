//! From tracks to the report: verdicts, claims, coverage, calibration, what was realised, and the tables.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::{
    BacktestError, Setting,
    contest::Contest,
    intervals::{PooledResiduals, coverage},
    levels::Candidate,
    losses::deciding_metric,
    metrics::deciles,
    report::{
        BacktestReport, CalibrationBin, Estimate, LevelChoice, OriginPlan, PortfolioTotal, TargetReport, Verdict,
        Verdicts,
    },
    tables,
    track::Track,
    verdicts::{Evidence, Listing, order_gain, skill, verdicts},
};
use crate::{
    domain::{Month, Notice, Target},
    features::Slice,
};

/// Everything the report is drawn from; tracks are sorted by target and origin.
pub(super) struct Summary<'a> {
    pub setting: &'a Setting<'a>,
    pub slices: &'a BTreeMap<Month, &'a Slice>,
    pub contests: &'a [Contest],
    pub tracks: Vec<Track>,
    /// The levels that headroom could be measured against, and the one that it is.
    pub levels: Vec<Candidate>,
    pub level: Option<LevelChoice>,
    pub pooled: PooledResiduals,
    pub notices: Vec<Notice>,
}

impl Summary<'_> {
    pub(super) fn report(self) -> Result<BacktestReport, BacktestError> {
        let (plan, seed) = (self.setting.plan, self.setting.seed);
        let used = self.level.as_ref().and_then(|choice| self.levels.iter().find(|c| c.level == choice.used));
        let listings: &[Listing] = used.map_or(&[], |candidate| &candidate.listings);
        let _span = tracing::info_span!("verdicts").entered();
        let targets: Vec<TargetReport> = self.contests.iter().map(|contest| self.target(contest)).collect();
        let money = &self.contests[0];
        let expected: Vec<&Track> =
            self.tracks.iter().filter(|track| track.target == Target::ExpectedRevenue).collect();
        let verdicts = verdicts(&Evidence {
            plan,
            expected,
            listings,
            published: &money.published.name,
            baseline: &money.baseline.name,
            seed,
        });
        let rungs: BTreeMap<&'static str, (String, String)> = self
            .contests
            .iter()
            .map(|c| (c.target.name(), (c.published.name.clone(), c.baseline.name.clone())))
            .collect();
        let metrics = tables::metrics(&self.tracks, &self.levels, listings, &rungs, plan.horizon, seed)?;
        let predictions = tables::predictions(&self.tracks, &rungs, self.slices, plan.horizon)?;
        let totals = self
            .tracks
            .iter()
            .filter(|track| matches!(track.target, Target::ExpectedRevenue | Target::ExpectedMargin))
            .map(|track| PortfolioTotal {
                target: track.target,
                origin: track.origin,
                forecast: track.published.iter().sum(),
                actual: track.actual.iter().sum(),
            })
            .collect();
        let report = BacktestReport {
            plan: plan.clone(),
            targets,
            verdicts,
            level: self.level.clone(),
            realised: listings.last().map(|listing| listing.realised(seed)),
            totals,
            looks: self.setting.looks,
            notices: self.notices,
            metrics,
            predictions,
        };
        report.check()?;
        Ok(report)
    }

    fn target(&self, contest: &Contest) -> TargetReport {
        let target = contest.target;
        let seed = self.setting.seed.derive(&format!("judge/{target}"));
        let tracks: Vec<&Track> = self.tracks.iter().filter(|track| track.target == target).collect();
        let locked = tracks.iter().find(|track| track.locked && !track.actual.is_empty()).copied();
        let apart = self.setting.plan.non_overlapping();
        let others: Vec<&Track> =
            tracks.iter().filter(|track| !track.locked && apart.contains(&track.origin)).copied().collect();
        let is_baseline = contest.published == contest.baseline;
        let claim = locked.map(|locked| skill(locked, &others, self.contests.len() as f64, seed.derive("skill")));
        let claimed = !is_baseline && claim.as_ref().is_some_and(|claim| claim.holds);
        let last = locked.or(tracks.last().copied());
        TargetReport {
            target,
            metric: deciding_metric(target).into(),
            baseline: contest.baseline.name.clone(),
            published: contest.published.name.clone(),
            step: contest.published.step,
            claimed,
            ranking: locked.map(|locked| order_gain(locked, seed.derive("order"))),
            rungs: contest.results.clone(),
            calibration: last.map(calibration).unwrap_or_default(),
            coverage: last.map(|track| coverage(track, self.pooled)).unwrap_or_default(),
            verdict: self.sentence(contest, claim.as_ref().map(|claim| claim.figure), claimed),
            skill: claim.map(|claim| claim.figure),
        }
    }

    fn sentence(&self, contest: &Contest, skill: Option<Estimate>, claimed: bool) -> String {
        let (published, baseline) = (&contest.published.name, &contest.baseline.name);
        if self.setting.plan.choose.is_empty() {
            return format!(
                "too little history to compare models: {baseline} is published, the best on the training origins"
            );
        }
        if published == baseline {
            return format!("no skill beyond the baseline: {baseline} is published");
        }
        let Some(skill) = skill else {
            return format!("{published} was best on the selection origins; no origin is left to judge it on");
        };
        let figures = format!(
            "{:.1} % off the loss of {baseline} (90 % interval {:.1} to {:.1} %)",
            100.0 * skill.value,
            100.0 * skill.low,
            100.0 * skill.high
        );
        if claimed {
            format!("{published} takes {figures}")
        } else {
            format!("{published} is published, but its skill cannot be claimed: {figures}")
        }
    }
}

fn calibration(track: &Track) -> Vec<CalibrationBin> {
    deciles(&track.published, &track.actual)
        .into_iter()
        .map(|(predicted, actual, n)| CalibrationBin { predicted, actual, n })
        .collect()
}

impl BacktestReport {
    /// Refuses a training slice that closes after its test origin, and a target without a baseline.
    ///
    /// # Errors
    /// [`BacktestError::Leak`] or [`BacktestError::NoBaseline`].
    pub fn check(&self) -> Result<(), BacktestError> {
        self.plan.check()?;
        match self.targets.iter().find(|target| target.baseline.is_empty()) {
            None => Ok(()),
            Some(target) => Err(BacktestError::NoBaseline { target: target.target }),
        }
    }

    /// The report where not one origin is complete: what is carried forward, and that nothing may be claimed.
    pub(super) fn untrained(setting: &Setting<'_>) -> Result<Self, BacktestError> {
        let plan: &OriginPlan = setting.plan;
        let why = format!(
            "cannot be told: {} months of history and a horizon of {} leave no complete origin with customers",
            plan.as_of.since(plan.first) + 1,
            plan.horizon
        );
        let no = || Verdict { holds: false, figure: None, evidence: why.clone() };
        let targets =
            [(Target::ExpectedRevenue, "last_horizon_revenue"), (Target::ExpectedMargin, "last_horizon_margin")].map(
                |(target, baseline)| TargetReport {
                    target,
                    metric: deciding_metric(target).into(),
                    baseline: baseline.into(),
                    published: baseline.into(),
                    step: 0,
                    claimed: false,
                    skill: None,
                    ranking: None,
                    rungs: Vec::new(),
                    calibration: Vec::new(),
                    coverage: Vec::new(),
                    verdict: format!("too little history to learn anything: {baseline} is carried forward"),
                },
            );
        let mut notices = plan.notices();
        if !plan.train.is_empty() {
            notices.push(Notice::warning(
                "no-customers-at-origins",
                "at the months that models would learn from or be judged on nobody was a customer: a baseline is \
                 carried forward, nothing is learned, no skill is claimed",
            ));
        }
        let none: DataFrame = tables::metrics(&[], &[], &[], &BTreeMap::new(), plan.horizon, setting.seed)?;
        Ok(Self {
            plan: plan.clone(),
            targets: targets.into(),
            verdicts: Verdicts { ranks: no(), skill: no(), potential: no() },
            level: None,
            realised: None,
            totals: Vec::new(),
            looks: setting.looks,
            notices,
            metrics: none,
            predictions: tables::predictions(&[], &BTreeMap::new(), &BTreeMap::new(), plan.horizon)?,
        })
    }
}
