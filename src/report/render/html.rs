//! `index.html`: one file with its style and drawings inside, no script, and nothing fetched from anywhere.
//!
//! Each section of the page has a file beside this one that turns data into formatted strings, and a template that
//! places them. Every value is escaped by the template engine; only our own style sheet and drawings are not.

use minijinja::{AutoEscape, Environment, UndefinedBehavior, value::Serde};
use serde::Serialize;

use super::{
    accounts::{self, AccountsView},
    answer::{self, AnswerView, VerdictView},
    data::{self, DataView},
    glossary::{self, Entry},
    overview::{self, OverviewView},
    surveys::{self, SurveysView},
    trust::{self, TrustView},
};
use crate::{
    config::Language,
    report::{Report, ReportError, chart, voice::Voice},
};

/// File name and source of each template.
const TEMPLATES: [(&str, &str); 9] = [
    ("index.html", include_str!("../templates/index.html")),
    ("answer.html", include_str!("../templates/answer.html")),
    ("overview.html", include_str!("../templates/overview.html")),
    ("accounts.html", include_str!("../templates/accounts.html")),
    ("surveys.html", include_str!("../templates/surveys.html")),
    ("trust.html", include_str!("../templates/trust.html")),
    ("data.html", include_str!("../templates/data.html")),
    ("glossary.html", include_str!("../templates/glossary.html")),
    ("style.css", include_str!("../templates/style.css")),
];

/// Everything the templates name.
#[derive(Debug, Serialize)]
struct Page<'a> {
    lang: &'static str,
    /// Statements of other stages are in English and must be marked as such.
    english_apart: bool,
    title: String,
    footer: String,
    style: String,
    t: &'a serde_json::Value,
    charts: Drawings,
    answer: AnswerView,
    verdicts: Vec<VerdictView>,
    overview: OverviewView,
    accounts: AccountsView,
    surveys: Option<SurveysView>,
    trust: TrustView,
    data: DataView,
    glossary: Vec<Entry>,
}

/// The colours that the style sheet names.
#[derive(Debug, Serialize)]
struct Palette {
    ink: String,
    muted: String,
    grid: String,
    paper: String,
    expected: String,
    headroom: String,
    good: String,
    other: String,
    class_a: String,
    class_b: String,
    class_c: String,
}

#[derive(Debug, Default, Serialize)]
struct Drawings {
    headroom_bars: String,
    abc_pareto: String,
    skill: String,
    coverage: Option<String>,
    past_lists: Option<String>,
    calibration: Vec<Drawing>,
}

#[derive(Debug, Serialize)]
struct Drawing {
    name: String,
    svg: String,
}

/// The page of `report`.
///
/// # Errors
/// If a template or a drawing fails, which the tests rule out for a consistent report.
pub fn page(report: &Report, voice: &Voice, figures: &[chart::Figure]) -> Result<String, ReportError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(
        |name| {
            if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
        },
    );
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    let style = environment.get_template("style.css")?.render(Serde(palette()))?;
    let about = &report.about;
    let page = Page {
        lang: match about.language {
            Language::En => "en",
            Language::De => "de",
        },
        english_apart: about.language != Language::En,
        title: voice.fill("page", "title", &[("company", &about.company)]),
        footer: voice.fill("page", "footer", &[("version", &about.version), ("models", &about.model_run)]),
        style,
        t: voice.texts.root(),
        charts: drawings(figures)?,
        answer: answer::view(report, voice),
        verdicts: answer::verdicts(report, voice),
        overview: overview::view(report, voice),
        accounts: accounts::view(report, voice),
        surveys: surveys::view(report, voice),
        trust: trust::view(report, voice),
        data: data::view(report, voice),
        glossary: glossary::view(report, voice),
    };
    let text = environment.get_template("index.html")?.render(Serde(&page))?;
    // a browser would break the line between a minus sign and its amount
    Ok(text.replace('\u{2212}', "\u{2212}\u{2060}"))
}

fn palette() -> Palette {
    use chart::style::{CLASSES, EXPECTED, GOOD, GRID, HEADROOM, INK, MUTED, OTHER, PAPER};
    Palette {
        ink: INK.css(),
        muted: MUTED.css(),
        grid: GRID.css(),
        paper: PAPER.css(),
        expected: EXPECTED.css(),
        headroom: HEADROOM.css(),
        good: GOOD.css(),
        other: OTHER.css(),
        class_a: CLASSES[0].css(),
        class_b: CLASSES[1].css(),
        class_c: CLASSES[2].css(),
    }
}

fn drawings(figures: &[chart::Figure]) -> Result<Drawings, ReportError> {
    let mut drawings = Drawings::default();
    for figure in figures {
        let svg = inline(&chart::svg(figure)?);
        match figure.name.as_str() {
            "headroom_bars" => drawings.headroom_bars = svg,
            "abc_pareto" => drawings.abc_pareto = svg,
            "skill" => drawings.skill = svg,
            "coverage" => drawings.coverage = Some(svg),
            "past_lists" => drawings.past_lists = Some(svg),
            _ => drawings.calibration.push(Drawing { name: figure.caption.clone(), svg }),
        }
    }
    Ok(drawings)
}

/// The drawing as part of a page, which needs no name space and may set its own font.
fn inline(svg: &str) -> String {
    svg.replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1).replace(" font-family=\"sans-serif\"", "")
}
