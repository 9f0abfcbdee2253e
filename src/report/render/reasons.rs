//! Reasons in words: why an account stands where it stands, with the figures that say so.
//!
//! A model's reason names the feature that moved it most where that feature has a name in the text table and a unit a
//! reader knows; a logarithm or an index says nothing to him, so then its family is named alone.

use crate::{
    config::Language,
    features::catalogue,
    rank::{Reason, ReasonKind, Stance},
    report::{ReportError, voice::Voice},
};

/// A typical amount at which cents are left out.
const WHOLE_AMOUNTS: f64 = 1e6;

/// Every reason of one stance as a sentence without its full stop.
pub fn sentences(reasons: &[Reason], stance: Stance, voice: &Voice) -> Vec<String> {
    reasons.iter().filter(|reason| reason.stance == stance).map(|reason| sentence(reason, voice)).collect()
}

/// The same without a page: reasons for, reasons against, in a language and currency.
///
/// # Errors
/// If the embedded texts are not readable.
pub fn in_words(
    reasons: &[Reason],
    language: Language,
    currency: &str,
) -> Result<(Vec<String>, Vec<String>), ReportError> {
    let voice = Voice::new(language, currency, WHOLE_AMOUNTS)?;
    Ok((sentences(reasons, Stance::For, &voice), sentences(reasons, Stance::Against, &voice)))
}

fn sentence(reason: &Reason, voice: &Voice) -> String {
    let money = |value: f64| voice.locale.forecast(value);
    let since = |days: f64| voice.count("reason", "since", days.round().max(0.0) as usize);
    let stance = match reason.stance {
        Stance::For => "for",
        Stance::Against => "against",
    };
    let said = |kind: &str, values: &[(&str, &str)]| voice.texts.fill("reason", &format!("{kind}_{stance}"), values);
    match &reason.kind {
        ReasonKind::Headroom { expected, used, level, at_least } => voice.texts.fill(
            "reason",
            &format!("headroom_{}", used.name()),
            &[("expected", &money(*expected)), ("level", &money(*level)), ("at_least", &money(*at_least))],
        ),
        ReasonKind::Overdue { amount, oldest_days: Some(days) } => {
            voice.fill("reason", "overdue_since", &[("amount", &money(*amount)), ("since", &since(*days))])
        }
        ReasonKind::Overdue { amount, oldest_days: None } => {
            voice.fill("reason", "overdue", &[("amount", &money(*amount))])
        }
        ReasonKind::Rhythm { days_since_last_order, usual_gap_days } => {
            let every = voice.count("reason", "every", usual_gap_days.round().max(1.0) as usize);
            if reason.stance == Stance::For && *days_since_last_order < 1.0 {
                voice.fill("reason", "rhythm_for_now", &[("every", &every)])
            } else {
                said("rhythm", &[("since", &since(*days_since_last_order)), ("every", &every)])
            }
        }
        ReasonKind::Trend { last_12, before_12 } => {
            said("trend", &[("before", &money(*before_12)), ("last", &money(*last_12))])
        }
        ReasonKind::Recommendation { score, .. } => {
            said("recommendation", &[("score", &voice.locale.number(*score, usize::from(score.fract() != 0.0)))])
        }
        ReasonKind::FirstPurchase { product_group, probability, peers, of } => voice.texts.fill(
            "reason",
            "first_purchase",
            &[
                ("group", product_group),
                ("probability", &voice.locale.percent(*probability, 0)),
                ("peers", &voice.locale.count(*peers as usize)),
                ("of", &voice.locale.count(*of as usize)),
            ],
        ),
        ReasonKind::Breadth { own, peers, of } => voice.texts.fill(
            "reason",
            "breadth",
            &[
                ("own", &voice.locale.count(*own as usize)),
                ("of", &voice.locale.count(*of as usize)),
                ("peers", &voice.locale.count(*peers as usize)),
            ],
        ),
        ReasonKind::OpenComplaints { open } => voice.count("reason", "open_complaints", *open as usize),
        ReasonKind::Model { family, feature, value, typical, .. } => model(family, feature, value.zip(*typical), voice),
    }
}

/// Columns are called `feature`, `feature=level`, `feature?` (not known) or `baseline/anchor`.
fn model(family: &str, column: &str, figures: Option<(f64, f64)>, voice: &Voice) -> String {
    let stem = column.split(['=', '?', '/']).next().unwrap_or(column);
    let Some(name) = voice.texts.find("feature", stem) else {
        return voice.fill("reason", "model_plain", &[("feature", &voice.code("family", family))]);
    };
    if let Some((_, level)) = column.split_once('=') {
        return voice.fill("reason", "model_level", &[("feature", name), ("level", level)]);
    }
    if column.ends_with('?') {
        return voice.fill("reason", "model_unknown", &[("feature", name)]);
    }
    let unit = catalogue::features().iter().find(|feature| feature.name == stem).map(|feature| feature.unit);
    match figures.and_then(|(value, typical)| Some((in_unit(value, unit?, voice)?, in_unit(typical, unit?, voice)?))) {
        Some((value, typical)) => {
            voice.fill("reason", "model_value", &[("feature", name), ("value", &value), ("typical", &typical)])
        }
        None => voice.fill("reason", "model_plain", &[("feature", name)]),
    }
}

/// `value` as a reader writes it; `None` in a unit that only a statistician reads.
fn in_unit(value: f64, unit: &str, voice: &Voice) -> Option<String> {
    let number = voice.locale.number(value, usize::from(value.fract() != 0.0 && value.abs() < 10.0));
    Some(match unit {
        "days" => voice.fill("reason", "unit_days", &[("value", &number)]),
        "months" => voice.fill("reason", "unit_months", &[("value", &number)]),
        "share" => voice.locale.percent(value, 0),
        "currency" => voice.locale.forecast(value),
        "orders" | "count" | "points" | "ratio" | "accounts" | "level" => number,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Language,
        domain::Target,
        report::{locale::Locale, text::Texts},
    };

    fn voice(language: Language) -> Voice {
        Voice { texts: Texts::load(language).unwrap(), locale: Locale::new(language, "EUR", 1e4) }
    }

    fn say(language: Language, stance: Stance, kind: ReasonKind) -> String {
        sentences(&[Reason { stance, kind }], stance, &voice(language)).remove(0)
    }

    fn moved_by(feature: &str, value: Option<f64>, typical: Option<f64>) -> ReasonKind {
        let family = catalogue::features().iter().find(|f| feature.starts_with(f.name)).map_or("history", |f| f.family);
        ReasonKind::Model {
            target: Target::Growth,
            family: family.into(),
            feature: feature.into(),
            value,
            typical,
            contribution: 0.2,
        }
    }

    #[test]
    fn reasons_read_as_sentences() {
        let rhythm = ReasonKind::Rhythm { days_since_last_order: 70.0, usual_gap_days: 31.4 };
        insta::assert_snapshot!(say(Language::En, Stance::Against, rhythm.clone()),
            @"no order for 70 days, usually every 31 days");
        insta::assert_snapshot!(say(Language::De, Stance::For, rhythm), @"vor 70 Tagen bestellt, sonst alle 31 Tage");
        let daily = |days| ReasonKind::Rhythm { days_since_last_order: days, usual_gap_days: 1.2 };
        insta::assert_snapshot!(say(Language::En, Stance::For, daily(0.0)), @"ordered on the last day, usually every day");
        insta::assert_snapshot!(say(Language::De, Stance::For, daily(1.0)), @"vor 1 Tag bestellt, sonst jeden Tag");
        insta::assert_snapshot!(
            say(Language::De, Stance::For, ReasonKind::Trend { last_12: 130_400.0, before_12: 99_960.0 }),
            @"Umsatz binnen eines Jahres von 100.000 € auf 130.000 € gestiegen");
        insta::assert_snapshot!(
            say(Language::En, Stance::For, ReasonKind::Breadth { own: 4, peers: 7, of: 11 }),
            @"buys 4 of 11 product groups, comparable customers 7");
        insta::assert_snapshot!(
            say(Language::En, Stance::Against, ReasonKind::Overdue { amount: 5_204.0, oldest_days: Some(43.0) }),
            @"€5,200 overdue, the oldest invoice by 43 days");
    }

    #[test]
    fn a_models_reason_shows_figures_only_in_units_that_people_read() {
        let en = |kind| say(Language::En, Stance::For, kind);
        insta::assert_snapshot!(en(moved_by("share_late_24", Some(0.42), Some(0.1))),
            @"share of invoices paid late 42%, typical is 10%");
        insta::assert_snapshot!(en(moved_by("days_since_last_order", Some(12.0), Some(30.0))),
            @"time since the last order 12 days, typical is 30 days");
        insta::assert_snapshot!(en(moved_by("log_ratio_3_to_12", Some(0.3), Some(0.0))), @"its recent trend");
        insta::assert_snapshot!(en(moved_by("industry=Chemicals", None, None)), @"industry: Chemicals");
        insta::assert_snapshot!(en(moved_by("nps_score?", None, None)), @"recommendation score is not known");
        insta::assert_snapshot!(en(moved_by("last_horizon_revenue/c", None, None)), @"its own history");
    }

    #[test]
    fn every_family_has_a_name() {
        for language in [Language::En, Language::De] {
            for feature in catalogue::features() {
                assert!(voice(language).texts.find("family", feature.family).is_some(), "{}", feature.family);
            }
        }
    }

    #[test]
    fn every_named_feature_exists() {
        let texts = Texts::load(Language::En).unwrap();
        for name in texts.root()["feature"].as_object().unwrap().keys() {
            assert!(catalogue::features().iter().any(|feature| feature.name == name), "{name}");
        }
    }
}
