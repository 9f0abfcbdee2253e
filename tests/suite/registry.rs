//! Models on disk, as a run that was killed or tampered with leaves them.

use std::fs;

use headroom::{
    backtest::{BacktestReport, Estimate, OriginPlan, TargetReport, Verdict, Verdicts},
    domain::{Seed, Target},
    registry::{Act, CardDraft, Made, Registry, run_id},
    train::{Ladder, Recipe},
};
use polars::prelude::*;

use crate::synthetic::{horizon, month};

fn report() -> BacktestReport {
    let plan = OriginPlan::new(month("2010-01"), month("2019-12"), horizon());
    let verdict = || Verdict { holds: false, figure: None, evidence: "none".into() };
    let metrics = df!(
        "target" => ["growth", "growth", "growth", "growth", "stretch"],
        "origin" => ["2018-12", "2017-12", "2018-12", "2018-12", "2018-12"],
        "horizon_months" => [12i32; 5],
        "rung" => ["logistic", "logistic", "base_alone", "logistic", "logistic"],
        "segment" => ["all", "all", "all", "A", "all"],
        "metric" => ["auc", "auc", "auc", "auc", "pinball"],
        "value" => [Some(0.7), Some(0.6), Some(0.5), Some(0.9), Some(1.0)],
        "baseline_value" => [Some(0.5), Some(0.5), Some(0.5), Some(0.5), None],
        "ci_low" => [Some(0.1), None, None, None, None],
        "ci_high" => [Some(0.3), None, None, None, None],
        "n" => [100i64, 90, 100, 10, 100],
    )
    .unwrap();
    BacktestReport {
        plan,
        targets: vec![TargetReport {
            target: Target::Growth,
            metric: "log_loss".into(),
            baseline: "base_alone".into(),
            published: "logistic".into(),
            step: 3,
            claimed: true,
            skill: Some(Estimate { value: 0.1, low: 0.05, high: 0.15 }),
            ranking: None,
            rungs: Vec::new(),
            calibration: Vec::new(),
            coverage: Vec::new(),
            verdict: "growth is predicted better than by its base alone".into(),
        }],
        verdicts: Verdicts { ranks: verdict(), skill: verdict(), potential: verdict() },
        realised: None,
        totals: Vec::new(),
        level: None,
        looks: 1,
        notices: Vec::new(),
        metrics,
        predictions: DataFrame::empty(),
    }
}

fn draft(report: &BacktestReport) -> CardDraft {
    let candidates = Ladder::default().candidates(Target::Growth);
    let find = |name: &str| candidates.iter().find(|candidate| candidate.name == name).unwrap();
    let recipe = Recipe::new(find("logistic"), find("base_alone"));
    let made = Made { recipe: &recipe, feature_schema: "schema", seed: Seed(3), rows: 300, accounts: 150 };
    CardDraft::of(report, &report.targets[0], &made).unwrap()
}

#[test]
fn a_card_shows_the_published_rung_by_class_beside_the_baseline_and_its_weaknesses() {
    let report = report();
    let draft = draft(&report);
    let measured: Vec<(String, &str, f64, Option<f64>, u64)> = draft
        .metrics
        .iter()
        .map(|m| (m.origin.to_string(), m.segment.as_str(), m.value, m.difference_low, m.n))
        .collect();
    let expected = [
        ("2017-12".into(), "all", 0.6, None, 90),
        ("2018-12".into(), "all", 0.7, Some(0.1), 100),
        ("2018-12".into(), "A", 0.9, None, 10),
    ];
    assert_eq!(measured, expected);
    let home = tempfile::tempdir().unwrap();
    let card = Registry::open(home.path()).save(draft, &vec![1.0, 2.0]).unwrap();
    let text = fs::read_to_string(home.path().join("growth").join(&card.id).join("card.md")).unwrap();
    for shown in [
        "growth over 12 months: logistic",
        "Growth is predicted better",
        "| 2018-12 | auc | all | 0.7000 | 0.5000 | 0.1000 |",
        "Intended use",
        "150 accounts in 300 rows",
        "fitted on 150 accounts only",
        "What was tried, and lost",
        &card.id,
    ] {
        assert!(text.contains(shown), "{shown} is not in\n{text}");
    }
}

#[test]
fn what_a_killed_run_left_is_no_model_and_the_next_run_ends_as_if_undisturbed() {
    let report = report();
    let (undisturbed, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let run = |home: &std::path::Path| {
        let registry = Registry::open(home);
        let card = registry.save(draft(&report), &vec![1.0]).unwrap();
        registry.crown(&card, Act::First, month("2019-12"), "first").unwrap();
        card
    };
    let card = run(undisturbed.path());
    let growth = killed.path().join("growth");
    fs::create_dir_all(growth.join(format!(".headroom-draft-{}~abc", card.id))).unwrap();
    fs::write(growth.join(".headroom-draft-journal.json~xyz"), "{\"12\":").unwrap();
    assert!(Registry::open(killed.path()).list().unwrap().is_empty());
    assert_eq!(run(killed.path()), card);
    assert_eq!(tree(killed.path()), tree(undisturbed.path()));
    run(killed.path());
    assert_eq!(tree(killed.path()), tree(undisturbed.path()));
}

#[test]
fn the_run_id_names_the_set_of_models_not_their_order() {
    assert_eq!(run_id(["a", "b"]), run_id(["b", "a"]));
    assert_ne!(run_id(["a", "b"]), run_id(["ab"]));
    assert_eq!(run_id(["a"]).len(), 16);
}

/// Every file below `root` with its bytes, in order of path.
fn tree(root: &std::path::Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                files.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}
