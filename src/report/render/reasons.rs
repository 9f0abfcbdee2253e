//! Reasons in words: why an account stands where it stands, with the figures that say so.
//!
//! Every sentence has a figure; a model's reasons have those that ranking found readable.

use crate::{
    config::Language,
    features::Overdue,
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
        ReasonKind::Overdue { amount, invoices: Some(Overdue { invoices, mean_days }) } => {
            let key = if *invoices == 1 { "overdue_one" } else { "overdue_many" };
            let n = voice.locale.count(*invoices as usize);
            voice.texts.fill(
                "reason",
                key,
                &[("n", &n), ("since", &since(mean_days.max(1.0))), ("amount", &money(*amount))],
            )
        }
        ReasonKind::Overdue { amount, invoices: None } => {
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
        ReasonKind::Model { feature, value, typical, .. } => {
            let unit = catalogue::features().iter().find(|known| known.name == feature).map_or("", |known| known.unit);
            let (value, typical) = (in_unit(*value, unit, voice), in_unit(*typical, unit, voice));
            let values = [("feature", name(feature, voice)), ("value", &value), ("typical", &typical)];
            voice.texts.fill("reason", "model_value", &values)
        }
        ReasonKind::Level { feature, level, growth, typical, .. } => {
            let change = |share: f64| {
                let sign = if share > 0.0 { "+" } else { "" };
                format!("{sign}{}", voice.locale.percent(share, 0))
            };
            let (growth, typical) = (change(*growth), change(*typical));
            let values = [
                ("feature", name(feature, voice)),
                ("level", level.as_str()),
                ("growth", &growth),
                ("typical", &typical),
            ];
            voice.texts.fill("reason", "model_level", &values)
        }
    }
}

/// What a feature is called; one that only a ladder of the user's own names is called what it is there.
fn name<'a>(feature: &'a str, voice: &'a Voice) -> &'a str {
    voice.texts.find("feature", feature).unwrap_or(feature)
}

/// `value` as a reader writes it.
fn in_unit(value: f64, unit: &str, voice: &Voice) -> String {
    let number = voice.locale.number(value, usize::from(value.fract() != 0.0 && value.abs() < 10.0));
    match unit {
        "days" => voice.fill("reason", "unit_days", &[("value", &number)]),
        "months" => voice.fill("reason", "unit_months", &[("value", &number)]),
        "share" => voice.locale.percent(value, 0),
        "currency" => voice.locale.forecast(value),
        _ => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Language,
        domain::{Level, Target},
        rank::READABLE_UNITS,
        report::{locale::Locale, text::Texts},
        train::Ladder,
    };

    fn voice(language: Language) -> Voice {
        Voice { texts: Texts::load(language).unwrap(), locale: Locale::new(language, "EUR", 1e4) }
    }

    fn say(language: Language, stance: Stance, kind: ReasonKind) -> String {
        sentences(&[Reason { stance, kind }], stance, &voice(language)).remove(0)
    }

    fn moved_by(feature: &str, value: f64, typical: f64) -> ReasonKind {
        let family = catalogue::features().iter().find(|f| feature == f.name).map_or("history", |f| f.family);
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
            say(Language::En, Stance::Against, overdue(5_204.0, 2, 38.4)),
            @"2 invoices overdue, 38 days on average: €5,200 in all");
        insta::assert_snapshot!(
            say(Language::De, Stance::Against, overdue(5_204.0, 1, 12.0)),
            @"1 Rechnung überfällig seit 12 Tagen: 5.200 €");
        insta::assert_snapshot!(
            say(Language::De, Stance::Against, overdue(5_204.0, 3, 0.5)),
            @"3 Rechnungen überfällig, im Mittel seit 1 Tag: zusammen 5.200 €");
        insta::assert_snapshot!(
            say(Language::En, Stance::For, level("Bayern", 0.12, -0.031)),
            @"region Bayern: revenue of its customers +12% within a year, of all customers −3%");
    }

    #[test]
    fn a_models_reason_shows_figures_in_units_that_people_read() {
        let en = |kind| say(Language::En, Stance::For, kind);
        insta::assert_snapshot!(en(moved_by("share_late_24", 0.42, 0.1)),
            @"share of invoices paid late 42%, typical is 10%");
        insta::assert_snapshot!(en(moved_by("days_since_last_order", 12.0, 30.0)),
            @"time since the last order 12 days, typical is 30 days");
    }

    fn overdue(amount: f64, invoices: u32, mean_days: f64) -> ReasonKind {
        ReasonKind::Overdue { amount, invoices: Some(Overdue { invoices, mean_days }) }
    }

    fn level(level: &str, growth: f64, typical: f64) -> ReasonKind {
        ReasonKind::Level {
            target: Target::Growth,
            family: "firmographics".into(),
            feature: "region".into(),
            level: level.into(),
            growth,
            typical,
            contribution: 0.2,
        }
    }

    /// Each kind of reason from five figures, with how many of them its sentence names.
    fn kinds(f: [f64; 4], n: u32, used: Level) -> Vec<(ReasonKind, usize)> {
        vec![
            (ReasonKind::Headroom { expected: f[0], used, level: f[1], at_least: f[2] }, 3),
            (overdue(f[0], n, f[1]), 2),
            (ReasonKind::Overdue { amount: f[0], invoices: None }, 1),
            (moved_by("orders_12", f[0], f[1]), 2),
            (moved_by("revenue_12", f[0], f[1]), 2),
            (level("Bayern", f[0], f[1]), 2),
            (ReasonKind::Rhythm { days_since_last_order: f[0], usual_gap_days: f[1] }, 2),
            (ReasonKind::Trend { last_12: f[0], before_12: f[1] }, 2),
            (ReasonKind::Recommendation { score: f[0], age_days: None }, 1),
            (ReasonKind::FirstPurchase { product_group: "Lacke".into(), probability: f[0] / 1e4, peers: n, of: 20 }, 1),
            (ReasonKind::Breadth { own: n, peers: 7, of: 11 }, 0),
            (ReasonKind::OpenComplaints { open: f[0] }, 1),
        ]
    }

    proptest::proptest! {
        /// What a sentence names is in it: another figure, another sentence.
        #[test]
        fn every_sentence_changes_when_a_figure_that_it_names_changes(
            figures in proptest::array::uniform4(1u32..90), n in 1u32..9, by in 2u32..9, used in 0usize..3,
        ) {
            let used = Level::ALL[used];
            let base = figures.map(|figure| 100.0 * f64::from(figure));
            for language in [Language::En, Language::De] {
                for stance in [Stance::For, Stance::Against] {
                    for (at, (kind, named)) in kinds(base, n, used).into_iter().enumerate() {
                        let said = say(language, stance, kind);
                        proptest::prop_assert!(said.chars().any(|c| c.is_ascii_digit()), "{}", said);
                        for figure in 0..named {
                            let mut other = base;
                            other[figure] *= f64::from(by);
                            let changed = say(language, stance, kinds(other, n, used)[at].0.clone());
                            proptest::prop_assert_ne!(&said, &changed);
                        }
                        if kinds(base, n, used)[at].0 != kinds(base, n + 1, used)[at].0 {
                            let changed = say(language, stance, kinds(base, n + 1, used)[at].0.clone());
                            proptest::prop_assert_ne!(&said, &changed);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn every_feature_of_the_ladder_that_has_a_figure_has_a_name() {
        for target in [Target::Growth, Target::ExpectedRevenue, Target::ExpectedMargin] {
            for feature in Ladder::default().candidates(target).iter().flat_map(|candidate| &candidate.features) {
                let known = catalogue::features().iter().find(|known| known.name == feature).unwrap();
                if known.kind == catalogue::Kind::Category || READABLE_UNITS.contains(&known.unit) {
                    for language in [Language::En, Language::De] {
                        assert!(voice(language).texts.find("feature", feature).is_some(), "{feature}");
                    }
                }
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
