//! The main job as a user runs it: the binary on a folder, the tables and the page it leaves.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Stdio,
    time::Duration,
};

use headroom::{
    domain::Seed,
    simulate::{Company, Mode},
};
use polars::prelude::*;
use rand::Rng;

use crate::binary::{Project, company, numbers};

#[test]
fn a_folder_with_nothing_but_order_lines_is_a_project() {
    let source = Project::simulated(&company(60, 40, 3));
    let bare = Project::empty();
    fs::create_dir(bare.path().join("data")).unwrap();
    fs::copy(source.path().join("data/order_lines.parquet"), bare.path().join("data/order_lines.parquet")).unwrap();
    let said = bare.run(&["run"]);
    assert!(said.out.contains("index.html"), "{}", said.out);
    for file in ["index.html", "scores.parquet", "scores.csv", "backtest.parquet", "backtest_predictions.parquet"] {
        assert!(bare.report().join(file).is_file(), "{file} is missing");
    }
}

#[test]
fn first_purchases_are_told_by_group_judged_and_kept_within_headroom() {
    let project = Project::simulated(&company(240, 60, 9));
    project.run(&["run", "--horizon", "3"]);
    let (scores, found) = (project.table("scores"), project.table("whitespace"));
    assert_eq!(
        found.get_column_names().iter().map(|name| name.as_str()).collect::<Vec<_>>(),
        ["customer_id", "product_group", "probability", "expected_revenue", "expected_margin"]
    );
    assert!(numbers(&found, "probability").iter().all(|p| p.is_some_and(|p| (0.0..=1.0).contains(&p))));
    let mut sums: BTreeMap<String, f64> = BTreeMap::new();
    let ids: Vec<String> =
        found.column("customer_id").unwrap().str().unwrap().iter().flatten().map(Into::into).collect();
    for (id, revenue) in ids.iter().zip(numbers(&found, "expected_revenue")) {
        *sums.entry(id.clone()).or_default() += revenue.unwrap();
    }
    let headroom = numbers(&scores, "headroom_revenue");
    let mut capped = 0;
    for (id, headroom) in scores.column("customer_id").unwrap().str().unwrap().iter().zip(headroom) {
        if let (Some(sum), Some(headroom)) = (sums.get(id.unwrap()), headroom) {
            assert!(*sum <= headroom + 1e-6, "{id:?}: {sum} of {headroom}");
            capped += 1;
        }
    }
    assert!(capped > 50, "{capped}");
    let judged = project.table("backtest");
    let targets = judged.column("target").unwrap().str().unwrap().clone();
    let metrics = judged.column("metric").unwrap().str().unwrap().clone();
    for metric in ["log_loss", "auc", "average_precision", "lift_10", "precision_at_5"] {
        let told = (0..judged.height()).any(|i| targets.get(i) == Some("whitespace") && metrics.get(i) == Some(metric));
        assert!(told, "{metric}");
    }
}

#[test]
fn a_second_run_reuses_everything_and_changes_no_byte() {
    let project = Project::simulated(&company(80, 48, 4));
    project.run(&["run", "--horizon", "3"]);
    let before = project.results();
    let said = project.run(&["run", "--horizon", "3"]);
    for stage in ["ingest", "history", "backtest", "train", "rank", "report"] {
        let line = said.out.lines().find(|line| line.starts_with(stage)).unwrap_or_else(|| panic!("{}", said.out));
        assert!(line.ends_with("(reused)"), "{line}");
    }
    assert_eq!(project.results(), before);
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let results = ["1", "2"].map(|threads| {
        let project = Project::simulated(&company(120, 48, 5));
        project.write("headroom.toml", "[project]\nname = \"Test\"\n");
        project.run(&["run", "--horizon", "3", "--threads", threads]);
        project.results()
    });
    assert_eq!(results[0], results[1]);
}

#[test]
fn killed_at_any_moment_the_next_run_gives_the_same_bytes() {
    let make = || {
        let project = Project::simulated(&company(80, 48, 6));
        project.write("headroom.toml", "[project]\nname = \"Test\"\n");
        project
    };
    let undisturbed = make();
    let started = std::time::Instant::now();
    undisturbed.run(&["run", "--horizon", "3"]);
    let whole = started.elapsed();
    let expected = undisturbed.results();

    // other moments in every run; a failure names the seed
    let seed = Seed(u64::from(std::process::id()));
    let mut rng = seed.rng();
    for _ in 0..2 {
        let project = make();
        for _ in 0..3 {
            let wait = Duration::from_secs_f64(whole.as_secs_f64() * rng.random_range(0.0..1.0));
            let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("headroom"))
                .args(["run", "--horizon", "3", "--project"])
                .arg(project.path())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            std::thread::sleep(wait);
            child.kill().unwrap();
            child.wait().unwrap();
        }
        project.run(&["run", "--horizon", "3"]);
        assert_eq!(project.results(), expected, "{seed:?}");
    }
}

#[test]
fn pure_noise_gives_three_times_no_and_shows_no_potential() {
    let project = Project::simulated(&Company { mode: Mode::Noise, ..company(300, 60, 7) });
    project.run(&["run", "--horizon", "3"]);
    let scores = project.table("scores");
    for column in ["potential_band", "service_level", "can_buy_more"] {
        assert_eq!(scores.column(column).unwrap().null_count(), scores.height(), "{column}");
    }
    let page = project.page().to_lowercase();
    assert!(page.contains("ranked by expected margin"), "the page does not say how it is ranked");
    let rank = scores.column("rank").unwrap().cast(&DataType::Float64).unwrap();
    let margin = numbers(&scores, "expected_margin");
    let mut ranked: Vec<(f64, f64)> =
        rank.f64().unwrap().iter().zip(margin).filter_map(|(rank, margin)| Some((rank?, margin?))).collect();
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert!(ranked.windows(2).all(|pair| pair[0].1 >= pair[1].1), "the rank does not follow expected margin");
}

/// Orders of `accounts` accounts, one a month each, as CSV; `line` may change a row.
fn orders(accounts: usize, months: i32, line: impl Fn(usize, i32) -> Option<String>) -> String {
    let mut csv = String::from("order_id,customer_id,ordered_on,net_revenue,cost\n");
    for account in 0..accounts {
        for month in 0..months {
            if let Some(row) = line(account, month) {
                csv += &format!("O{account}-{month},C{account:03},{row}\n");
            }
        }
    }
    csv
}

fn day(month: i32) -> String {
    format!("{}-{:02}-{:02}", 2018 + month / 12, month % 12 + 1, 5 + (month * 7) % 20)
}

/// Runs the main job and checks what must hold for any data.
#[track_caller]
fn sensible(csv: &str, arguments: &[&str]) -> (DataFrame, Project) {
    let project = Project::with_orders(csv);
    project.run(&[&["run"], arguments].concat());
    let scores = project.table("scores");
    let accounts: BTreeSet<&str> = csv.lines().skip(1).map(|row| row.split(',').nth(1).unwrap()).collect();
    let listed: Vec<&str> = scores.column("customer_id").unwrap().str().unwrap().iter().flatten().collect();
    assert_eq!(listed, accounts.into_iter().collect::<Vec<_>>(), "an account is missing");
    for column in scores.columns() {
        if let Ok(values) = column.f64() {
            assert!(values.iter().flatten().all(f64::is_finite), "{} is not finite", column.name());
        }
    }
    assert!(!project.page().contains("NaN"), "the page shows NaN");
    (scores, project)
}

#[test]
fn a_handful_of_accounts_gets_baselines_and_is_told_so() {
    sensible(&orders(5, 60, |a, m| Some(format!("{},{}.50,{}", day(m), 100 * (a + 1), 60 * (a + 1)))), &[]);
    sensible(&orders(1, 60, |_, m| Some(format!("{},100,60", day(m)))), &[]);
}

#[test]
fn one_order_per_account_works() {
    sensible(&orders(40, 48, |a, m| (a as i32 == m).then(|| format!("{},250,100", day(m)))), &["--horizon", "3"]);
}

#[test]
fn all_revenue_in_one_account_works() {
    let csv = orders(40, 48, |a, m| Some(format!("{},{},0", day(m), if a == 7 { "90000" } else { "0" })));
    let (scores, _) = sensible(&csv, &["--horizon", "3"]);
    let classes = scores.column("abc_class").unwrap().str().unwrap().clone();
    assert_eq!(classes.iter().flatten().filter(|class| *class == "A").count(), 1);
}

#[test]
fn only_returns_are_all_c_and_never_ranked_as_potential() {
    let (scores, _) = sensible(&orders(40, 48, |_, m| Some(format!("{},-50,-20", day(m)))), &["--horizon", "3"]);
    let classes = scores.column("abc_class").unwrap().str().unwrap().clone();
    assert!(classes.iter().flatten().all(|class| class == "C"));
}

#[test]
fn revenue_without_cost_stands_in_for_margin_and_every_output_says_so() {
    let csv: String = orders(40, 48, |a, m| Some(format!("{},{},", day(m), 10 * (a + 1))));
    let (_, project) = sensible(&csv, &["--horizon", "3"]);
    assert!(project.page().to_lowercase().contains("no cost"), "the page does not say that revenue stands in");
}

#[test]
fn a_year_without_orders_works() {
    sensible(
        &orders(40, 72, |a, m| (!(30..42).contains(&m)).then(|| format!("{},{},5", day(m), 10 + a))),
        &["--horizon", "3"],
    );
}

#[test]
fn an_order_in_the_far_future_is_noticed_and_does_not_move_the_as_of_date() {
    let mut csv = orders(40, 48, |a, m| Some(format!("{},{},5", day(m), 10 + a)));
    csv += "X1,C001,2199-01-01,10,5\n";
    let project = Project::with_orders(&csv);
    let said = project.run_or_gate(&["run", "--horizon", "3"]);
    assert!(said.err.contains("2199") || said.out.contains("2199"), "{}\n{}", said.out, said.err);
}

#[test]
fn a_few_lines_with_a_wrong_date_among_them_are_ranked_and_the_date_is_named() {
    let (_, project) = sensible(
        "order_id,customer_id,ordered_on,net_revenue\n1,K1,2021-01-05,100\n2,K2,2021-02-05,100\n3,K1,2099-02-05,50\n",
        &[],
    );
    assert!(project.page().contains("2099"), "the page does not name the date");
}

#[test]
fn what_came_up_before_an_error_is_said_with_it() {
    let csv = "order_id,customer_id,ordered_on,net_revenue,colour\n1,a,2021-01-05,10,red\n";
    let said = Project::with_orders(csv).fails(1, &["run", "--as-of", "1990-01"]);
    assert!(said.err.contains("colour"), "{}", said.err);
}

#[test]
fn two_currencies_without_rates_are_an_error_with_a_remedy() {
    let csv = "order_id,customer_id,ordered_on,net_revenue,currency\n1,a,2021-01-05,10,EUR\n2,b,2021-01-06,10,CHF\n";
    let said = Project::with_orders(csv).fails(1, &["run"]);
    assert!(said.err.contains("CHF") && said.err.contains("fx_rates"), "{}", said.err);
}

#[test]
fn what_cannot_run_says_what_and_what_to_do() {
    let empty = Project::empty();
    let said = empty.fails(1, &["run"]);
    assert!(said.err.contains("order_lines") && said.err.contains("help:"), "{}", said.err);
    let missing = Project::with_orders("order_id,customer,ordered_on,net_revenue\n1,a,2021-01-05,10\n");
    let said = missing.fails(1, &["run"]);
    assert!(said.err.contains("customer_id") && said.err.contains("order_lines.csv"), "{}", said.err);
    let said = Project::with_orders("order_id,customer_id,ordered_on,net_revenue\n").fails(1, &["run"]);
    assert!(said.err.contains("order"), "{}", said.err);
    let said = Project::simulated(&company(20, 24, 1)).fails(1, &["run", "--as-of", "2035-01"]);
    assert!(said.err.contains("2035-01") && said.err.contains("2017-12"), "{}", said.err);
    empty.fails(2, &["run", "--horizon", "99"]);
    empty.write("headroom.toml", "[run]\nhorizn = 3\n");
    let said = empty.fails(2, &["run"]);
    assert!(said.err.contains("did you mean `horizon`"), "{}", said.err);
}

#[test]
fn a_broken_row_goes_to_quarantine_and_the_rest_counts() {
    let mut csv = orders(40, 48, |a, m| Some(format!("{},{},5", day(m), 10 + a)));
    csv += "X1,C001,not a day,10,5\nX2,C002,2021-03-03,twelve,5\n";
    let project = Project::with_orders(&csv);
    let said = project.run(&["run", "--horizon", "3"]);
    assert!(said.out.contains("2 quarantined"), "{}", said.out);
    let quarantine = fs::read_to_string(project.path().join("data/quarantine/order_lines.csv")).unwrap();
    assert!(quarantine.contains("not a day") && quarantine.contains("twelve"), "{quarantine}");
}

#[test]
fn every_command_has_help_with_an_example() {
    let project = Project::empty();
    for command in [
        "init", "simulate", "ingest", "check", "history", "backtest", "train", "score", "rank", "report", "run",
        "doctor", "explain", "drift", "evaluate",
    ] {
        let said = assert_cmd::Command::new(assert_cmd::cargo::cargo_bin!("headroom"))
            .args([command, "--help"])
            .current_dir(project.path())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        assert!(text.contains("Example"), "{command}: {text}");
    }
}

#[test]
fn a_closed_gate_is_explained_and_a_waiver_is_remembered_until_it_is_withdrawn() {
    let mut text = "order_id,line_number,customer_id,ordered_on,net_revenue\n".to_owned();
    for month in 0..30 {
        for line in 1..=3 {
            text.push_str(&format!("{month},{line},C{line},{}-{:02}-28,10.50\n", 2019 + month / 12, month % 12 + 1));
        }
    }
    text.push_str("29,3,C3,2021-06-28,10.50\n");
    let project = Project::with_orders(&text);
    let said = project.fails(3, &["check"]);
    assert!(said.out.contains("GATE CLOSED: duplicate-lines (uniqueness), 1 row"), "{}", said.out);
    assert!(said.out.contains("order 29, line 3 is held 2 times"), "{}", said.out);
    assert!(said.err.contains("--waive duplicate-lines"), "{}", said.err);
    let said = project.run(&["check", "--waive", "duplicate-lines", "--reason", "two deliveries"]);
    assert!(said.out.contains("waived: duplicate-lines"), "{}", said.out);
    let said = project.run(&["check"]);
    assert!(said.out.contains("waived: two deliveries"), "remembered: {}", said.out);
    project.run(&["run", "--horizon", "3"]);
    let page = fs::read_to_string(project.report().join("index.html")).unwrap();
    assert!(page.contains("two deliveries"), "the report repeats the reason");
    fs::remove_file(project.path().join("data/waivers.toml")).unwrap();
    project.fails(3, &["check"]);
}

#[test]
fn what_each_family_of_features_adds_is_said_with_its_interval() {
    let project = Project::simulated(&company(150, 60, 8));
    let said = project.run(&["backtest", "--horizon", "3", "--ablate", "payment,public"]);
    let row = |family: &str| {
        let rows = said.out.lines().filter(|line| line.starts_with("expected_revenue") && line.contains(family));
        rows.map(str::to_owned).next().unwrap_or_else(|| panic!("{}", said.out))
    };
    assert!(row("payment").contains(" to ") && row("payment").contains('%'), "{}", row("payment"));
    let reports = fs::read_dir(project.path().join("reports")).unwrap().flatten();
    let files: Vec<_> = reports.map(|entry| entry.path()).filter(|path| path.extension().is_some()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let table = ParquetReader::new(fs::File::open(&files[0]).unwrap()).finish().unwrap();
    assert_eq!(table.height(), 12, "six targets and two families");
    let skill = numbers(&table, "skill");
    let (low, high) = (numbers(&table, "ci_low"), numbers(&table, "ci_high"));
    let text = |name: &str, row: usize| table.column(name).unwrap().str().unwrap().get(row).unwrap();
    for (row, ((skill, low), high)) in skill.iter().zip(&low).zip(&high).enumerate() {
        if (text("target", row), text("family", row)) == ("peer_level", "public") {
            assert!(skill.is_none() && said.out.contains("an effect of our own share"), "{}", said.out);
            continue;
        }
        let (skill, low, high) = (skill.unwrap(), low.unwrap(), high.unwrap());
        assert!(low <= skill && skill <= high && high < 1.0, "{low} {skill} {high}");
    }
    let again = project.run(&["backtest", "--horizon", "3", "--ablate", "payments,public", "--threads", "1"]);
    let lines = |text: &str| text.lines().filter(|line| line.contains('%')).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines(&said.out), lines(&again.out));
    let said = project.fails(1, &["backtest", "--ablate", "paymnt"]);
    assert!(said.err.contains("did you mean") && said.err.contains("`payment`"), "{}", said.err);
}
