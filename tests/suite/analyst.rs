//! The analyst's questions to a finished run: what moved, why this figure, what has drifted, what came true; and both
//! horizons.

use std::{collections::BTreeMap, fs::File};

use headroom::domain::Target;
use polars::prelude::*;

use crate::binary::{Project, company, numbers};

fn table(project: &Project, month: &str, name: &str) -> DataFrame {
    let path = project.path().join(format!("reports/{month}/{name}.parquet"));
    ParquetReader::new(File::open(path).unwrap()).finish().unwrap()
}

fn texts(frame: &DataFrame, name: &str) -> Vec<String> {
    frame.column(name).unwrap().str().unwrap().iter().map(|text| text.unwrap_or("").to_owned()).collect()
}

#[test]
fn a_change_is_split_into_data_behaviour_and_model_and_the_parts_sum_to_it() {
    let project = Project::simulated(&company(150, 48, 51));
    for month in ["2019-11", "2019-12"] {
        project.run(&["run", "--horizon", "3", "--as-of", month]);
    }
    let changes = table(&project, "2019-12", "changes");
    let (ids, figures, status) = (texts(&changes, "customer_id"), texts(&changes, "figure"), texts(&changes, "status"));
    let parts = ["before", "data", "behaviour", "model", "after"].map(|name| numbers(&changes, name));
    let scored = |month: &str| -> BTreeMap<String, f64> {
        let scores = table(&project, month, "scores");
        let values = numbers(&scores, "expected_revenue");
        texts(&scores, "customer_id").into_iter().zip(values).filter_map(|(id, value)| Some((id, value?))).collect()
    };
    let (then, now) = (scored("2019-11"), scored("2019-12"));
    let (mut stayed, mut refitted) = (0, 0);
    for row in 0..changes.height() {
        let [before, data, behaviour, model, after] = parts.each_ref().map(|part| part[row]);
        let published = figures[row] == "expected_revenue";
        match status[row].as_str() {
            "stayed" => {
                let [before, data, behaviour, model, after] =
                    [before, data, behaviour, model, after].map(Option::unwrap);
                let sum = before + data + behaviour + model;
                assert!((sum - after).abs() <= 1e-9 * (1.0 + after.abs()), "{}: {sum} is not {after}", ids[row]);
                stayed += 1;
                refitted += usize::from(model != 0.0);
                if published {
                    // the simulated company's facts carry their dates, so last month is reproduced as it was published
                    assert!((then[&ids[row]] - before).abs() < 1e-6, "{}", ids[row]);
                    assert!((now[&ids[row]] - after).abs() < 1e-6, "{}", ids[row]);
                }
            }
            "entered" => assert!(before.is_none() && after.is_some() && behaviour.is_none()),
            "left" => assert!(before.is_some() && after.is_none() && behaviour.is_none()),
            other => panic!("{other}"),
        }
    }
    assert!(stayed > 100 && refitted > 0, "{stayed} stayed, the new model moved {refitted}");
    let page = std::fs::read_to_string(project.path().join("reports/2019-12/index.html")).unwrap();
    assert!(page.contains("What moved and why") && !page.contains("No model of last month"));
    let first = std::fs::read_to_string(project.path().join("reports/2019-11/index.html")).unwrap();
    assert!(first.contains("No model of last month"));

    let known = now.keys().next().unwrap();
    let said = project.run(&["explain", known, "--horizon", "3", "--as-of", "2019-12"]);
    for shown in ["expected_revenue:", "baseline ", "evidence: ", "since last month:", "headroom ", "growth:"] {
        assert!(said.out.contains(shown), "{shown} is not in\n{}", said.out);
    }
    // a person can check a figure against the accounts nearest to this one, and a page that leaves the house names none
    let comparable = |said: &str| -> Vec<String> {
        let after = said.lines().skip_while(|line| !line.starts_with("the nearest comparable accounts"));
        after.skip(1).map(str::to_owned).collect()
    };
    let named = comparable(&said.out);
    assert_eq!(named.len(), 5, "{}", said.out);
    assert!(
        named.iter().all(|line| now.keys().any(|id| line.contains(id.as_str())) && line.contains(": ")),
        "{named:?}"
    );
    let said = project.run(&["explain", known, "--pseudonyms", "--horizon", "3", "--as-of", "2019-12"]);
    let hidden = comparable(&said.out);
    for (k, (hidden, named)) in hidden.iter().zip(&named).enumerate() {
        assert!(hidden.starts_with(&format!("  comparable account {}, ", k + 1)), "{hidden}");
        assert!(now.keys().all(|id| !hidden.contains(id.as_str())), "{hidden}");
        assert_eq!(hidden.split_once(": ").unwrap().1, named.split_once(": ").unwrap().1, "the same account");
    }
    let typo = format!("{known}x");
    let said = project.fails(1, &["explain", &typo, "--horizon", "3", "--as-of", "2019-12"]);
    assert!(said.err.contains(&format!("did you mean `{known}`")), "{}", said.err);
}

#[test]
fn drift_names_every_feature_and_score_with_its_band_in_each_format() {
    let project = Project::simulated(&company(120, 48, 52));
    let at = ["drift", "--horizon", "3"];
    let text = project.run(&at).out;
    assert!(text.contains("psi") && text.contains("score") && text.contains("days_since_last_order"), "{text}");
    let csv = project.run(&[&at[..], &["--format", "csv"]].concat()).out;
    let frame = CsvReader::new(std::io::Cursor::new(csv.as_bytes())).finish().unwrap();
    assert_eq!(frame.height(), headroom::features::catalogue::features().len() + Target::ALL.len());
    let bands = texts(&frame, "band");
    let index = numbers(&frame, "psi");
    for (band, index) in bands.iter().zip(index) {
        let index = index.unwrap();
        let expected = if index > 0.25 {
            "shifted"
        } else if index >= 0.1 {
            "moderate"
        } else {
            "stable"
        };
        assert_eq!(band, expected);
    }
    let json = project.run(&[&at[..], &["--format", "json"]].concat()).out;
    let parsed: Vec<headroom::analysis::Drift> = serde_json::from_str(&json).unwrap();
    assert_eq!(parsed.len(), frame.height());
}

#[test]
fn a_published_report_is_measured_against_what_came_and_an_open_one_is_refused() {
    let project = Project::simulated(&company(150, 48, 53));
    project.run(&["run", "--horizon", "3", "--as-of", "2019-09"]);
    let said = project.run(&["evaluate", "--published", "2019-09"]);
    for shown in ["what was said as of 2019-09", "expected_revenue: skill", "misses of the 80 % interval", "tenth"] {
        assert!(said.out.contains(shown), "{shown} is not in\n{}", said.out);
    }
    let json = project.run(&["evaluate", "--published", "2019-09", "--format", "json"]).out;
    let found: headroom::analysis::Evaluation = serde_json::from_str(&json).unwrap();
    let scores = table(&project, "2019-09", "scores");
    let said: f64 = numbers(&scores, "expected_revenue").into_iter().flatten().sum();
    assert!((found.said / said - 1.0).abs() < 1e-9 && found.unknown == 0, "{found:?}");
    project.run(&["run", "--horizon", "3", "--as-of", "2019-12"]);
    let page = std::fs::read_to_string(project.path().join("reports/2019-12/index.html")).unwrap();
    assert!(page.contains("Did the last list come true?"));
    let said = project.fails(1, &["evaluate", "--published", "2019-12"]);
    assert!(said.err.contains("2020-03"), "{}", said.err);
    let said = project.fails(1, &["evaluate", "--published", "2018-01"]);
    assert!(said.err.contains("2018-01") && said.err.contains("reports/"), "{}", said.err);
}

#[test]
fn the_three_months_of_a_report_are_measured_before_its_year_is_over() {
    let project = Project::simulated(&company(150, 63, 54));
    project.run(&["run", "--as-of", "2020-12", "--horizon", "12"]);
    let open = project.fails(1, &["evaluate", "--published", "2020-12"]);
    assert!(open.err.contains("2021-12") && open.err.contains("--horizon"), "{}", open.err);
    let other = project.fails(1, &["evaluate", "--published", "2020-12", "--horizon", "6"]);
    assert!(other.err.contains("nothing of 6 months, but of [3, 12] months"), "{}", other.err);

    let measured = project.run(&["evaluate", "--published", "2020-12", "--horizon", "3", "--format", "json"]).out;
    let found: headroom::analysis::Evaluation = serde_json::from_str(&measured).unwrap();
    let horizons = table(&project, "2020-12", "horizons");
    let months = horizons.column("horizon_months").unwrap().i32().unwrap();
    let expected = numbers(&horizons, "expected_revenue").into_iter().zip(months.iter());
    let said: f64 = expected.filter(|(_, months)| *months == Some(3)).filter_map(|(expected, _)| expected).sum();
    assert!((found.said / said - 1.0).abs() < 1e-9 && found.horizon.months() == 3, "{found:?}");
    let targets: Vec<Target> = found.figures.iter().map(|figure| figure.assessment.target).collect();
    assert_eq!(targets, [Target::ExpectedRevenue, Target::ExpectedMargin]);
    assert!(!found.misses.is_empty() && found.realised.is_none());
}

#[test]
fn a_year_ahead_comes_with_the_next_three_months() {
    let project = Project::simulated(&company(150, 60, 54));
    project.run(&["run"]);
    let scores = project.table("scores");
    let main = scores.column("horizon_months").unwrap().i32().unwrap().get(0).unwrap();
    assert!(main > 3);
    let horizons = project.table("horizons");
    let months: Vec<i32> = horizons.column("horizon_months").unwrap().i32().unwrap().iter().flatten().collect();
    let ranked = scores.column("population").unwrap().bool().unwrap().iter().filter(|p| *p == Some(true)).count();
    assert_eq!(months.iter().filter(|m| **m == main).count(), ranked);
    assert_eq!(months.iter().filter(|m| **m == 3).count(), ranked);
    let expected = numbers(&horizons, "expected_revenue");
    let total = |of: i32| -> f64 {
        months.iter().zip(&expected).filter(|(m, _)| **m == of).map(|(_, value)| value.unwrap()).sum()
    };
    let share = total(3) / total(main) * f64::from(main) / 3.0;
    assert!((0.4..2.5).contains(&share), "a quarter is {share} of its share of the horizon");
    let backtest = project.table("backtest");
    for of in [3, main] {
        let judged =
            backtest.column("horizon_months").unwrap().i32().unwrap().iter().filter(|m| *m == Some(of)).count();
        assert!(judged > 0, "no backtest at {of} months");
    }
    let listed = project.run(&["models", "list"]).out;
    let champions = |words: &str| listed.lines().filter(|line| line.starts_with('*') && line.contains(words)).count();
    assert_eq!((champions("3 months"), champions(&format!("{main} months"))), (2, Target::ALL.len()), "{listed}");
    let said = project.fails(1, &["models", "rollback", "expected_revenue", "--reason", "no", "--by", "me"]);
    assert!(said.err.contains("--horizon"), "{}", said.err);
}

#[test]
fn the_learner_of_the_example_is_measured_beside_the_baseline_and_fits_in_80_lines() {
    let trial = crate::custom_learner::run(200).unwrap();
    assert_eq!(trial.metric, "log_loss");
    assert!(trial.rows > 200 && !trial.origins.is_empty() && trial.skill.low <= trial.skill.high, "{trial:?}");
    assert!(trial.skill.value > -0.5, "forty neighbours are no worse than that: {trial:?}");
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/custom_learner.rs")).unwrap();
    assert!(text.lines().count() < 80);
}
