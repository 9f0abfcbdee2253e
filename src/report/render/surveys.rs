//! What customers and our own people say, and where the latter disagree with the figures.

use serde::Serialize;

use crate::{
    report::{Report, model::label, voice::Voice},
    survey::{CustomerSurvey, Disagreement, Disagreements, Kind, StaffRound},
};

/// Rows of a list on the page; the tables beside it hold all.
const SHOWN: usize = 12;

#[derive(Debug, Default, Serialize)]
pub struct SurveysView {
    customers: Option<CustomersView>,
    staff: Option<StaffView>,
    running: Option<String>,
}

#[derive(Debug, Serialize)]
struct CustomersView {
    sentences: Vec<String>,
    classes: Vec<[String; 4]>,
}

#[derive(Debug, Serialize)]
struct StaffView {
    sentence: String,
    questions: Vec<[String; 6]>,
    agreement: Option<String>,
    margin: String,
    lists: Vec<ListView>,
}

#[derive(Debug, Serialize)]
struct ListView {
    heading: String,
    text: String,
    rows: Vec<[String; 6]>,
    more: Option<String>,
}

/// The section's strings; `None` where nobody was asked.
pub fn view(report: &Report, voice: &Voice) -> Option<SurveysView> {
    let surveys = report.surveys.as_ref()?;
    Some(SurveysView {
        customers: surveys.customers.as_ref().map(|survey| customers(survey, voice)),
        staff: surveys.staff.as_ref().map(|round| staff(round, surveys.disagreements.as_ref(), voice)),
        running: (!surveys.running.is_empty())
            .then(|| voice.fill("surveys", "running", &[("rounds", &surveys.running.join(", "))])),
    })
}

fn customers(survey: &CustomerSurvey, voice: &Voice) -> CustomersView {
    let (number, count) = (|value: f64| voice.locale.number(value, 0), |n: usize| voice.locale.count(n));
    let mut sentences = Vec::new();
    if let Some(nps) = &survey.nps {
        let values = [
            ("nps", number(nps.value)),
            ("low", number(nps.low)),
            ("high", number(nps.high)),
            ("n", count(nps.answers)),
            ("accounts", count(survey.accounts)),
        ];
        sentences.push(fill("nps", &values, voice));
    }
    if let Some(satisfaction) = &survey.satisfaction {
        let tenth = |value: f64| voice.locale.number(value, 1);
        let mut values = vec![("value", tenth(satisfaction.value)), ("n", count(satisfaction.answers))];
        sentences.push(match satisfaction.low.zip(satisfaction.high) {
            None => fill("satisfaction_one", &values, voice),
            Some((low, high)) => {
                values.extend([("low", tenth(low)), ("high", tenth(high))]);
                fill("satisfaction", &values, voice)
            }
        });
    }
    let classes = survey.nps_by_class.iter().map(|(class, nps)| {
        let interval = fill("interval", &[("low", number(nps.low)), ("high", number(nps.high))], voice);
        [voice.class(Some(*class)), number(nps.value), interval, count(nps.answers)]
    });
    CustomersView { sentences, classes: classes.collect() }
}

fn staff(round: &StaffRound, disagreements: Option<&Disagreements>, voice: &Voice) -> StaffView {
    let count = |n: usize| voice.locale.count(n);
    let values = [
        ("round", round.round.clone()),
        ("raters", count(round.raters)),
        ("accounts", count(round.accounts)),
        ("shown", count(round.accounts - round.too_few)),
    ];
    let questions = round.questions.iter().map(|question| {
        let tenth = |value: f64| voice.locale.number(value, 1);
        let share = |value: Option<f64>| value.map_or_else(|| "–".into(), |value| voice.locale.number(value, 2));
        [
            voice.say("surveys", question.question.name()).to_owned(),
            count(question.answers),
            tenth(question.mean),
            tenth(question.strictness),
            share(question.reliability_of_one),
            fill("of_raters", &[("value", share(question.reliability)), ("n", count(question.raters))], voice),
        ]
    });
    let shows_potential = disagreements.is_some_and(|found| found.potential_shown);
    StaffView {
        sentence: fill("staff", &values, voice),
        questions: questions.collect(),
        agreement: disagreements.and_then(|found| found.agreement).map(|agreement| {
            let spearman = voice.locale.number(agreement.spearman, 2);
            fill("agreement", &[("spearman", spearman), ("n", count(agreement.accounts))], voice)
        }),
        margin: voice.say("surveys", if shows_potential { "th_headroom" } else { "th_expected" }).to_owned(),
        lists: disagreements.map_or_else(Vec::new, |found| lists(found, voice)),
    }
}

fn lists(found: &Disagreements, voice: &Voice) -> Vec<ListView> {
    let list = |kind: Kind| {
        let all: Vec<&Disagreement> = found.list.iter().filter(|entry| entry.kind == kind).collect();
        let hidden = if kind == Kind::PoorRelationship && !found.potential_shown { "_hidden" } else { "" };
        let words = |what: &str| voice.code("surveys", &format!("{}{hidden}_{what}", kind.name()));
        ListView {
            heading: words("heading"),
            text: words("text"),
            rows: all.iter().take(SHOWN).map(|entry| row(entry, voice)).collect(),
            more: (all.len() > SHOWN)
                .then(|| voice.fill("data", "more", &[("n", &voice.locale.count(all.len() - SHOWN))])),
        }
    };
    // without the line through all accounts nobody lies above or below it
    let kinds = if found.agreement.is_some() { &Kind::ALL[..] } else { &Kind::ALL[..1] };
    kinds.iter().map(|kind| list(*kind)).collect()
}

fn row(entry: &Disagreement, voice: &Voice) -> [String; 6] {
    let score = |value: Option<f64>| value.map_or_else(|| "–".into(), |value| voice.locale.number(value, 1));
    [
        label(entry.name.as_deref(), &entry.customer_id).to_owned(),
        entry.abc_class.name().to_owned(),
        voice.locale.forecast(entry.margin),
        score(entry.relationship),
        score(entry.potential),
        score(entry.suggested),
    ]
}

fn fill(key: &str, values: &[(&str, String)], voice: &Voice) -> String {
    let values: Vec<(&str, &str)> = values.iter().map(|(name, text)| (*name, text.as_str())).collect();
    voice.fill("surveys", key, &values)
}
