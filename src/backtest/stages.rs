//! The flow of a backtest: choose on the selection origins, judge on the locked one, refit on everything known.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::{
    Backtest, BacktestError, BacktestReport, Holds, Setting, Trained,
    contest::{Contest, Ring, Test, contest},
    intervals::PooledResiduals,
    levels::{candidates, choose_level},
    refit::refit,
    report::OriginPlan,
    summary::Summary,
    track::{Judge, Track},
    verdicts::{order_gain, skill},
};
use crate::{
    domain::{Level, Month, Notice, Target},
    features::Slice,
    train::{MAX_ROWS, Panel, TrainError, comparable_columns},
};

/// Accounts that can be compared by fewer own-share-free columns have no peers.
const FEWEST_COMPARABLE: usize = 2;

/// Runs all stages that the plan has; it has at least training origins.
pub(super) fn run(
    slices: &BTreeMap<Month, &Slice>,
    setting: &Setting<'_>,
    targets: &[Target],
    hold: &Holds,
) -> Result<Backtest, BacktestError> {
    let plan = setting.plan;
    let pool = |origins: &[Month]| -> Result<Panel<'_>, TrainError> {
        let of: Vec<&Slice> = origins.iter().filter_map(|origin| slices.get(origin).copied()).collect();
        Panel::sampled(&of, setting.abc, MAX_ROWS, setting.seed.derive("sample of accounts"))
    };
    let test_origins: Vec<Month> = plan.choose.iter().chain(&plan.locked).copied().collect();
    let of_tests: Vec<&Slice> = test_origins.iter().filter_map(|origin| slices.get(origin).copied()).collect();
    // tests are never sampled: every account is judged
    let test_panel = Panel::new(&of_tests, setting.abc)?;
    let mut selection: Vec<Test<'_>> =
        test_origins.iter().enumerate().map(|(k, &origin)| Test { origin, rows: test_panel.origin_rows(k) }).collect();
    let locked = plan.locked.and_then(|_| selection.pop());

    let mut notices = plan.notices();
    let (mut contests, unpublished) = choose(setting, targets, hold, &pool, &selection)?;
    notices.extend(unpublished);
    for contest in &contests {
        notices.extend(contest.skipped());
    }
    let asked = targets.contains(&Target::PeerLevel);
    if asked && !contests.iter().any(|contest| contest.target == Target::PeerLevel) {
        let text = "peer level needs two columns by which accounts can be compared (industry, employees, region, payment \
                    ...), known for 3 of 10 accounts; headroom has no peers to be measured by";
        notices.push(Notice::info("peers-unknown", text));
    }
    let mut tracks = match &locked {
        None => Vec::new(),
        Some(test) => {
            let (judged, withdrawn) = judge(setting, &pool, &mut contests, test)?;
            notices.extend(withdrawn);
            judged
        }
    };
    // after judging, since what was withdrawn is not published anywhere
    for contest in &contests {
        tracks.extend(Track::of_contest(contest, &selection)?);
    }
    let pooled = pooled_residuals(&tracks);
    tracks.sort_by_key(|track| (track.target, track.origin));
    let levels = candidates(&tracks, slices, setting.staff)?;
    let level = choose_level(&levels, &plan.choose, setting.seed);
    notices.extend(level.iter().map(|choice| Notice::info("level-chosen", choice.sentence.as_str())));

    let newest = pool(&OriginPlan::newest(plan.origins()))?;
    let span = tracing::info_span!("refit", rows = newest.len()).entered();
    // only what headroom is made from is fitted again on bootstrap samples
    let above = match level.as_ref().map(|choice| choice.used) {
        Some(Level::Peer | Level::Blend) => Target::PeerLevel,
        Some(Level::Stretch) | None => Target::Stretch,
    };
    let has_headroom = targets.contains(&Target::Stretch);
    let refitted: Vec<(Trained, Vec<Notice>)> = contests
        .par_iter_mut()
        .map(|contest| {
            let of_headroom = has_headroom && [Target::ExpectedRevenue, above].contains(&contest.target);
            refit(contest, &newest, setting, of_headroom)
        })
        .collect::<Result<_, _>>()?;
    drop(span);
    let (champions, late): (Vec<Trained>, Vec<Vec<Notice>>) = refitted.into_iter().unzip();
    notices.extend(late.into_iter().flatten());

    let report: BacktestReport =
        Summary { setting, slices, contests: &contests, tracks, levels, level, pooled, notices }.report()?;
    Ok(Backtest { report, champions, whitespace: None })
}

/// The contest of each target, and why some have none.
fn choose<'a>(
    setting: &Setting<'_>,
    targets: &[Target],
    hold: &Holds,
    pool: &impl Fn(&[Month]) -> Result<Panel<'a>, TrainError>,
    tests: &[Test<'_>],
) -> Result<(Vec<Contest>, Vec<Notice>), BacktestError> {
    let plan = setting.plan;
    let (train, calibrate) = (pool(&plan.train)?, pool(&plan.calibrate)?);
    let _span = tracing::info_span!("choose", rows = train.len(), tests = tests.len()).entered();
    let (rows, calibration) = (train.rows(), calibrate.rows());
    let ring = Ring {
        ladder: setting.ladder,
        horizon: plan.horizon,
        train: &rows,
        calibrate: (!calibration.is_empty()).then_some(&calibration),
        tests,
        hold,
        seed: setting.seed,
    };
    let comparable = comparable_columns(&rows)?.len() >= FEWEST_COMPARABLE;
    let climbing: Vec<Target> =
        targets.iter().copied().filter(|target| *target != Target::PeerLevel || comparable).collect();
    let held: Vec<Result<Contest, BacktestError>> = climbing.par_iter().map(|target| contest(*target, &ring)).collect();
    let (mut contests, mut unpublished) = (Vec::with_capacity(targets.len()), Vec::new());
    for (target, contest) in climbing.iter().zip(held) {
        match contest {
            Ok(contest) => contests.push(contest),
            Err(BacktestError::Train(error)) if error.is_of_the_rung() => {
                let text = format!("{target} is not published, since not even a baseline can be had: {error}");
                unpublished.push(Notice::warning("target-unpublished", text));
            }
            Err(error) => return Err(error),
        }
    }
    Ok((contests, unpublished))
}

fn judge<'a>(
    setting: &Setting<'_>,
    pool: &impl Fn(&[Month]) -> Result<Panel<'a>, TrainError>,
    contests: &mut [Contest],
    test: &Test<'_>,
) -> Result<(Vec<Track>, Vec<Notice>), BacktestError> {
    let plan = setting.plan;
    let before: Vec<Month> = plan.train.iter().chain(&plan.calibrate).copied().collect();
    let all: Vec<Month> = before.iter().chain(&plan.choose).copied().collect();
    let (before, choice, all) =
        (pool(&OriginPlan::newest(before))?, pool(&plan.choose)?, pool(&OriginPlan::newest(all))?);
    let _span = tracing::info_span!("judge", origin = %test.origin, rows = all.len()).entered();
    let (before, choice, all) = (before.rows(), choice.rows(), all.rows());
    let judge = Judge {
        horizon: plan.horizon,
        all: &all,
        before_choice: &before,
        choice: &choice,
        interval: setting.ladder.interval(),
        test,
    };
    let judged: Vec<(Track, Option<Notice>)> = contests
        .par_iter_mut()
        .map(|contest| match Track::locked(contest, &judge) {
            Err(BacktestError::Train(error)) if error.is_of_the_rung() => {
                let withdrawn = contest.withdraw(&error.to_string());
                Ok((Track::locked(contest, &judge)?, Some(withdrawn)))
            }
            track => Ok((track?, None)),
        })
        .collect::<Result<_, BacktestError>>()?;
    let (mut tracks, withdrawn): (Vec<Track>, Vec<Option<Notice>>) = judged.into_iter().unzip();
    let mut notices: Vec<Notice> = withdrawn.into_iter().flatten().collect();
    for (contest, track) in contests.iter_mut().zip(&mut tracks) {
        notices.extend(veto(contest, track, setting));
    }
    Ok((tracks, notices))
}

/// The locked origin promotes nothing, but it may take away: what clearly loses to the baseline there, in loss or in
/// the order of expected money, is not published.
fn veto(contest: &mut Contest, track: &mut Track, setting: &Setting<'_>) -> Option<Notice> {
    if contest.published == contest.baseline || contest.forced || track.actual.is_empty() {
        return None;
    }
    let seed = setting.seed.derive(&format!("veto/{}", contest.target));
    let gain = skill(track, &[], 1.0, seed).figure;
    let money = matches!(contest.target, Target::ExpectedRevenue | Target::ExpectedMargin);
    let order = money.then(|| order_gain(track, seed)).filter(|order| order.high < 0.0);
    let reason = if gain.high < 0.0 {
        format!("as of {} its loss was {:.1} % above the baseline's", track.origin, -100.0 * gain.value)
    } else {
        let order = order?;
        format!("as of {} it ordered the accounts worse (Spearman {:+.3})", track.origin, order.value)
    };
    track.published = track.baseline.clone();
    Some(contest.withdraw(&reason))
}

/// Residuals of the baseline of expected revenue on the selection origins.
fn pooled_residuals(tracks: &[Track]) -> PooledResiduals {
    let earlier: Vec<&Track> =
        tracks.iter().filter(|track| track.target == Target::ExpectedRevenue && !track.locked).collect();
    let join =
        |of: &dyn Fn(&Track) -> &Vec<f64>| earlier.iter().flat_map(|track| of(track).clone()).collect::<Vec<_>>();
    PooledResiduals::learn(&join(&|track| &track.baseline), &join(&|track| &track.actual))
}
