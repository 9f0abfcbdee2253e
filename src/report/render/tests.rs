//! The page as a whole: what it says, that nothing breaks out of it, and that the same report is the same bytes.

use std::{collections::BTreeMap, fs, path::Path};

use super::{answer, html, render};
use crate::{
    config::Language,
    report::{Report, chart, fixture, voice::Voice},
};

fn page(report: &Report) -> String {
    let voice = Voice::of(report).unwrap();
    html::page(report, &voice, &chart::figures(report, &voice)).unwrap()
}

fn title(report: &Report) -> String {
    answer::title(report, &Voice::of(report).unwrap()).replace('\u{a0}', " ")
}

fn all() -> Vec<(&'static str, Report)> {
    let reports = [
        ("with potential", fixture::with_potential()),
        ("without potential", fixture::without_potential()),
        ("untested", fixture::untested()),
        ("empty", fixture::empty()),
        ("hostile", fixture::hostile()),
    ];
    let german = reports.clone().map(|(name, report)| (name, fixture::in_language(report, Language::De)));
    reports.into_iter().chain(german).collect()
}

/// The page as a reader sees it: no style, no drawings, no tags, one line per piece of text.
fn visible(page: &str) -> Vec<String> {
    let mut text = String::new();
    let mut rest = page;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        let element = &rest[open..];
        let skipped = [("<style", "</style>"), ("<svg", "</svg>")].iter().find(|(start, _)| element.starts_with(start));
        let end = match skipped {
            Some((_, end)) => element.find(end).unwrap() + end.len(),
            None => element.find('>').unwrap() + 1,
        };
        text.push('\n');
        rest = &element[end..];
    }
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn the_headline_answers_the_question_or_says_why_it_cannot() {
    let de = |report| fixture::in_language(report, Language::De);
    insta::assert_snapshot!(title(&fixture::with_potential()),
        @"91 of 140 customers can buy more: €303k of headroom");
    insta::assert_snapshot!(title(&de(fixture::with_potential())),
        @"91 von 140 Kunden können mehr kaufen: 303 Tsd. € Spielraum");
    insta::assert_snapshot!(title(&fixture::without_potential()),
        @"Ranked by expected margin; potential not shown, because the customers that an earlier list put first did not demonstrably grow more than random ones or the biggest ones");
    insta::assert_snapshot!(title(&fixture::untested()),
        @"Ranked by expected margin; potential not shown, because there is not enough history to test it");
    insta::assert_snapshot!(title(&de(fixture::untested())),
        @"Nach erwartetem Deckungsbeitrag geordnet; Potenzial nicht gezeigt, weil die Vorgeschichte für eine Prüfung nicht ausreicht");
    insta::assert_snapshot!(title(&fixture::empty()), @"There is no customer to rank");
    let mut one = fixture::with_potential();
    one.headline.can_buy_more = Some(1);
    insta::assert_snapshot!(title(&one), @"1 of 140 customers can buy more: €303k of headroom");
    one.headline.can_buy_more = Some(0);
    insta::assert_snapshot!(title(&one), @"None of 140 customers stands out as able to buy more");
}

#[test]
fn without_the_third_verdict_no_potential_is_on_the_page() {
    for language in [Language::En, Language::De] {
        let report = fixture::in_language(fixture::without_potential(), language);
        let voice = Voice::of(&report).unwrap();
        let text = visible(&page(&report)).join("\n");
        for (section, key) in [
            ("map", "headroom_margin"),
            ("accounts", "th_headroom"),
            ("answer", "tile_can"),
            ("service", "develop"),
            ("glossary", "headroom_term"),
        ] {
            let word = voice.say(section, key);
            assert!(!text.lines().any(|line| line == word), "{word}");
        }
    }
}

#[test]
fn every_text_the_page_asks_for_exists() {
    for (name, report) in all() {
        let page = page(&report);
        for line in visible(&page) {
            let is_key =
                line.contains('_') && line.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit());
            // names of canonical tables are shown as they are
            let is_table = report.sources.iter().any(|source| source.table == line);
            assert!(!is_key || is_table, "{name}: `{line}`");
            assert!(!line.contains("{}") && !line.contains("NaN") && !line.contains("inf "), "{name}: `{line}`");
        }
    }
}

#[test]
fn names_cannot_break_out_of_the_page() {
    let page = page(&fixture::hostile());
    for attack in ["<script", "<img", "onerror=alert(1)>.", "<b>markup", "<i>worse"] {
        assert!(!page.contains(attack), "{attack}");
    }
    let text = visible(&page).join("\n");
    assert!(text.contains("&lt;script&gt;alert(") && text.contains("{{ 7*7 }}"), "the name is shown as it was typed");
    assert!(!text.contains("&lt;/script&gt; 49"), "no template runs inside a name");
}

#[test]
fn the_page_needs_nothing_from_anywhere() {
    for (name, report) in all() {
        let page = page(&report);
        for address in ["http:", "https:", "//", "src=", "url(", "@import", "<link", "<script"] {
            let found = page.find(address).map(|at| page[at.saturating_sub(60)..at].to_owned());
            // the hostile report shows such text, escaped
            assert!(found.is_none() || name == "hostile", "{name}: `{address}` after `{}`", found.unwrap_or_default());
        }
    }
}

#[test]
fn tags_are_balanced() {
    for (name, report) in all() {
        let page = page(&report);
        for tag in
            ["section", "table", "tbody", "thead", "tr", "td", "th", "div", "dl", "figure", "svg", "details", "ul"]
        {
            let opened = page.matches(&format!("<{tag} ")).count() + page.matches(&format!("<{tag}>")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{name}: {tag}");
        }
    }
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn the_same_report_is_the_same_bytes_and_can_be_drawn_again_from_its_data() {
    let folder = tempfile::tempdir().unwrap();
    let report = fixture::with_potential();
    render(&report, &folder.path().join("a")).unwrap();
    let first = files(&folder.path().join("a"));
    let read: Report = serde_json::from_slice(&first["report.json"]).unwrap();
    assert_eq!(read, report);
    render(&read, &folder.path().join("b")).unwrap();
    assert!(first == files(&folder.path().join("b")));
    let names: Vec<&str> = first.keys().map(String::as_str).collect();
    assert!(names.contains(&"headroom_bars.png") && names.contains(&"calibration_growth.svg"), "{names:?}");
}

#[test]
fn figures_stay_on_their_sheet() {
    for (name, report) in all() {
        for figure in chart::figures(&report, &Voice::of(&report).unwrap()) {
            assert!(figure.is_on_sheet(), "{name}: {}", figure.name);
            assert!(
                figure.texts().iter().all(|text| !text.is_empty() && !text.contains("NaN")),
                "{name}: {}",
                figure.name
            );
        }
    }
}

#[test]
fn a_figure_says_what_it_shows() {
    let report = fixture::with_potential();
    let figures = chart::figures(&report, &Voice::of(&report).unwrap());
    let skill = figures.iter().find(|figure| figure.name == "skill").unwrap();
    insta::assert_snapshot!(skill.texts().join(" | ").replace('\u{a0}', " "),
        @"−10% | 0% | 10% | 20% | worse than the rule | better than the rule | Expected revenue | 14% (8% to 19%) | Expected contribution margin | 11% (3% to 18%) | Good-year revenue | 5% (−1% to 10%) | Chance of growth | 8% (2% to 13%) | Chance of no order | the rule itself");
    let empty = fixture::empty();
    let figures = chart::figures(&empty, &Voice::of(&empty).unwrap());
    let said: Vec<_> =
        figures.iter().filter(|figure| figure.texts().len() == 1).map(|figure| figure.texts()[0]).collect();
    assert_eq!(said, ["No customer is ranked.", "No customer has a positive margin."]);
}

#[test]
fn the_first_screen_reads_as_it_should() {
    let text = visible(&page(&fixture::with_potential()));
    let from = text.iter().position(|line| line == "Rheintal Industriebedarf").unwrap();
    let to = text.iter().position(|line| line == "Where the headroom is").unwrap();
    insta::assert_snapshot!(text[from..to].join("\n").replace('\u{a0}', " ").replace('\u{2060}', ""), @r"
    Rheintal Industriebedarf
    · as of 31 October 2021 · next 12 months: November 2021 to October 2022
    91 of 140 customers can buy more: €303k of headroom
    Headroom is the distance between what we expect of a customer and its realistic level, added up over these customers for the next 12 months.
    It is not a sales plan: of the headroom listed as of 31 October 2020, 31% was realised by the customers at the top of the list, against 17% by customers drawn at random.
    can buy more
    91
    of 140 ranked customers
    headroom in revenue
    €303k
    80% interval: €236k to €370k
    realised at the last check
    31%
    against 17% drawn at random (list of October 2020)
    expected revenue
    €2.87M
    80% interval: €2.67M to €3.07M
    May we say this?
    Yes
    Can it tell customers apart?
    Predicted revenue puts customers in a better order than giving everyone the average.
    Yes
    Is it better than the best simple rule?
    Its error is 14% lower than that of the rule “last 12 months, with season, recalibrated” (8% to 19%).
    Yes
    Is there potential to rank?
    The customers that an earlier list put first grew more than random ones and more than the biggest: €9,400 each, against −€400 and €2,100.
    ");
}
