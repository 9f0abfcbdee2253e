//! The first screen: the answer in one sentence, what it rests on, and whether it may be given at all.

use serde::Serialize;

use crate::{
    backtest::Verdict,
    domain::Target,
    report::{Report, model::Ranged, voice::Voice},
};

#[derive(Debug, Serialize)]
pub struct AnswerView {
    company: String,
    subtitle: String,
    window: String,
    title: String,
    long: bool,
    lead: Vec<String>,
    tiles: Vec<Tile>,
    margin_note: Option<String>,
}

#[derive(Debug, Serialize)]
struct Tile {
    kind: &'static str,
    label: String,
    value: String,
    note: String,
}

#[derive(Debug, Serialize)]
pub struct VerdictView {
    kind: &'static str,
    word: String,
    question: String,
    sentence: String,
    evidence: String,
}

/// Title, lead and tiles.
pub fn view(report: &Report, voice: &Voice) -> AnswerView {
    let about = &report.about;
    let months = voice.locale.count(about.horizon.months() as usize);
    let window = voice.fill(
        "page",
        "window",
        &[
            ("months", &months),
            ("from", &voice.locale.month(about.as_of.plus(1))),
            ("to", &voice.locale.month(about.as_of.plus(about.horizon.months()))),
        ],
    );
    let hidden = !report.basis.shows_potential();
    AnswerView {
        company: about.company.clone(),
        subtitle: voice.fill("page", "subtitle", &[("as_of", &voice.locale.month_end(about.as_of))]),
        window,
        title: title(report, voice),
        long: hidden && report.headline.population > 0,
        lead: lead(report, voice, &months),
        tiles: if report.headline.population == 0 { Vec::new() } else { tiles(report, voice, &months) },
        margin_note: about.margin_is_revenue.then(|| voice.say("page", "made_with_revenue").to_owned()),
    }
}

/// The answer in one sentence.
pub fn title(report: &Report, voice: &Voice) -> String {
    let headline = &report.headline;
    let ranked = voice.locale.count(headline.population);
    match (headline.population, headline.can_buy_more) {
        (0, _) => voice.say("answer", "title_empty").to_owned(),
        (_, None) => voice.fill("answer", "title_hidden", &[("reason", why_hidden(report, voice))]),
        (_, Some(0)) => voice.fill("answer", "title_none", &[("ranked", &ranked)]),
        (_, Some(n)) => {
            let headroom = headline.headroom_revenue.map_or(0.0, |total| total.value);
            voice.texts.count(
                "answer",
                "title",
                n,
                &[
                    ("n", &voice.locale.count(n)),
                    ("ranked", &ranked),
                    ("headroom", &voice.locale.short_money(headroom)),
                ],
            )
        }
    }
}

/// Why no potential is shown, in the reader's language; the stage's own words stand among the evidence.
fn why_hidden<'a>(report: &Report, voice: &'a Voice) -> &'a str {
    let verdicts = &report.verdicts;
    let key = if verdicts.potential.holds {
        "reason_unmeasured"
    } else if is_untold(&verdicts.potential) {
        "reason_untested"
    } else if !verdicts.ranks.holds {
        "reason_unranked"
    } else {
        "reason_failed"
    };
    voice.say("answer", key)
}

fn is_untold(verdict: &Verdict) -> bool {
    !verdict.holds && verdict.figure.is_none()
}

fn lead(report: &Report, voice: &Voice, months: &str) -> Vec<String> {
    let say = |key| voice.say("answer", key).to_owned();
    match (report.headline.population, report.headline.can_buy_more) {
        (0, _) => {
            vec![voice.fill("answer", "empty_text", &[("as_of", &voice.locale.month_end(report.about.as_of))])]
        }
        (_, None) if report.verdicts.ranks.holds => vec![say("lead_hidden"), say("lead_hidden_skill")],
        (_, None) => vec![say("lead_hidden_unranked"), say("lead_hidden_skill")],
        (_, Some(0)) => vec![say("lead_none")],
        (_, Some(_)) => {
            let first = voice.fill("answer", "lead", &[("months", months)]);
            let second = match &report.realised {
                None => say("lead_unrealised"),
                Some(realised) => voice.fill(
                    "answer",
                    "lead_realised",
                    &[
                        ("origin", &voice.locale.month_end(realised.origin)),
                        ("list", &voice.locale.percent(realised.list, 0)),
                        ("random", &voice.locale.percent(realised.random, 0)),
                    ],
                ),
            };
            vec![first, second]
        }
    }
}

fn tiles(report: &Report, voice: &Voice, months: &str) -> Vec<Tile> {
    let headline = &report.headline;
    let tile = |kind, key: &str, value: String, note: String| Tile {
        kind,
        label: voice.code("answer", &format!("tile_{key}")),
        value,
        note,
    };
    let total = |kind, key: &str, total: Ranged| {
        tile(kind, key, voice.locale.short_money(total.value), bounds_note(total, voice, months))
    };
    let mut tiles = Vec::new();
    if let (Some(n), Some(headroom)) = (headline.can_buy_more, headline.headroom_revenue) {
        let note = voice.fill("answer", "tile_can_note", &[("ranked", &voice.locale.count(headline.population))]);
        tiles.push(tile("headroom", "can", voice.locale.count(n), note));
        tiles.push(total("headroom", "headroom", headroom.into()));
        tiles.push(realised(report, voice, tile));
        tiles.push(total("expected", "expected", headline.expected_revenue.into()));
    } else {
        tiles.push(tile(
            "",
            "ranked",
            voice.locale.count(headline.population),
            voice.say("answer", "tile_ranked_note").into(),
        ));
        tiles.push(total("expected", "margin", headline.expected_margin.into()));
        tiles.push(total("expected", "expected", headline.expected_revenue.into()));
        if let Some(best) = report.classes.first() {
            let share = voice.locale.percent(best.share, 0);
            let note = voice.fill("answer", "tile_best_note", &[("share", &share)]);
            tiles.push(tile("", "best", voice.locale.count(best.accounts), note));
        }
    }
    tiles
}

fn realised(report: &Report, voice: &Voice, tile: impl Fn(&'static str, &str, String, String) -> Tile) -> Tile {
    match &report.realised {
        None => {
            let value = voice.say("answer", "tile_realised_none").to_owned();
            tile("", "realised", value, voice.say("answer", "tile_realised_none_note").into())
        }
        Some(realised) => {
            let note = voice.fill(
                "answer",
                "tile_realised_note",
                &[
                    ("random", &voice.locale.percent(realised.random, 0)),
                    ("origin", &voice.locale.month(realised.origin)),
                ],
            );
            tile("", "realised", voice.locale.percent(realised.list, 0), note)
        }
    }
}

/// The total's interval in words, or what it is a total of where it has none.
fn bounds_note(total: Ranged, voice: &Voice, months: &str) -> String {
    match total.bounds() {
        Some((low, high)) => {
            let (low, high) = (voice.locale.short_money(low), voice.locale.short_money(high));
            voice.fill("answer", "tile_interval", &[("low", &low), ("high", &high)])
        }
        None => voice.fill("answer", "tile_no_interval", &[("months", months)]),
    }
}

/// The three verdicts, in METHOD's order.
pub fn verdicts(report: &Report, voice: &Voice) -> Vec<VerdictView> {
    let verdicts = &report.verdicts;
    [
        ("ranks", &verdicts.ranks, "ranks_yes"),
        ("skill", &verdicts.skill, "skill_yes_plain"),
        ("potential", &verdicts.potential, "potential_yes_plain"),
    ]
    .into_iter()
    .map(|(name, verdict, plain)| {
        let kind = match verdict {
            verdict if verdict.holds => "yes",
            verdict if is_untold(verdict) => "untold",
            _ => "no",
        };
        VerdictView {
            kind,
            word: voice.say("verdict", kind).to_owned(),
            question: voice.code("verdict", name),
            sentence: sentence(report, voice, name, kind, plain),
            evidence: super::sentence(&verdict.evidence),
        }
    })
    .collect()
}

fn sentence(report: &Report, voice: &Voice, name: &str, kind: &str, plain: &str) -> String {
    let expected = report.targets.iter().find(|target| target.target == Target::ExpectedRevenue);
    let rule = expected.map_or_else(String::new, |target| voice.rung(&target.baseline));
    let key = format!("{name}_{kind}");
    match (name, kind) {
        ("skill", "yes") => match expected.and_then(|target| target.skill) {
            Some(skill) => voice.texts.fill(
                "verdict",
                &key,
                &[
                    ("rule", &rule),
                    ("skill", &voice.locale.percent(skill.value, 0)),
                    ("low", &voice.locale.percent(skill.low, 0)),
                    ("high", &voice.locale.percent(skill.high, 0)),
                ],
            ),
            None => voice.texts.fill("verdict", plain, &[("rule", &rule)]),
        },
        ("potential", "yes") => match &report.realised {
            Some(realised) => voice.texts.fill(
                "verdict",
                &key,
                &[
                    ("list", &voice.locale.short_money(realised.growth_list.value)),
                    ("random", &voice.locale.short_money(realised.growth_random)),
                    ("biggest", &voice.locale.short_money(realised.growth_biggest)),
                ],
            ),
            None => voice.texts.get("verdict", plain).to_owned(),
        },
        _ => voice.texts.fill("verdict", &key, &[("rule", &rule)]),
    }
}
