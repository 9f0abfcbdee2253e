//! Reasons in words: a statement of the text table, filled with its figures.

use crate::report::{
    model::{Figure, Reason},
    voice::Voice,
};

/// Each reason as a sentence without its full stop; figures stand for `{0}`, `{1}`, ... in their order.
pub fn sentences(reasons: &[Reason], voice: &Voice) -> Vec<String> {
    reasons.iter().map(|reason| sentence(reason, voice)).collect()
}

fn sentence(reason: &Reason, voice: &Voice) -> String {
    let figures: Vec<(String, String)> =
        reason.figures.iter().enumerate().map(|(i, figure)| (i.to_string(), shown(*figure, voice))).collect();
    let values: Vec<_> = figures.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    match voice.texts.find("reason", &reason.code) {
        Some(_) => voice.texts.fill("reason", &reason.code, &values),
        None => {
            let figures: Vec<_> = figures.into_iter().map(|(_, text)| text).collect();
            format!("{} {}", reason.code.replace('_', " "), figures.join(", ")).trim_end().to_owned()
        }
    }
}

fn shown(figure: Figure, voice: &Voice) -> String {
    let count =
        |value: f64| voice.locale.number(value, if value.fract() == 0.0 || value.abs() >= 10.0 { 0 } else { 1 });
    match figure {
        Figure::Money(value) => voice.locale.forecast(value),
        Figure::Share(value) => voice.locale.percent(value, 0),
        Figure::Months(value) | Figure::Days(value) | Figure::Number(value) => count(value),
    }
}
