//! Surveys: what is shown of whom, and that nobody can learn who answered what.

use std::{collections::BTreeMap, fmt::Write, fs};

use headroom::{
    domain::{AbcClass, Month},
    ingest,
    survey::{Closed, Judged, Kind, Question, StaffRound, Surveys},
    warehouse::{Warehouse, WarehouseOptions},
};

use super::{
    binary::{Project, company},
    forget::holding,
};

/// A warehouse of these files.
fn loaded(files: &[(&str, &str)]) -> Warehouse {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    let orders = "order_id,customer_id,ordered_on,net_revenue\n1,A,2021-01-04,10\n2,B,2021-01-05,20\n";
    for (name, text) in [("order_lines.csv", orders)].iter().chain(files) {
        fs::write(folder.path().join("data").join(name), text).unwrap();
    }
    let warehouse = Warehouse::in_memory(&WarehouseOptions::default().folder(folder.path())).unwrap();
    let request =
        ingest::Request { project: folder.path(), tables: "data".as_ref(), sources: &BTreeMap::new(), currency: "EUR" };
    ingest::ingest(&warehouse, &request).unwrap();
    warehouse
}

fn at(warehouse: &Warehouse, month: &str, accounts: &[Judged<'_>]) -> Surveys {
    Surveys::at(warehouse, &Closed::default(), month.parse::<Month>().unwrap(), accounts, true).unwrap()
}

const HEADER: &str = "round,customer_id,rater,answered_on,potential,relationship,willingness\n";

/// A, B and C judged by Ann, Ben and Cem, D by two of them only, and A once more by Dora two months later.
fn round() -> String {
    let mut text = HEADER.to_owned();
    for (account, base) in [("A", 8), ("B", 5), ("C", 2)] {
        for (rater, kind) in [("Ann", 0), ("Ben", -1), ("Cem", 1)] {
            // every rater uses every score once, and so has every account: accounts do not differ
            let (potential, relationship) = (base + kind, 5 + 2 * ((base / 3 + kind + 1) % 3));
            writeln!(text, "autumn,{account},{rater},2021-10-12,{potential},{relationship},9").unwrap();
        }
    }
    text += "autumn,D,Ann,2021-10-13,9,7,9\nautumn,D,Ben,2021-11-02,9,7,9\n";
    text += "autumn,A,Dora,2022-01-20,0,0,0\n";
    text
}

fn shown(round: &StaffRound) -> Vec<&str> {
    round.scores.iter().map(|score| score.customer_id.as_str()).collect()
}

#[test]
fn a_round_is_shown_once_a_month_passed_without_an_answer_and_never_changes_after() {
    let warehouse = loaded(&[("staff_answers.csv", &round())]);
    let before = at(&warehouse, "2021-09", &[]);
    assert!(before.is_empty());
    for month in ["2021-10", "2021-11"] {
        let running = at(&warehouse, month, &[]);
        assert_eq!((running.staff, running.running), (None, vec!["autumn".to_owned()]), "{month}");
    }
    let found = at(&warehouse, "2021-12", &[]).staff.unwrap();
    assert_eq!(shown(&found), ["A", "B", "C"], "two raters are too few");
    assert_eq!((found.raters, found.accounts, found.too_few), (3, 4, 1));
    for month in ["2022-01", "2022-06"] {
        assert_eq!(at(&warehouse, month, &[]).staff.as_ref(), Some(&found), "a late answer would show itself");
    }
}

#[test]
fn strict_and_kind_raters_give_the_same_scores_and_liking_is_shown_of_nobody() {
    let found = at(&loaded(&[("staff_answers.csv", &round())]), "2021-12", &[]).staff.unwrap();
    let potential: Vec<f64> = found.scores.iter().map(|score| score.potential.unwrap().value).collect();
    assert!(potential[0] > 7.5 && potential[2] < 2.5, "{potential:?}");
    let of = |question| found.questions.iter().find(|summary| summary.question == question).unwrap();
    assert!(of(Question::Potential).reliability.unwrap() > 0.95);
    assert!(of(Question::Potential).strictness > 0.5);
    assert!(of(Question::Relationship).reliability.unwrap() < 0.5, "raters differ, accounts do not");
    assert_eq!(of(Question::Willingness).mean, 9.0);
    let text = serde_json::to_string(&found.scores).unwrap();
    assert!(!text.contains("willingness"), "{text}");
}

#[test]
fn an_answer_counts_as_it_was_known_when_the_round_ended() {
    let corrected =
        round().replace("answered_on,", "answered_on,known_at,").replace("2021-10-12,", "2021-10-12,2021-10-12,");
    let corrected =
        corrected.replace("2021-10-13,", "2021-10-13,2021-10-13,").replace("2021-11-02,", "2021-11-02,2021-11-02,");
    let corrected = corrected.replace("2022-01-20,", "2022-01-20,2022-01-20,");
    let again = corrected.clone() + "autumn,A,Ann,2021-10-12,2022-02-01,0,0,0\n";
    let [first, second] = [corrected, again].map(|text| {
        let warehouse = loaded(&[("staff_answers.csv", &text)]);
        at(&warehouse, "2022-06", &[]).staff.unwrap()
    });
    assert_eq!(first, second);
}

#[test]
fn customers_are_counted_once_each_with_their_newest_answer() {
    let answers = "customer_id,answered_on,question,score,contact_id\n\
                   A,2020-11-01,recommend,0,P1\nA,2021-05-01,recommend,10,P1\nA,2021-05-01,recommend,9,P2\n\
                   B,2021-06-01,recommend,3,P3\nB,2021-06-01,satisfaction,4,P3\nB,2021-12-24,recommend,10,P3\n";
    let warehouse = loaded(&[("survey_answers.csv", answers)]);
    let judged = |customer_id, abc_class| Judged {
        customer_id,
        name: None,
        abc_class,
        potential_band: None,
        realistic_revenue: 1.0,
        margin: 1.0,
    };
    let accounts = [judged("A", AbcClass::A), judged("B", AbcClass::B)];
    let found = at(&warehouse, "2021-11", &accounts).customers.unwrap();
    let nps = found.nps.unwrap();
    assert_eq!((nps.answers, found.accounts), (3, 2));
    assert!((nps.value - 100.0 / 3.0).abs() < 1e-9 && nps.low < nps.value && nps.value < nps.high);
    assert_eq!(
        found.nps_by_class.iter().map(|(class, nps)| (*class, nps.value)).collect::<Vec<_>>(),
        [(AbcClass::A, 100.0), (AbcClass::B, -100.0)]
    );
    assert_eq!(found.satisfaction.unwrap().answers, 1);
    assert_eq!(at(&warehouse, "2023-01", &accounts).customers, None, "older than a year");
}

#[test]
fn the_report_shows_scores_and_disagreements_and_nobody_who_answered() {
    let project = Project::simulated(&company(160, 36, 5));
    let (round, raters) = raters(&project);
    project.run(&["run", "--horizon", "3"]);
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(project.report().join("report.json")).unwrap()).unwrap();
    let surveys = &report["surveys"];
    assert_eq!(surveys["staff"]["round"], round.as_str());
    assert!(surveys["disagreements"]["list"].as_array().is_some_and(|list| !list.is_empty()), "{surveys:#}");
    assert!(Kind::ALL.iter().any(|kind| {
        fs::read_to_string(project.report().join("tables/disagreements.csv")).unwrap().contains(kind.name())
    }));
    assert!(project.page().contains("What customers and our own people say"));
    let raters: Vec<&str> = raters.iter().map(String::as_str).collect();
    let delivered: Vec<String> = holding(&project, &raters);
    assert_eq!(delivered, ["data/staff_answers.parquet"], "raters stand nowhere but in what was delivered");
}

#[test]
fn a_closed_round_keeps_its_scores_and_loses_its_answers_for_good() {
    let project = Project::simulated(&company(160, 36, 5));
    let (round, _) = raters(&project);
    project.run(&["run", "--horizon", "3"]);
    let scores = |project: &Project| fs::read(project.report().join("tables/staff_scores.parquet")).unwrap();
    let before = scores(&project);
    let said = project.run(&["survey", "close", &round]);
    assert!(said.out.contains("answers and their raters were deleted"), "{}", said.out);
    let pseudonyms = || {
        let warehouse =
            Warehouse::open(project.path().join("data/warehouse.duckdb"), &WarehouseOptions::default()).unwrap();
        warehouse
            .query("SELECT rater FROM staff_answers WHERE round = ?", headroom::params![round.as_str()], |row| {
                row.get::<String>(0)
            })
            .unwrap()
    };
    assert_eq!(pseudonyms(), Vec::<String>::new());
    project.run(&["run", "--horizon", "3"]);
    assert!(scores(&project) == before, "the same scores without the answers");
    // the warehouse is lost, and what is delivered brings the answers back
    fs::remove_file(project.path().join("data/warehouse.duckdb")).unwrap();
    let said = project.run(&["ingest"]);
    assert!(said.err.contains("closed staff survey rounds"), "{}{}", said.out, said.err);
    assert_eq!(pseudonyms(), Vec::<String>::new());
    // a forgotten customer leaves closed rounds, too
    let kept = || fs::read_to_string(project.path().join("data/staff_rounds.json")).unwrap();
    let rounds: serde_json::Value = serde_json::from_str(&kept()).unwrap();
    let customer = rounds[0]["scores"][0]["customer_id"].as_str().unwrap().to_owned();
    project.run(&["forget", "customer", &customer]);
    assert!(!kept().contains(&customer) && kept().contains(&round), "{customer}");
    let said = project.fails(1, &["survey", "close", "never"]);
    assert!(
        said.err.contains("no staff survey round `never`") && said.err.contains("there are 2016-10"),
        "{}",
        said.err
    );
}

#[test]
fn the_questionnaire_asks_about_a_and_b_accounts_and_shows_no_figure() {
    let project = Project::simulated(&company(160, 36, 5));
    let out = project.path().join("round.csv");
    project.run(&["survey", "ask", "spring", "--out", out.to_str().unwrap()]);
    let text = fs::read_to_string(&out).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("round,customer_id,name,rater,answered_on,potential,relationship,willingness"));
    let rows: Vec<&str> = lines.collect();
    assert!(rows.len() > 10 && rows.len() < 120, "{}", rows.len());
    assert!(rows.iter().all(|row| row.starts_with("spring,K") && row.ends_with(",,,,,")), "{:?}", rows[0]);
    // what three colleagues fill in is a round, whoever of them sends a copy first
    let header = text.lines().next().unwrap();
    let project = Project::simulated(&company(160, 36, 5));
    for rater in ["Eva", "Jan", "Uwe"] {
        let answered = format!(",{rater},2018-11-05,7,8,9");
        let filled: Vec<String> = rows.iter().map(|row| row.replace(",,,,,", &answered)).collect();
        project.write(&format!("staff/{rater}.csv"), format!("{header}\n{}\n", filled.join("\n")));
    }
    fs::remove_file(project.path().join("data/staff_answers.parquet")).unwrap();
    project.write("headroom.toml", "[staff_answers]\nfiles = [\"staff/*.csv\"]\nmode = \"append\"\n");
    let said = project.run(&["survey", "close", "spring"]);
    assert!(said.out.contains(&format!("3 people judged {} accounts", rows.len())), "{}", said.out);
}

/// The newest round of a simulated company, and all who ever answered, as delivered.
fn raters(project: &Project) -> (String, Vec<String>) {
    let frame = super::forget::read(&project.path().join("data/staff_answers.parquet"));
    let texts = |name: &str| -> Vec<String> {
        let mut found: Vec<String> =
            frame.column(name).unwrap().str().unwrap().iter().flatten().map(str::to_owned).collect();
        found.sort();
        found.dedup();
        found
    };
    (texts("round").pop().unwrap(), texts("rater"))
}
