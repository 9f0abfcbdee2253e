//! Features, baselines and labels against plain SQL on the raw lines and facts, and what belongs to a population.

use std::collections::{BTreeMap, BTreeSet};

use headroom::{
    domain::{AsOf, Horizon, Month},
    features::{BASELINE_COLUMNS, Facts, FeatureError, FeatureFrame, Parts, catalogue},
    params,
    warehouse::Warehouse,
};
use jiff::civil::Date;
use polars::prelude::*;

use crate::company::{Company, Line, MONTHS, month};

/// A value of a frame, for comparison.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Unknown,
    Number(f64),
    Word(String),
}

impl Cell {
    fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => (a - b).abs() <= 1e-9 * (1.0 + a.abs()),
            _ => self == other,
        }
    }
}

fn oracle_of(family: &str) -> &'static str {
    match family {
        "recency" => include_str!("oracle/recency.sql"),
        "frequency" => include_str!("oracle/frequency.sql"),
        "monetary" => include_str!("oracle/monetary.sql"),
        "class" => include_str!("oracle/class.sql"),
        "trend" => include_str!("oracle/trend.sql"),
        "seasonality" => include_str!("oracle/seasonality.sql"),
        "assortment" => include_str!("oracle/assortment.sql"),
        "tenure" => include_str!("oracle/tenure.sql"),
        "firmographics" => include_str!("oracle/firmographics.sql"),
        "payment" => include_str!("oracle/payment.sql"),
        "survey" => include_str!("oracle/survey.sql"),
        "complaints" => include_str!("oracle/complaints.sql"),
        "dialogue" => include_str!("oracle/dialogue.sql"),
        "contacts" => include_str!("oracle/contacts.sql"),
        "opportunities" => include_str!("oracle/opportunities.sql"),
        "public" => include_str!("oracle/public.sql"),
        other => panic!("family {other} has no oracle"),
    }
}

/// Makes the oracle's tables as of a point in time.
fn set_oracle(warehouse: &Warehouse, as_of: AsOf) {
    let ends = "CREATE OR REPLACE TEMP TABLE ends AS SELECT CAST(? AS DATE) AS t, CAST(? AS DATE) AS k";
    warehouse.execute(ends, params![as_of.at().last_day(), as_of.knowledge().last_day()]).unwrap();
    warehouse.execute_script(include_str!("oracle/setup.sql")).unwrap();
    warehouse.execute_script(include_str!("oracle/season.sql")).unwrap();
}

fn cells(frame: &DataFrame, name: &str) -> Vec<Cell> {
    let column = frame.column(name).unwrap();
    match column.dtype() {
        DataType::String => {
            let words = column.str().unwrap().iter();
            words.map(|word| word.map_or(Cell::Unknown, |word| Cell::Word(word.to_owned()))).collect()
        }
        _ => column.f64().unwrap().iter().map(|number| number.map_or(Cell::Unknown, Cell::Number)).collect(),
    }
}

fn accounts(frame: &DataFrame) -> Vec<String> {
    frame.column("account_id").unwrap().str().unwrap().iter().flatten().map(str::to_owned).collect()
}

/// The oracle's columns by account.
fn by_account(warehouse: &Warehouse, sql: &str, columns: &[String]) -> BTreeMap<String, Vec<Cell>> {
    let names: Vec<&str> = columns.iter().map(|column| column.rsplit(' ').next().unwrap()).collect();
    let sql = format!("SELECT account_id, {} FROM ({sql}) ORDER BY account_id", columns.join(", "));
    let frame = warehouse.frame(&sql, params![]).unwrap();
    let values: Vec<Vec<Cell>> = names.iter().map(|name| cells(&frame, name)).collect();
    let rows = accounts(&frame).into_iter().enumerate();
    rows.map(|(row, account)| (account, values.iter().map(|column| column[row].clone()).collect())).collect()
}

fn assert_agrees_with_sql(warehouse: &Warehouse, features: &FeatureFrame) {
    let ours = accounts(features.frame());
    for family in catalogue::features().chunk_by(|a, b| a.family == b.family) {
        let typed = |feature: &catalogue::Feature| match feature.kind {
            catalogue::Kind::Number => format!("CAST({0} AS DOUBLE) AS {0}", feature.name),
            catalogue::Kind::Category => format!("CAST({0} AS VARCHAR) AS {0}", feature.name),
        };
        let columns: Vec<String> = family.iter().map(typed).collect();
        let theirs = by_account(warehouse, oracle_of(family[0].family), &columns);
        assert_eq!(ours, theirs.keys().cloned().collect::<Vec<_>>(), "population at {}", features.as_of());
        for (position, feature) in family.iter().enumerate() {
            for (account, cell) in ours.iter().zip(cells(features.frame(), feature.name)) {
                let expected = &theirs[account][position];
                assert!(
                    cell.agrees(expected),
                    "{} of {account} as of {} is {cell:?}, SQL says {expected:?}",
                    feature.name,
                    features.as_of()
                );
            }
        }
    }
}

#[test]
fn every_feature_agrees_with_plain_sql_on_the_raw_lines() {
    let mut seen: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for seed in 1..=3 {
        let warehouse = Company::random(seed).warehouse();
        let facts = Facts::load(&warehouse).unwrap();
        let late = AsOf::known_by(month(23), month(30)).unwrap();
        let moments = [2, 13, 24, 32, 38, MONTHS - 1].map(|n| AsOf::end_of(month(n)));
        for as_of in moments.into_iter().chain([late]) {
            set_oracle(&warehouse, as_of);
            let features = facts.features(as_of).unwrap();
            assert_agrees_with_sql(&warehouse, &features);
            for feature in catalogue::features() {
                let values = cells(features.frame(), feature.name);
                let known = values.iter().filter(|cell| **cell != Cell::Unknown).map(|cell| format!("{cell:?}"));
                seen.entry(feature.name).or_default().extend(known);
            }
        }
    }
    // an agreement on nothing would prove nothing; the country is the same for all by construction
    for feature in catalogue::features() {
        let constant = ["country", "groups_known"].contains(&feature.name);
        assert!(seen[feature.name].len() > usize::from(!constant), "{} never varied", feature.name);
    }
}

#[test]
fn overdue_invoices_are_those_behind_the_overdue_amount() {
    let mut seen = 0;
    for seed in [1, 2] {
        let facts = Facts::load(&Company::random(seed).warehouse()).unwrap();
        for ago in [20, 30, 40] {
            let as_of = AsOf::end_of(month(ago));
            let (features, overdue) = (facts.features(as_of).unwrap(), facts.overdue(as_of));
            let (amount, oldest) =
                (features.numbers("overdue_amount").unwrap(), features.numbers("oldest_overdue_days").unwrap());
            for (i, id) in features.accounts().iter().enumerate() {
                let found = overdue.get(id.unwrap());
                assert_eq!(found.is_some(), amount[i] > 0.0, "{id:?}");
                let Some(found) = found else { continue };
                seen += 1;
                assert!(found.invoices >= 1 && found.mean_days > 0.0 && found.mean_days <= oldest[i], "{found:?}");
                if found.invoices == 1 {
                    assert_eq!(found.mean_days, oldest[i]);
                }
            }
        }
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn baselines_and_labels_agree_with_plain_sql() {
    let warehouse = Company::random(4).warehouse();
    let facts = Facts::load(&warehouse).unwrap();
    for (n, h) in [(4, 3), (15, 6), (26, 12), (30, 3), (17, 24)] {
        let as_of = AsOf::end_of(month(n));
        let horizon = Horizon::new(h).unwrap();
        set_oracle(&warehouse, as_of);
        warehouse.execute("CREATE OR REPLACE TEMP TABLE horizon AS SELECT CAST(? AS BIGINT) AS h", params![h]).unwrap();
        let baselines = facts.baselines(as_of, horizon).unwrap();
        let sql = include_str!("oracle/baselines.sql").replace("CLASS", include_str!("oracle/class.sql"));
        let columns: Vec<String> =
            BASELINE_COLUMNS.iter().map(|name| format!("CAST({name} AS DOUBLE) AS {name}")).collect();
        let expected = by_account(&warehouse, &sql, &columns);
        assert_eq!(accounts(baselines.frame()), expected.keys().cloned().collect::<Vec<_>>());
        for (position, name) in BASELINE_COLUMNS.iter().enumerate() {
            for (account, cell) in accounts(baselines.frame()).iter().zip(cells(baselines.frame(), name)) {
                let sql = &expected[account][position];
                assert!(cell.agrees(sql), "{name} of {account} as of {as_of}, {horizon}: {cell:?}, SQL says {sql:?}");
            }
        }

        // labels are read as of the end of the window, known by then
        let d = baselines.growth_threshold().unwrap();
        let base = baselines.numbers("base_revenue").unwrap();
        let known_by = month(MONTHS - 1);
        let labels = facts.labels(as_of, horizon, known_by).unwrap();
        let ends = "UPDATE ends SET t = CAST(? AS DATE), k = CAST(? AS DATE)";
        let end = as_of.at().plus(horizon.months()).last_day();
        warehouse.execute("CREATE OR REPLACE TEMP TABLE members AS FROM population", params![]).unwrap();
        warehouse.execute(ends, params![end, known_by.last_day()]).unwrap();
        warehouse.execute_script(include_str!("oracle/setup.sql")).unwrap();
        let columns = ["revenue", "margin", "inactive"].map(|name| format!("CAST({name} AS DOUBLE) AS {name}"));
        let expected = by_account(&warehouse, include_str!("oracle/labels.sql"), &columns);
        let ours = ["revenue", "margin", "inactive"].map(|name| labels.numbers(name).unwrap());
        let grew = labels.numbers("grew").unwrap();
        for (row, account) in accounts(labels.frame()).iter().enumerate() {
            for (column, sql) in ours.iter().zip(&expected[account]) {
                assert!(
                    Cell::Number(column[row]).agrees(sql),
                    "{account} as of {as_of}: {} is not {sql:?}",
                    column[row]
                );
            }
            assert_eq!(grew[row] == 1.0, ours[0][row] > base[row] + d[row], "{account} as of {as_of}");
        }
        assert!(ours[2].contains(&1.0) && ours[2].contains(&0.0), "some accounts stop, others go on");
    }
}

#[test]
fn the_population_leaves_out_who_is_blocked_insolvent_internal_or_collective() {
    let facts = Facts::load(&Company::random(5).warehouse()).unwrap();
    let status_of = |n: i32| {
        let frame = facts.all_accounts(AsOf::end_of(month(n))).unwrap();
        let population = frame.frame().column("population").unwrap().bool().unwrap().iter();
        let status: Vec<String> =
            frame.frame().column("status").unwrap().str().unwrap().iter().flatten().map(str::to_owned).collect();
        let rows = accounts(frame.frame()).into_iter().zip(status.into_iter().zip(population.flatten()));
        rows.collect::<BTreeMap<_, _>>()
    };
    let early = status_of(20);
    // blocked since month 25; the insolvency has no date and was told in month 30 only
    assert_eq!(early["K10"], ("active".into(), true));
    assert_eq!(early["K11"], ("active".into(), true));
    assert_eq!(early["K13"], ("internal".into(), false));
    assert_eq!(early["K14"], ("collective".into(), false));
    let late = status_of(31);
    assert_eq!(late["K10"], ("blocked".into(), false));
    assert_eq!(late["K11"], ("insolvent".into(), false));
    assert!(!late.contains_key("K09"), "a merged account has no row of its own");
    assert_eq!(facts.population(AsOf::end_of(month(31))).unwrap(), {
        let members = late.iter().filter(|(_, (_, member))| *member);
        members.map(|(account, _)| account.clone()).collect::<Vec<_>>()
    });
}

#[test]
fn no_family_can_reach_the_facts_but_through_a_view() {
    let stage = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/features");
    let mut files = 0;
    for entry in std::fs::read_dir(stage).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        let text = std::fs::read_to_string(entry.path()).unwrap();
        let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for word in ["Warehouse", "include_str!", "duckdb"] {
            // the stage's error wraps the warehouse's
            let allowed = word == "Warehouse" && entry.file_name() == "error.rs";
            assert!(allowed || code.iter().all(|line| !line.contains(word)), "{word} in {:?}", entry.path());
        }
        files += 1;
    }
    assert!(files > 15, "the stage has moved");
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let facts = Facts::load(&Company::random(6).warehouse()).unwrap();
    let as_of = AsOf::end_of(month(33));
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let slice = facts.slice(as_of, Horizon::new(3).unwrap(), Some(month(40))).unwrap();
            crate::company::bytes(&[
                slice.features().frame(),
                slice.baselines().frame(),
                slice.labels().unwrap().frame(),
            ])
        })
    };
    assert_eq!(on(1), on(2));
}

#[test]
fn parts_of_a_population_are_those_of_the_whole() {
    let facts = Facts::load(&Company::random(6).warehouse()).unwrap();
    let (as_of, horizon) = (AsOf::end_of(month(33)), Horizon::new(3).unwrap());
    let (slice, members) = (facts.slice(as_of, horizon, None).unwrap(), facts.members(as_of, horizon).unwrap());
    assert!(members.height() > 14);
    for start in (0..members.height()).step_by(7) {
        let rows = start..members.height().min(start + 7);
        let (part, expected) = (members.part(rows.clone()).unwrap(), slice.part(rows));
        assert!(part.features().frame().equals_missing(expected.features().frame()));
        assert!(part.baselines().frame().equals(expected.baselines().frame()));
        assert_eq!(part.baselines().threshold(), slice.baselines().threshold());
        assert_eq!(part.baselines().seasons(), slice.baselines().seasons());
    }
    let all = facts.all_accounts(as_of).unwrap();
    assert!(members.all_accounts().unwrap().frame().equals_missing(all.frame()));
}

#[test]
fn without_any_cost_revenue_stands_in_for_margin_and_a_notice_says_so() {
    let mut company = Company::random(7);
    company.lines.iter_mut().for_each(|line| line.cost = None);
    let facts = Facts::load(&company.warehouse()).unwrap();
    assert!(!facts.has_cost());
    assert!(facts.notices().iter().any(|notice| notice.code == "no-cost"));
    let features = facts.features(AsOf::end_of(month(30))).unwrap();
    assert_eq!(features.numbers("margin_12").unwrap(), features.numbers("revenue_12").unwrap());
}

#[test]
fn the_last_month_counts_only_if_it_reaches_its_end() {
    let mut company = Company::random(8);
    let last = month(MONTHS - 1);
    let facts = Facts::load(&company.warehouse()).unwrap();
    assert_eq!(facts.last_complete_month().0, last);
    assert_eq!(facts.first_month(), month(0));
    company.lines.retain(|line| Month::of(line.day) < last || line.day.day() <= 9);
    let (complete, why) = Facts::load(&company.warehouse()).unwrap().last_complete_month();
    assert_eq!(complete, last.plus(-1), "{why}");
    assert!(why.contains("incomplete"), "{why}");
}

#[test]
fn an_empty_ledger_and_an_origin_before_the_data_are_errors_with_a_remedy() {
    let mut company = Company::random(9);
    let facts = Facts::load(&company.warehouse()).unwrap();
    let error = facts.features(AsOf::end_of(month(-1))).unwrap_err();
    assert!(matches!(error, FeatureError::BeforeData { .. }), "{error}");
    assert!(error.hint().unwrap().contains("2019-03"));
    let horizon = Horizon::new(6).unwrap();
    let error = facts.labels(AsOf::end_of(month(30)), horizon, month(35)).unwrap_err();
    assert!(matches!(error, FeatureError::OpenWindow { .. }), "{error}");
    company.lines.clear();
    let error = Facts::load(&company.warehouse()).unwrap_err();
    assert!(matches!(error, FeatureError::NoOrders), "{error}");
}

#[test]
fn origins_whose_window_is_still_open_have_no_labels() {
    let facts = Facts::load(&Company::random(10).warehouse()).unwrap();
    let origins: Vec<Month> = [20, 25, 30].map(month).to_vec();
    let slices = facts.panel(&origins, Horizon::new(6).unwrap(), month(32)).unwrap();
    let labelled: Vec<bool> = slices.iter().map(|slice| slice.labels().is_some()).collect();
    assert_eq!(labelled, [true, true, false]);
}

#[test]
fn before_the_high_season_the_seasonal_baselines_are_not_too_low() {
    // every account buys 300 in the three months of each year's season and 100 in every other month
    let mut company = Company::random(11);
    let line = company.lines[0].clone();
    company.lines.clear();
    for (account, n) in (0..30).flat_map(|account| (0..36).map(move |n| (account, n))) {
        let day = month(n).first_day();
        let net = if n % 12 < 3 { 3_000_000 } else { 1_000_000 };
        let order_id = format!("{account}-{n}");
        company.lines.push(line_like(&line, format!("M{account:02}"), order_id, day, net));
    }
    let facts = Facts::load(&company.warehouse()).unwrap();
    let as_of = AsOf::end_of(month(35));
    let baselines = facts.baselines(as_of, Horizon::new(3).unwrap()).unwrap();
    for name in ["last_12_seasonal_revenue", "same_months_last_year_revenue", "base_revenue", "portfolio_mean_revenue"]
    {
        let worst =
            baselines.numbers(name).unwrap().into_iter().map(|value| (value / 900.0 - 1.0).abs()).fold(0.0, f64::max);
        assert!(worst < 0.001, "{name} misses by {worst}");
    }
    assert_eq!(baselines.numbers("last_horizon_revenue").unwrap()[0], 300.0);
}

fn line_like(line: &Line, customer: String, order_id: String, day: Date, net: i64) -> Line {
    Line { customer, order_id, day, known: day, net, cost: None, reversal: false, ..line.clone() }
}
