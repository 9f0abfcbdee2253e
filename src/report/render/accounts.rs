//! The first accounts of the ranking, each with its figures, its interval as a bar, and its reasons in words.

use serde::Serialize;

use super::reasons;
use crate::{
    rank::Stance,
    report::{
        Report,
        model::{Account, Ranged},
        voice::Voice,
    },
};

#[derive(Debug, Serialize)]
pub struct AccountsView {
    heading: String,
    intro: String,
    potential: bool,
    rows: Vec<Row>,
    bar_note: String,
    all: String,
    none: String,
}

#[derive(Debug, Serialize)]
struct Row {
    rank: String,
    name: String,
    id: Option<String>,
    class: &'static str,
    last: String,
    expected: String,
    interval: Option<String>,
    margin: String,
    headroom: String,
    headroom_interval: Option<String>,
    growth: String,
    inactive: String,
    service: String,
    band: String,
    bar: Option<Bar>,
    reasons_for: Vec<String>,
    reasons_against: Vec<String>,
}

/// Positions in per cent of the column's width, as CSS writes them.
#[derive(Debug, Serialize)]
struct Bar {
    start: String,
    value: String,
    low: String,
    span: String,
}

/// The section's strings.
pub fn view(report: &Report, voice: &Voice) -> AccountsView {
    let about = &report.about;
    let shown = &report.accounts;
    let potential = report.basis.shows_potential();
    let months = voice.locale.count(about.horizon.months() as usize);
    let figure = |account: &Account| if potential { account.headroom_revenue } else { Some(account.expected_revenue) };
    let scale = Scale::of(shown.iter().filter_map(figure));
    let n = voice.locale.count(shown.len());
    AccountsView {
        heading: match shown.len() {
            0 => voice.say("page", "nav_accounts").to_owned(),
            1 => voice.say("accounts", "heading_one").to_owned(),
            _ => voice.fill("accounts", "heading", &[("n", &n)]),
        },
        intro: voice.fill("accounts", if potential { "intro" } else { "intro_hidden" }, &[("months", &months)]),
        potential,
        rows: shown.iter().map(|account| row(account, voice, &scale, figure(account))).collect(),
        bar_note: voice.say("accounts", if potential { "bar_note" } else { "bar_note_hidden" }).to_owned(),
        all: voice.fill(
            "accounts",
            "all",
            &[("n", &voice.locale.count(report.headline.population)), ("file", "tables/ranking.csv")],
        ),
        none: voice.fill("accounts", "none", &[("as_of", &voice.locale.month_end(about.as_of))]),
    }
}

fn row(account: &Account, voice: &Voice, scale: &Scale, figure: Option<Ranged>) -> Row {
    let unknown = || voice.say("accounts", "unknown").to_owned();
    let interval = |figure: Ranged| {
        figure.bounds().map(|(low, high)| {
            let (low, high) = (voice.locale.forecast(low), voice.locale.forecast(high));
            format!("{low} – {high}")
        })
    };
    let label = account.label();
    Row {
        rank: voice.locale.count(account.rank),
        name: label.to_owned(),
        id: (label != account.customer_id).then(|| account.customer_id.clone()),
        class: account.abc_class.name(),
        last: voice.locale.money(account.revenue_last),
        expected: voice.locale.forecast(account.expected_revenue.value),
        interval: interval(account.expected_revenue),
        margin: voice.locale.forecast(account.expected_margin),
        headroom: account.headroom_revenue.map_or_else(unknown, |headroom| voice.locale.forecast(headroom.value)),
        headroom_interval: account.headroom_revenue.and_then(interval),
        growth: account.growth_probability.map_or_else(unknown, |chance| voice.locale.chance(chance)),
        inactive: account.inactivity_probability.map_or_else(unknown, |chance| voice.locale.chance(chance)),
        service: account.service_level.map_or_else(unknown, |level| voice.service_level(level).to_owned()),
        band: account
            .potential_band
            .map_or_else(unknown, |band| voice.fill("accounts", "potential", &[("band", voice.band(band))])),
        bar: figure.map(|figure| scale.bar(figure)),
        reasons_for: reasons::sentences(&account.reasons, Stance::For, voice),
        reasons_against: reasons::sentences(&account.reasons, Stance::Against, voice),
    }
}

/// One common scale for all bars of the table, zero included.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    fn of(figures: impl Iterator<Item = Ranged>) -> Self {
        let (mut low, mut high) = (0.0_f64, 0.0_f64);
        for figure in figures {
            for value in [Some(figure.value), figure.low, figure.high].into_iter().flatten() {
                low = low.min(value);
                high = high.max(value);
            }
        }
        Self { low, high: if high > low { high } else { low + 1.0 } }
    }

    fn bar(&self, figure: Ranged) -> Bar {
        let at = |value: f64| (value - self.low) / (self.high - self.low) * 100.0;
        let (zero, end) = (at(0.0), at(figure.value));
        let (low, high) = figure.bounds().map_or((end, end), |(low, high)| (at(low), at(high)));
        let css = |percent: f64| format!("{percent:.1}");
        Bar { start: css(zero.min(end)), value: css((end - zero).abs()), low: css(low), span: css(high - low) }
    }
}
