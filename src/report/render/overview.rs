//! The matrix of ABC class by potential, the ABC curve, and what to do in which cell.

use serde::Serialize;

use crate::{
    domain::{AbcClass, PotentialBand, ServiceLevel},
    rank::{Cadence, Cell, Channel, cadence},
    report::{
        Report,
        chart::style::{Colour, HEADROOM, PAPER},
        voice::Voice,
    },
};

/// Shade of a cell without headroom and of the fullest, as shares of the headroom colour; dark text stays readable on
/// both.
const SHADES: (f64, f64) = (0.05, 0.8);

#[derive(Debug, Serialize)]
pub struct OverviewView {
    heading: String,
    intro: String,
    bands: Vec<String>,
    matrix: Vec<MatrixRow>,
    services: Vec<ServiceView>,
    classes: Vec<ClassRow>,
    pareto_note: Option<String>,
    unprofitable: Option<String>,
}

#[derive(Debug, Serialize)]
struct MatrixRow {
    class: String,
    cells: Vec<CellView>,
}

#[derive(Debug, Serialize)]
struct CellView {
    service: String,
    accounts: String,
    headroom: String,
    margin: String,
    shade: String,
    empty: bool,
}

#[derive(Debug, Serialize)]
struct ServiceView {
    name: String,
    what: String,
    cadence: String,
}

#[derive(Debug, Serialize)]
struct ClassRow {
    class: &'static str,
    cells: Vec<String>,
}

/// The section's strings; without the third verdict there is no matrix and no service level.
pub fn view(report: &Report, voice: &Voice) -> OverviewView {
    let limits =
        [("a", voice.locale.percent(report.about.abc_a, 0)), ("b", voice.locale.percent(report.about.abc_b, 0))];
    let limits: Vec<_> = limits.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let hidden = report.matrix.is_empty();
    OverviewView {
        heading: voice.say("map", if hidden { "heading_hidden" } else { "heading" }).to_owned(),
        intro: voice.fill("map", if hidden { "intro_hidden" } else { "intro" }, &limits),
        bands: PotentialBand::ALL.map(|band| voice.fill("map", "potential", &[("band", voice.band(band))])).into(),
        matrix: if hidden { Vec::new() } else { AbcClass::ALL.map(|class| row(report, voice, class)).into() },
        services: if hidden { Vec::new() } else { services(report, voice) },
        classes: report
            .classes
            .iter()
            .zip(&report.classes_by_revenue)
            .map(|(total, by_revenue)| ClassRow {
                class: total.class.name(),
                cells: vec![
                    voice.locale.count(total.accounts),
                    voice.locale.money(total.revenue_last),
                    voice.locale.money(total.margin_last),
                    voice.locale.forecast(total.expected_revenue),
                    voice.locale.forecast(total.expected_margin),
                    voice.locale.count(by_revenue.accounts),
                ],
            })
            .collect(),
        unprofitable: (report.unprofitable > 0).then(|| voice.count("map", "unprofitable", report.unprofitable)),
        pareto_note: (!report.pareto.is_empty()).then(|| voice.fill("map", "pareto_note", &limits)),
    }
}

fn row(report: &Report, voice: &Voice, class: AbcClass) -> MatrixRow {
    let most = report.matrix.iter().map(|cell| cell.headroom_margin).fold(0.0, f64::max);
    let cells = PotentialBand::ALL
        .iter()
        .filter_map(|&band| report.matrix.iter().find(|cell| cell.class == class && cell.band == band))
        .map(|cell| cell_view(cell, most, voice))
        .collect();
    MatrixRow { class: voice.fill("map", "class", &[("class", class.name())]), cells }
}

fn cell_view(cell: &Cell, most: f64, voice: &Voice) -> CellView {
    let fullness = if most > 0.0 { cell.headroom_margin.max(0.0) / most } else { 0.0 };
    // the square root keeps small cells apart from empty ones
    let shade = SHADES.0 + (SHADES.1 - SHADES.0) * fullness.sqrt();
    let accounts = if cell.accounts == 0 {
        voice.say("map", "no_customer").to_owned()
    } else {
        voice.count("map", "customers", cell.accounts)
    };
    CellView {
        service: voice.service_level(cell.service_level).to_owned(),
        accounts,
        headroom: voice.locale.short_money(cell.headroom_margin),
        margin: voice.locale.short_money(cell.margin_last),
        shade: blend(HEADROOM, PAPER, if cell.accounts == 0 { 0.0 } else { shade }).css(),
        empty: cell.accounts == 0,
    }
}

fn services(report: &Report, voice: &Voice) -> Vec<ServiceView> {
    let in_matrix = |level: ServiceLevel| report.matrix.iter().any(|cell| cell.service_level == level);
    let in_ranking = |level: ServiceLevel| report.accounts.iter().any(|account| account.service_level == Some(level));
    ServiceLevel::ALL
        .into_iter()
        .filter(|&level| in_matrix(level) || in_ranking(level))
        .map(|level| ServiceView {
            name: voice.service_level(level).to_owned(),
            what: voice.code("service", &format!("{}_what", level.name())),
            cadence: cadence_in_words(level, voice),
        })
        .collect()
}

fn cadence_in_words(level: ServiceLevel, voice: &Voice) -> String {
    let Cadence { channel, every_weeks } = cadence(level);
    let key = match channel {
        Channel::Visit => "every_visit",
        Channel::Phone => "every_phone",
        Channel::Digital => "every_digital",
    };
    voice.fill("service", key, &[("n", &voice.locale.count(every_weeks.into()))])
}

fn blend(colour: Colour, paper: Colour, share: f64) -> Colour {
    let mix = |a: u8, b: u8| (f64::from(a) * share + f64::from(b) * (1.0 - share)).round() as u8;
    Colour(mix(colour.0, paper.0), mix(colour.1, paper.1), mix(colour.2, paper.2))
}
