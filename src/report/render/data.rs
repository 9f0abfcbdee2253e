//! What the figures rest on: notices, population, sources, movements and the accounts listed apart.

use serde::Serialize;

use crate::{
    analysis::Part,
    domain::Severity,
    report::{
        Report,
        model::{Moved, NamedMover, label},
        voice::Voice,
    },
};

/// Rows of a list on the page; the tables beside it hold all.
const SHOWN: usize = 12;

#[derive(Debug, Serialize)]
pub struct DataView {
    notices: Vec<NoticeView>,
    population_sentence: String,
    new: Option<String>,
    left_out: Vec<LeftOutRow>,
    movements: Vec<MovementRow>,
    movements_more: Option<String>,
    moved: Vec<MovedRow>,
    moved_sentence: Option<String>,
    sources: Vec<SourceRow>,
    apart: Vec<ApartRow>,
    apart_more: Option<String>,
}

#[derive(Debug, Serialize)]
struct NoticeView {
    kind: &'static str,
    severity: String,
    text: String,
}

#[derive(Debug, Serialize)]
struct LeftOutRow {
    reason: String,
    accounts: String,
}

#[derive(Debug, Serialize)]
struct MovementRow {
    name: String,
    from: &'static str,
    to: &'static str,
    margin: String,
}

#[derive(Debug, Serialize)]
struct MovedRow {
    name: String,
    cells: [String; 5],
}

#[derive(Debug, Serialize)]
struct SourceRow {
    table: String,
    file: String,
    recognised: String,
    rows_in: String,
    loaded: String,
    quarantined: String,
    has_quarantine: bool,
}

#[derive(Debug, Serialize)]
struct ApartRow {
    name: String,
    status: String,
    revenue: String,
    margin: String,
}

/// The section's strings.
pub fn view(report: &Report, voice: &Voice) -> DataView {
    let more = |n: usize| (n > SHOWN).then(|| voice.fill("data", "more", &[("n", &voice.locale.count(n - SHOWN))]));
    let name = |name: &Option<String>, id: &str| label(name.as_deref(), id).to_owned();
    DataView {
        notices: notices(report, voice),
        population_sentence: voice.fill(
            "data",
            "population_sentence",
            &[
                ("ranked", &voice.locale.count(report.population.ranked)),
                ("accounts", &voice.locale.count(report.population.accounts)),
            ],
        ),
        new: (report.headline.new > 0).then(|| voice.count("data", "new", report.headline.new)),
        left_out: report
            .population
            .left_out
            .iter()
            .map(|row| LeftOutRow {
                reason: voice.code("left_out", &row.reason),
                accounts: voice.locale.count(row.accounts),
            })
            .collect(),
        movements: report
            .movements
            .iter()
            .take(SHOWN)
            .map(|row| MovementRow {
                name: name(&row.name, &row.change.customer_id),
                from: row.change.from.name(),
                to: row.change.to.name(),
                margin: voice.locale.money(row.change.margin_now),
            })
            .collect(),
        movements_more: more(report.movements.len()),
        moved: report.moved.iter().flat_map(|moved| &moved.movers).map(|mover| moved_row(mover, voice)).collect(),
        moved_sentence: report.moved.as_ref().map(|moved| moved_sentence(moved, voice)),
        sources: sources(report, voice),
        apart: report
            .apart
            .iter()
            .take(SHOWN)
            .map(|row| ApartRow {
                name: name(&row.name, &row.customer_id),
                status: voice.code("status", &row.status),
                revenue: voice.locale.money(row.revenue_last),
                margin: voice.locale.money(row.margin_last),
            })
            .collect(),
        apart_more: more(report.apart.len()),
    }
}

fn moved_row(NamedMover { name, mover }: &NamedMover, voice: &Voice) -> MovedRow {
    let Part { before, data, behaviour, model, after } = mover.part;
    MovedRow {
        name: label(name.as_deref(), &mover.customer_id).to_owned(),
        cells: [before, data, behaviour, model, after].map(|value| voice.locale.forecast(value)),
    }
}

fn moved_sentence(moved: &Moved, voice: &Voice) -> String {
    let Part { before, data, behaviour, model, after } = moved.total;
    let money = |value: f64| voice.locale.forecast(value);
    let sentence = voice.fill(
        "data",
        "moved_sentence",
        &[
            ("before", &money(before)),
            ("after", &money(after)),
            ("data", &money(data)),
            ("behaviour", &money(behaviour)),
            ("model", &money(model)),
        ],
    );
    if moved.has_old_models { sentence } else { format!("{sentence} {}", voice.say("data", "moved_no_old_models")) }
}

/// The gravest first; within one severity in the order they were given.
fn notices(report: &Report, voice: &Voice) -> Vec<NoticeView> {
    let mut sorted: Vec<_> = report.notices.iter().collect();
    sorted.sort_by_key(|notice| std::cmp::Reverse(notice.severity));
    sorted
        .into_iter()
        .map(|notice| {
            let kind = severity(notice.severity);
            NoticeView { kind, severity: voice.say("severity", kind).to_owned(), text: super::sentence(&notice.text) }
        })
        .collect()
}

/// A severity's name, in files and in the text table.
pub(super) const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn sources(report: &Report, voice: &Voice) -> Vec<SourceRow> {
    let count = |rows: u64| voice.locale.count(rows as usize);
    report
        .sources
        .iter()
        .map(|source| SourceRow {
            table: source.table.clone(),
            file: source.file.clone(),
            recognised: source.recognised.join(", "),
            rows_in: count(source.rows_in),
            loaded: count(source.rows_loaded),
            quarantined: count(source.rows_quarantined),
            has_quarantine: source.rows_quarantined > 0,
        })
        .collect()
}
