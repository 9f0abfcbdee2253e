//! Champion and challenger as an analyst meets them: the binary on a project whose ladder changes.

use std::{fs, path::PathBuf};

use headroom::registry::MODEL_FORMAT;

use crate::binary::{Project, company};

/// A ladder on which only these rungs climb for expected revenue; the rest is as it comes.
fn ladder(rungs: &str) -> String {
    format!(
        "[rungs]\n{rungs}\n[interval]\nfeatures = \"few\"\nalpha = 50.0\n[features]\nfew = [\"orders_12\", \"hiatus_ratio\"]\n"
    )
}

const RUN: [&str; 5] = ["run", "--horizon", "3", "--as-of", "2019-11"];
const NEXT: [&str; 5] = ["run", "--horizon", "3", "--as-of", "2019-12"];

fn project(seed: u64) -> Project {
    let project = Project::simulated(&company(220, 48, seed));
    project.write("headroom.toml", "[project]\nname = \"Test\"\n");
    project.write("models/ladder.toml", ladder("shrinkage = { step = 1, targets = [\"growth\"], groups = [] }"));
    project
}

/// Lines of `models list` for growth: whether it is the champion, its id, and its rung.
fn listed(project: &Project) -> Vec<(bool, String, String)> {
    let said = project.run(&["models", "list"]);
    let lines = said.out.lines().filter(|line| line.contains(" growth ") && !line.contains("cannot be used"));
    lines
        .map(|line| {
            let words: Vec<&str> = line.trim_start_matches(['*', ' ']).split_whitespace().collect();
            (line.starts_with('*'), words[1].to_owned(), words[4].to_owned())
        })
        .collect()
}

#[track_caller]
fn champion(project: &Project) -> (String, String) {
    let found: Vec<_> = listed(project).into_iter().filter(|(champion, ..)| *champion).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    (found[0].1.clone(), found[0].2.clone())
}

fn journal(project: &Project) -> String {
    fs::read_to_string(project.path().join("models/growth/journal.json")).unwrap()
}

/// Puts another recipe beside what is in use: the regression on another list of features.
fn retrained(project: &Project) -> (String, String) {
    let (before, _) = champion(project);
    let rungs = "logistic = { step = 3, targets = [\"growth\"], features = \"few\", alpha = 10.0 }";
    project.write("models/ladder.toml", ladder(rungs));
    project.run(&RUN);
    let challenger = listed(project).into_iter().find(|(champion, id, _)| !champion && *id != before);
    (before, challenger.map(|(_, id, _)| id).unwrap_or_default())
}

#[test]
fn the_first_run_promotes_and_the_same_recipe_on_newer_data_follows() {
    let project = project(41);
    project.run(&RUN);
    let (first, rung) = champion(&project);
    assert!(journal(&project).contains("\"act\": \"first\""));
    project.run(&NEXT);
    let (second, same) = champion(&project);
    assert_ne!(first, second);
    // a month later the ladder may prefer another rung; then the journal tells of a duel instead of a refit
    assert!(rung == same || journal(&project).contains("\"act\": \"won\""), "{}", journal(&project));
    // a run about the past uses what was in use then, and what is in use now stays
    project.run(&RUN);
    assert_eq!(champion(&project).0, second);
    let scores = fs::read(project.path().join("reports/2019-11/scores.parquet")).unwrap();
    project.run(&RUN);
    assert_eq!(fs::read(project.path().join("reports/2019-11/scores.parquet")).unwrap(), scores);
}

#[test]
fn another_recipe_on_the_same_data_is_refused_until_somebody_insists_and_can_be_taken_back() {
    let project = project(42);
    project.run(&RUN);
    let (before, challenger) = retrained(&project);
    assert!(!challenger.is_empty(), "the ladder chose the same recipe again: {:?}", listed(&project));
    assert_eq!(champion(&project).0, before, "{}", journal(&project));
    assert!(journal(&project).contains("\"act\": \"kept\"") && journal(&project).contains("no label window"));
    let again = project.run(&RUN);
    assert!(again.err.contains("challenger-refused") && again.err.contains(&challenger), "{}", again.err);
    let results = project.results();
    project.run(&RUN);
    assert_eq!(project.results(), results, "a refusal is no new result");

    let said = project.fails(1, &["models", "promote", &challenger]);
    assert!(said.err.contains("no label window") && said.err.contains("--force"), "{}", said.err);
    let said = project.fails(2, &["models", "promote", &challenger, "--force"]);
    assert!(said.err.contains("--reason"), "{}", said.err);
    let reason = "the board wants it";
    project.run(&["models", "promote", &challenger[..8], "--force", "--reason", reason, "--by", "M. Weber"]);
    assert_eq!(champion(&project).0, challenger);
    assert!(journal(&project).contains("M. Weber") && journal(&project).contains(reason));
    let said = project.run(&RUN);
    assert_eq!(champion(&project).0, challenger);
    assert!(said.err.contains("M. Weber"), "{}", said.err);

    let said = project.run(&["models", "compare", &before]);
    assert!(said.out.contains("no label window") && said.out.contains("rung"), "{}", said.out);
    let said = project.run(&["models", "diff", &before, &challenger]);
    assert!(said.out.contains("rung") && said.out.contains("->"), "{}", said.out);
    project.run(&["models", "rollback", "growth", "--reason", "no", "--by", "M. Weber"]);
    assert_eq!(champion(&project).0, before);
    project.run(&RUN);
    assert_eq!(champion(&project).0, before, "what was taken back does not return by itself");
    project.fails(1, &["models", "rollback", "growth", "--reason", "no", "--by", "M. Weber"]);
}

#[test]
fn a_month_later_two_recipes_are_compared_on_what_has_closed_since() {
    let project = project(42);
    project.run(&RUN);
    let (before, challenger) = retrained(&project);
    assert!(!challenger.is_empty());
    let said = project.run(&["models", "compare", &challenger]);
    // the data end with 2019-12, a month after the champion was promoted
    assert!(said.out.contains("2019-09") && said.out.contains("standard error"), "{}", said.out);
    project.run(&NEXT);
    let told = journal(&project);
    assert!(told.contains("standard error"), "{told}");
    assert_ne!(champion(&project).0, before, "a recipe that stays is fitted on the newer data: {told}");
}

#[test]
fn a_model_of_the_last_format_is_refused_with_the_remedy_and_the_next_run_replaces_it() {
    let project = project(43);
    project.run(&RUN);
    let (id, _) = champion(&project);
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
    assert_ne!(champion(&project).0, id);
    assert!(journal(&project).contains("cannot be used any more"));
}
