//! How far to trust the figures: skill, measured coverage, calibration, what an earlier list brought, which months served.

use serde::Serialize;

use crate::{
    analysis::Evaluation,
    backtest::{Estimate, OriginPlan, TargetReport},
    domain::{Month, Target},
    report::{Report, voice::Voice},
};

#[derive(Debug, Serialize)]
pub struct TrustView {
    skill_note: String,
    targets: Vec<TargetView>,
    coverage_sentence: String,
    coverage_note: String,
    coverage: Vec<CoverageRow>,
    lists_sentence: String,
    lists_realised: String,
    came_true: Option<CameTrue>,
    origins: Vec<Fact>,
    looks: String,
}

#[derive(Debug, Serialize)]
struct TargetView {
    name: String,
    baseline: String,
    published: String,
    skill: String,
    order: String,
    verdict: String,
    evidence: String,
    loss_heading: String,
    rungs: Vec<RungView>,
}

#[derive(Debug, Serialize)]
struct RungView {
    name: String,
    step: u8,
    loss: String,
    skill: String,
    outcome: String,
    shown: bool,
}

#[derive(Debug, Serialize)]
struct CoverageRow {
    class: String,
    cells: Vec<String>,
}

#[derive(Debug, Serialize)]
struct CameTrue {
    sentence: String,
    misses: Option<String>,
    list: Option<String>,
    figures: Vec<[String; 3]>,
}

#[derive(Debug, Serialize)]
struct Fact {
    term: String,
    text: String,
}

/// The section's strings.
pub fn view(report: &Report, voice: &Voice) -> TrustView {
    let coverage = report.targets.iter().find(|t| t.target == Target::ExpectedRevenue).map_or(&[][..], |t| &t.coverage);
    let overall = coverage.iter().find(|row| row.class.is_none());
    let (lists_sentence, lists_realised) = lists(report, voice);
    TrustView {
        skill_note: voice.fill("trust", "skill_note", &[("level", voice.say("trust", "level_text"))]),
        targets: report.targets.iter().map(|target| target_view(target, voice)).collect(),
        coverage_sentence: overall.map_or_else(String::new, |row| {
            voice.fill(
                "trust",
                "coverage_sentence",
                &[
                    ("below", &voice.locale.number(row.below * 100.0, 0)),
                    ("above", &voice.locale.number(row.above * 100.0, 0)),
                ],
            )
        }),
        coverage_note: overall
            .map_or_else(String::new, |row| voice.fill("trust", "coverage_note", &[("n", &voice.locale.count(row.n))])),
        coverage: coverage
            .iter()
            .map(|row| CoverageRow {
                class: voice.class(row.class),
                cells: vec![
                    voice.locale.percent(row.below, 1),
                    voice.locale.percent(row.above, 1),
                    voice.locale.forecast(row.width),
                    voice.locale.forecast(row.interval_score),
                    voice.locale.forecast(row.baseline_interval_score),
                    voice.locale.count(row.n),
                ],
            })
            .collect(),
        lists_sentence,
        lists_realised,
        came_true: report.came_true.as_ref().map(|evaluation| came_true(evaluation, voice)),
        origins: origins(&report.origins, voice),
        looks: voice.count("trust", "looks", report.looks as usize),
    }
}

fn target_view(target: &TargetReport, voice: &Voice) -> TargetView {
    let verdict = match (target.claimed, target.skill) {
        (true, _) => "verdict_claimed",
        (false, None) => "verdict_untested",
        (false, Some(_)) if target.step == 0 => "verdict_baseline",
        (false, Some(_)) => "verdict_unproven",
    };
    let metric = voice.code("metric", &target.metric);
    TargetView {
        name: voice.target(target.target).to_owned(),
        baseline: voice.rung(&target.baseline),
        published: voice.rung(&target.published),
        skill: gained(target, target.skill, voice, interval),
        order: gained(target, target.ranking, voice, points),
        verdict: voice.say("trust", verdict).to_owned(),
        evidence: format!("{}: {}", voice.target(target.target), super::sentence(&target.verdict)),
        loss_heading: voice.fill("trust", "th_loss", &[("metric", &metric)]),
        rungs: target
            .rungs
            .iter()
            .map(|rung| RungView {
                name: voice.rung(&rung.rung),
                step: rung.step,
                loss: loss(rung.loss, voice),
                skill: interval(rung.skill, voice),
                outcome: rung.outcome.clone(),
                shown: rung.rung == target.published,
            })
            .collect(),
    }
}

/// What was gained over the rule, where another model than the rule was measured.
fn gained(
    target: &TargetReport,
    gain: Option<Estimate>,
    voice: &Voice,
    shown: fn(Estimate, &Voice) -> String,
) -> String {
    match gain {
        None => voice.say("chart", "not_tested").to_owned(),
        Some(_) if target.published == target.baseline => voice.say("chart", "rule_itself").to_owned(),
        Some(gain) => shown(gain, voice),
    }
}

/// Losses are compared, not read: four figures, whatever their size.
fn loss(value: f64, voice: &Voice) -> String {
    if value == 0.0 {
        return voice.locale.number(0.0, 0);
    }
    let decimals = (3 - value.abs().log10().floor() as i32).clamp(0, 6) as usize;
    voice.locale.number(value, decimals)
}

fn interval(estimate: Estimate, voice: &Voice) -> String {
    let percent = |value: f64| voice.locale.percent(value, 1);
    voice.fill(
        "chart",
        "interval",
        &[("value", &percent(estimate.value)), ("low", &percent(estimate.low)), ("high", &percent(estimate.high))],
    )
}

/// A difference of rank correlations (or areas under a curve), which is no percentage.
fn points(estimate: Estimate, voice: &Voice) -> String {
    let number = |value: f64| voice.locale.number(value, 3);
    voice.fill(
        "chart",
        "interval",
        &[("value", &number(estimate.value)), ("low", &number(estimate.low)), ("high", &number(estimate.high))],
    )
}

fn lists(report: &Report, voice: &Voice) -> (String, String) {
    let Some(realised) = &report.realised else { return Default::default() };
    let sentence = voice.fill(
        "trust",
        "lists_sentence",
        &[("origin", &voice.locale.month_end(realised.origin)), ("n", &voice.locale.count(realised.n))],
    );
    let shares = voice.fill(
        "trust",
        "lists_realised",
        &[("list", &voice.locale.percent(realised.list, 0)), ("random", &voice.locale.percent(realised.random, 0))],
    );
    (sentence, shares)
}

/// What came of the report a horizon ago.
fn came_true(evaluation: &Evaluation, voice: &Voice) -> CameTrue {
    let money = |value: f64| voice.locale.forecast(value);
    let number = |share: f64| voice.locale.number(share * 100.0, 0);
    let overall = evaluation.misses.iter().find(|miss| miss.class.is_none());
    CameTrue {
        sentence: voice.fill(
            "trust",
            "came_true_sentence",
            &[
                ("as_of", &voice.locale.month_end(evaluation.as_of)),
                ("n", &voice.locale.count(evaluation.accounts)),
                ("said", &money(evaluation.said)),
                ("came", &money(evaluation.came)),
            ],
        ),
        misses: overall.map(|miss| {
            let values = [("below", number(miss.below)), ("above", number(miss.above))];
            voice.fill("trust", "coverage_sentence", &values.each_ref().map(|(name, value)| (*name, value.as_str())))
        }),
        list: evaluation.gain_listed.zip(evaluation.gain_all).map(|(list, all)| {
            voice.fill(
                "trust",
                "came_true_list",
                &[("n", &voice.locale.count(evaluation.listed)), ("list", &money(list)), ("all", &money(all))],
            )
        }),
        figures: evaluation
            .figures
            .iter()
            .map(|figure| {
                [
                    voice.target(figure.assessment.target).to_owned(),
                    voice.rung(&figure.baseline),
                    interval(figure.assessment.skill, voice),
                ]
            })
            .collect(),
    }
}

fn origins(plan: &OriginPlan, voice: &Voice) -> Vec<Fact> {
    let fact = |key, text: String| Fact { term: voice.say("trust", key).to_owned(), text };
    let none = || voice.say("trust", "origins_none").to_owned();
    let span = |months: &[Month]| match (months.iter().min(), months.iter().max()) {
        (Some(&from), Some(&to)) => voice.texts.count(
            "trust",
            "origins_count",
            months.len(),
            &[
                ("n", &voice.locale.count(months.len())),
                ("from", &voice.locale.month(from)),
                ("to", &voice.locale.month(to)),
            ],
        ),
        _ => none(),
    };
    let calibrated = match plan.calibrate.as_slice() {
        [] if plan.locked.is_some() => voice.say("trust", "origins_out_of_fold").to_owned(),
        months => span(months),
    };
    vec![
        fact("origins_first", voice.locale.month(plan.first)),
        fact("origins_train", span(&plan.train)),
        fact("origins_calibrate", calibrated),
        fact("origins_choose", span(&plan.choose)),
        fact("origins_locked", plan.locked.map_or_else(none, |month| voice.locale.month_end(month))),
    ]
}
