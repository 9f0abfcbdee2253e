//! From what the stages hand over to the files that people open.

use std::{collections::BTreeMap, fs, path::Path};

use headroom::{
    backtest::{BacktestReport, OriginPlan, Verdict, Verdicts},
    config::{Overrides, RunConfig},
    domain::{AbcThresholds, AsOf, Notice, Seed},
    features::{ACCOUNT_COLUMNS, AccountFrame},
    ingest::{BatchReport, IngestReport},
    rank::{RankInput, Ranking, rank},
    report::{Inputs, Report, write},
};
use polars::prelude::*;

use crate::synthetic::{Sketch, accounts_of, evidence, horizon, month, scores_of, slice_of};

/// Everything a report is made from, for sketched accounts.
struct Handed {
    config: RunConfig,
    ingest: IngestReport,
    backtest: BacktestReport,
    ranking: Ranking,
    accounts: AccountFrame,
    horizons: DataFrame,
}

impl Handed {
    fn of(sketches: &[Sketch], potential: bool, settings: &str) -> Self {
        let project = tempfile::tempdir().unwrap();
        fs::write(project.path().join("headroom.toml"), settings).unwrap();
        let config = RunConfig::load(project.path(), Overrides::default()).unwrap();
        let ranking = rank(&RankInput {
            scores: &scores_of(sketches),
            slice: &slice_of(sketches),
            before: [None, None],
            whitespace: None,
            overdue: &BTreeMap::new(),
            evidence: &evidence(potential, true),
            thresholds: AbcThresholds::default(),
            seed: Seed(1),
        })
        .unwrap();
        let batch = BatchReport {
            table: "order_lines".into(),
            source: "files".into(),
            file: "data/order_lines.csv".into(),
            rows_in: 12,
            rows_loaded: 11,
            rows_quarantined: 1,
            reused: false,
            columns: BTreeMap::new(),
            recognised: BTreeMap::from([("encoding".to_owned(), "windows-1252".to_owned())]),
        };
        Self {
            config,
            ingest: IngestReport { batches: vec![batch], notices: Vec::new() },
            backtest: backtest(potential),
            ranking,
            accounts: people(sketches),
            horizons: df!("customer_id" => ["K000"], "horizon_months" => [3]).unwrap(),
        }
    }

    fn inputs<'a>(&'a self, notices: &'a [Notice]) -> Inputs<'a> {
        Inputs {
            config: &self.config,
            has_cost: true,
            ingest: &self.ingest,
            backtest: &self.backtest,
            ranking: &self.ranking,
            accounts: &self.accounts,
            notices,
            changes: None,
            came_true: None,
            surveys: None,
            horizons: &self.horizons,
            beside: None,
        }
    }

    fn written(&self, folder: &Path) -> Report {
        let notices = [Notice::warning("late-rows", "3 rows arrived late")];
        let inputs = self.inputs(&notices);
        let report = Report::assemble(&inputs).unwrap();
        write(&report, &inputs, folder).unwrap();
        report
    }
}

fn backtest(potential: bool) -> BacktestReport {
    let verdict = |holds| Verdict { holds, figure: None, evidence: "evidence".into() };
    BacktestReport {
        plan: OriginPlan::new(month("2016-01"), month("2021-10"), horizon()),
        targets: Vec::new(),
        verdicts: Verdicts { ranks: verdict(true), skill: verdict(true), potential: verdict(potential) },
        realised: None,
        totals: Vec::new(),
        level: None,
        looks: 1,
        notices: Vec::new(),
        metrics: df!("target" => ["growth"], "value" => [0.5]).unwrap(),
        predictions: df!("target" => ["growth"], "predicted" => [0.5]).unwrap(),
    }
}

/// Names for all but the last account of the population, one of them a spreadsheet formula.
fn people(sketches: &[Sketch]) -> AccountFrame {
    let accounts = accounts_of(sketches);
    let n = accounts.len();
    let texts = |of: &dyn Fn(usize) -> Option<String>| (0..n).map(of).collect::<Vec<_>>();
    let id = |i: usize| Some(accounts[i].id.clone());
    let columns = ACCOUNT_COLUMNS.iter().map(|(name, dtype)| match (*name, dtype) {
        ("customer_id", _) => Column::new((*name).into(), texts(&id)),
        ("name", _) => Column::new(
            (*name).into(),
            texts(&|i| match accounts[i].id.as_str() {
                "K000" => Some("=HYPERLINK(\"x\")".into()),
                last if last == format!("K{:03}", sketches.len() - 1) => None,
                other => Some(format!("Company {other}")),
            }),
        ),
        ("status", _) => Column::new((*name).into(), texts(&|i| Some(accounts[i].standing.name().into()))),
        ("ordered", _) => Column::new((*name).into(), vec![true; n]),
        ("population", _) => {
            Column::new((*name).into(), accounts.iter().map(|a| a.standing.name() == "active").collect::<Vec<_>>())
        }
        ("revenue_12", _) => Column::new((*name).into(), accounts.iter().map(|a| a.revenue_last).collect::<Vec<_>>()),
        ("margin_12", _) => Column::new((*name).into(), accounts.iter().map(|a| a.margin_last).collect::<Vec<_>>()),
        _ => Column::new((*name).into(), texts(&|_| None)),
    });
    let ids = Column::new("account_id".into(), texts(&id));
    let frame = DataFrame::new(n, std::iter::once(ids).chain(columns).collect()).unwrap();
    AccountFrame::new(AsOf::end_of(month("2021-10")), frame).unwrap()
}

fn sketches() -> Vec<Sketch> {
    (1..=40).map(|i| Sketch { growth: 0.2 + 0.015 * f64::from(i), ..Sketch::of(1000.0 * f64::from(i)) }).collect()
}

fn files(folder: &Path, within: &Path, into: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, within, into);
        } else {
            let name = path.strip_prefix(within).unwrap().to_string_lossy().into_owned();
            into.insert(name, fs::read(&path).unwrap());
        }
    }
}

#[test]
fn a_report_is_a_page_with_its_charts_and_every_table_twice() {
    let folder = tempfile::tempdir().unwrap();
    Handed::of(&sketches(), true, "").written(folder.path());
    let mut found = BTreeMap::new();
    files(folder.path(), folder.path(), &mut found);
    let names: Vec<&str> = found.keys().map(String::as_str).collect();
    insta::assert_snapshot!(names.join("\n"), @"
    backtest.csv
    backtest.parquet
    backtest_predictions.csv
    backtest_predictions.parquet
    charts/abc_pareto.png
    charts/abc_pareto.svg
    charts/headroom_bars.png
    charts/headroom_bars.svg
    charts/skill.png
    charts/skill.svg
    horizons.csv
    horizons.parquet
    index.html
    report.json
    scores.csv
    scores.parquet
    tables/abc_curve.csv
    tables/abc_curve.parquet
    tables/apart.csv
    tables/apart.parquet
    tables/calibration.csv
    tables/calibration.parquet
    tables/classes.csv
    tables/classes.parquet
    tables/coverage.csv
    tables/coverage.parquet
    tables/matrix.csv
    tables/matrix.parquet
    tables/movements.csv
    tables/movements.parquet
    tables/notices.csv
    tables/notices.parquet
    tables/past_lists.csv
    tables/past_lists.parquet
    tables/population.csv
    tables/population.parquet
    tables/ranking.csv
    tables/ranking.parquet
    tables/rungs.csv
    tables/rungs.parquet
    tables/sources.csv
    tables/sources.parquet
    tables/targets.csv
    tables/targets.parquet
    ");
    let again = tempfile::tempdir().unwrap();
    Handed::of(&sketches(), true, "").written(again.path());
    let mut second = BTreeMap::new();
    files(again.path(), again.path(), &mut second);
    // the company is called after its folder, which differs here
    for name in names.iter().filter(|name| !["index.html", "report.json"].contains(name)) {
        assert!(found[*name] == second[*name], "{name} differs between two runs");
    }
}

#[test]
fn the_ranking_table_holds_every_ranked_account_with_name_and_reasons() {
    let folder = tempfile::tempdir().unwrap();
    let handed = Handed::of(&sketches(), true, "[report]\ntop_accounts = 3");
    let report = handed.written(folder.path());
    assert_eq!(report.accounts.len(), 3);
    let mut table = csv::Reader::from_path(folder.path().join("tables/ranking.csv")).unwrap();
    let header = table.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|h| h == name).unwrap_or_else(|| panic!("{name}"));
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), sketches().len());
    let best = &rows[0];
    assert_eq!((&best[column("rank")], &best[column("customer_id")]), ("1", "K039"));
    assert_eq!(&best[column("name")], "", "a name that is not known is empty");
    assert_eq!(report.accounts[0].label(), "K039", "on the page the id stands for it");
    assert!(best[column("reasons_for")].starts_with("expected €40,000, in a good year €60,000"), "{best:?}");
    let named = rows.iter().find(|row| &row[column("customer_id")] == "K000").unwrap();
    assert_eq!(&named[column("name")], "'=HYPERLINK(\"x\")", "a spreadsheet must not run a customer's name");
}

#[test]
fn whoever_is_not_ranked_is_counted_and_the_internal_ones_are_listed_apart() {
    let handed = Handed::of(&sketches(), true, "");
    let report = Report::assemble(&handed.inputs(&[])).unwrap();
    let left_out: Vec<_> = report.population.left_out.iter().map(|row| (row.reason.as_str(), row.accounts)).collect();
    assert_eq!(left_out, [("blocked", 1), ("collective", 1), ("internal", 1)]);
    assert_eq!((report.population.accounts, report.population.ranked), (43, 40));
    let apart: Vec<_> = report.apart.iter().map(|row| (row.customer_id.as_str(), row.status.as_str())).collect();
    assert_eq!(apart, [("A cash", "collective"), ("Z own shop", "internal")]);
    let total: usize = report.matrix.iter().map(|cell| cell.accounts).sum();
    assert_eq!(total, 40, "every ranked account stands in one cell");
    let last = report.pareto.last().unwrap();
    assert_eq!((last.accounts, last.share), (40, 1.0));
}

#[test]
fn without_the_third_verdict_the_files_hold_no_potential() {
    let folder = tempfile::tempdir().unwrap();
    let report = Handed::of(&sketches(), false, "").written(folder.path());
    assert!(report.matrix.is_empty() && report.headline.can_buy_more.is_none());
    assert!(
        report.accounts.iter().all(|account| account.headroom_revenue.is_none() && account.service_level.is_none())
    );
    let page = fs::read_to_string(folder.path().join("index.html")).unwrap();
    assert!(page.contains("Ranked by expected margin; potential not shown, because"));
    let ranking =
        ParquetReader::new(fs::File::open(folder.path().join("tables/ranking.parquet")).unwrap()).finish().unwrap();
    for name in ["can_buy_more", "potential_band", "service_level"] {
        assert_eq!(ranking.column(name).unwrap().null_count(), ranking.height(), "{name}");
    }
}

#[test]
fn the_page_speaks_the_language_and_currency_of_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let settings = "[project]\nname = 'Müller <& Söhne>'\ncurrency = 'CHF'\n[report]\nlanguage = 'de'";
    Handed::of(&sketches(), true, settings).written(folder.path());
    let page = fs::read_to_string(folder.path().join("index.html")).unwrap();
    assert!(page.starts_with("<!doctype html>\n<html lang=\"de\">"));
    assert!(page.contains("<title>Müller &lt;&amp; Söhne&gt;: Welche Kunden können mehr kaufen?</title>"));
    assert!(page.contains("\u{a0}CHF") && !page.contains('€'));
    assert!(page.contains("3 rows arrived late."), "notices are repeated");
}

#[test]
fn the_committed_sample_is_drawn_again_from_its_data_byte_for_byte() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/sample");
    let report: Report = serde_json::from_slice(&fs::read(sample.join("report.json")).unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    headroom::report::render(&report, folder.path()).unwrap();
    let [drawn, committed] = [folder.path(), &sample].map(|at| fs::read_to_string(at.join("index.html")).unwrap());
    assert!(drawn == committed, "the page changed: copy it, and its report.json, from a run of `make demo`");
}
