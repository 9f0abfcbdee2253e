//! Champion and challenger as an analyst meets them: the binary on a project whose ladder changes.

use std::{fs, path::PathBuf};

use headroom::registry::MODEL_FORMAT;

use crate::binary::{Project, company};

const PLAIN: &str = r#"
shrinkage = { step = 1, targets = ["expected_revenue", "expected_margin", "stretch", "growth", "inactivity"], groups = [] }
"#;
const LINEAR: &str = r#"
elastic_net = { step = 3, targets = ["expected_revenue", "expected_margin"], features = "few", penalty = 1.0, l1_ratio = 0.5 }
logistic = { step = 3, targets = ["growth", "inactivity"], features = "few", alpha = 10.0 }
linear_quantile = { step = 3, targets = ["stretch"], features = "few", alpha = 50.0 }
"#;
const TARGETS: [&str; 5] = ["expected_revenue", "expected_margin", "stretch", "growth", "inactivity"];

const RUN: [&str; 5] = ["run", "--horizon", "3", "--as-of", "2019-11"];
const NEXT: [&str; 5] = ["run", "--horizon", "3", "--as-of", "2019-12"];

fn climb(project: &Project, rungs: &str) {
    let lists = "[features]\nfew = [\"orders_12\", \"hiatus_ratio\", \"revenue_slope_24\"]\n";
    let text = format!("[rungs]{rungs}\n[interval]\nfeatures = \"few\"\nalpha = 50.0\n{lists}");
    project.write("models/ladder.toml", text);
}

fn project(seed: u64) -> Project {
    let project = Project::simulated(&company(150, 48, seed));
    project.write("headroom.toml", "[project]\nname = \"Test\"\n");
    climb(&project, PLAIN);
    project
}

/// Id and rung of the champion, as `models list` marks it.
#[track_caller]
fn champion(project: &Project, target: &str) -> (String, String) {
    let said = project.run(&["models", "list"]);
    let words = |line: &str| line.trim_start_matches(['*', ' ']).split_whitespace().map(str::to_owned).collect();
    let found: Vec<Vec<String>> = said
        .out
        .lines()
        .filter(|line| line.starts_with('*'))
        .map(words)
        .filter(|w: &Vec<String>| w[0] == target)
        .collect();
    assert_eq!(found.len(), 1, "{}", said.out);
    (found[0][1].clone(), found[0][4].clone())
}

fn journal(project: &Project, target: &str) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(project.path().join(format!("models/{target}/journal.json"))).unwrap();
    let by_horizon: serde_json::Value = serde_json::from_str(&text).unwrap();
    by_horizon["3"].as_array().unwrap().clone()
}

fn acts(project: &Project, target: &str) -> Vec<String> {
    journal(project, target).iter().map(|entry| entry["act"].as_str().unwrap().to_owned()).collect()
}

/// A project whose ladder was changed after a run, with a target for which it now chooses another recipe: the target,
/// the model in use, and the refused challenger. Which targets these are depends on the data.
fn disputed() -> (Project, &'static str, String, String) {
    for seed in 42..46 {
        let project = project(seed);
        project.run(&RUN);
        let before = TARGETS.map(|target| champion(&project, target).0);
        climb(&project, LINEAR);
        project.run(&RUN);
        for (target, before) in TARGETS.into_iter().zip(before) {
            let kept = journal(&project, target).into_iter().find(|entry| entry["act"] == "kept");
            if let Some(challenger) = kept.and_then(|entry| entry["other"].as_str().map(str::to_owned)) {
                return (project, target, before, challenger);
            }
        }
    }
    panic!("no company for which the two ladders choose different recipes");
}

#[test]
fn the_first_run_promotes_and_the_same_recipe_on_newer_data_follows() {
    let project = project(41);
    project.run(&RUN);
    let (first, rung) = champion(&project, "growth");
    assert_eq!(acts(&project, "growth"), ["first"]);
    project.run(&NEXT);
    let (second, same) = champion(&project, "growth");
    assert_ne!(first, second);
    // a month later the ladder may prefer another rung; then the journal tells of a duel instead of a refit
    assert!(rung == same || acts(&project, "growth").contains(&"won".into()), "{:?}", journal(&project, "growth"));
    // a run about the past uses what was in use then, and what is in use now stays
    let published = || fs::read(project.path().join("reports/2019-11/scores.parquet")).unwrap();
    let scores = published();
    project.run(&RUN);
    assert_eq!((champion(&project, "growth").0, published()), (second, scores));
}

#[test]
fn another_recipe_on_the_same_data_is_refused_until_somebody_insists_and_can_be_taken_back() {
    let (project, target, before, challenger) = disputed();
    assert_eq!(champion(&project, target).0, before);
    let told = journal(&project, target).last().unwrap()["reason"].as_str().unwrap().to_owned();
    assert!(told.contains("no label window"), "{told}");
    let results = project.results();
    let again = project.run(&RUN);
    assert!(again.err.contains("challenger-refused") && again.err.contains(&challenger), "{}", again.err);
    assert_eq!(project.results(), results, "a refusal is no new result");

    let said = project.fails(2, &["models", "promote", &challenger, "--force"]);
    assert!(said.err.contains("--reason"), "{}", said.err);
    let (reason, by) = ("the board wants it", "M. Weber");
    project.run(&["models", "promote", &challenger[..8], "--force", "--reason", reason, "--by", by]);
    assert_eq!(champion(&project, target).0, challenger);
    let entry = journal(&project, target).last().unwrap().clone();
    assert!(entry["by"] == by && entry["reason"] == reason && entry["act"] == "forced", "{entry}");
    assert!(entry["on"].as_str().unwrap().starts_with("20"));
    let said = project.run(&RUN);
    assert_eq!(champion(&project, target).0, challenger);
    assert!(said.err.contains(by), "{}", said.err);

    let said = project.run(&["models", "diff", &before, &challenger]);
    assert!(said.out.contains("rung") && said.out.contains("->"), "{}", said.out);
    project.run(&["models", "rollback", target, "--reason", "no", "--by", by]);
    assert_eq!(champion(&project, target).0, before);
    project.run(&RUN);
    assert_eq!(champion(&project, target).0, before, "what was taken back does not return by itself");
    project.fails(1, &["models", "rollback", target, "--reason", "no", "--by", by]);
}

#[test]
fn a_month_later_two_recipes_are_compared_on_what_has_closed_since() {
    let (project, target, before, challenger) = disputed();
    // the data end with 2019-12, a month after the champion was promoted
    let said = project.run(&["models", "compare", &challenger]);
    assert!(said.out.contains("2019-09") && said.out.contains("standard error"), "{}", said.out);
    let allowed = said.out.contains("challenger may take over");
    project.run(&NEXT);
    let told = journal(&project, target);
    assert!(told.iter().any(|entry| entry["reason"].as_str().unwrap().contains("standard error")), "{told:?}");
    assert_ne!(champion(&project, target).0, before, "a recipe that stays is fitted on the newer data: {told:?}");
    assert_eq!(acts(&project, target).contains(&"won".into()), allowed, "{told:?}");
}

#[test]
fn a_model_of_the_last_format_is_refused_with_the_remedy_and_the_next_run_replaces_it() {
    let project = project(43);
    project.run(&RUN);
    let (id, _) = champion(&project, "growth");
    let card: PathBuf = project.path().join(format!("models/growth/{id}/card.json"));
    let text = fs::read_to_string(&card).unwrap();
    let now = format!("\"model_format\": {MODEL_FORMAT}");
    assert!(text.contains(&now));
    fs::write(&card, text.replace(&now, &format!("\"model_format\": {}", MODEL_FORMAT - 1))).unwrap();
    let said = project.run(&["models", "list"]);
    assert!(said.out.contains("cannot be used"), "{}", said.out);
    let said = project.fails(1, &["models", "show", &id]);
    assert!(said.err.contains("model format") && said.err.contains("headroom train"), "{}", said.err);
    project.run(&NEXT);
    assert_ne!(champion(&project, "growth").0, id);
    let told = journal(&project, "growth").last().unwrap()["reason"].as_str().unwrap().to_owned();
    assert!(told.contains("cannot be used any more"), "{told}");
}
