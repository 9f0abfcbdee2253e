//! The main job on real histories from `../shared/data`, judged by what came afterwards.

use std::{fs, path::PathBuf};

use headroom::{
    domain::{AsOf, Horizon, Month, Seed},
    features::Facts,
    warehouse::{Warehouse, WarehouseOptions},
};
use polars::prelude::*;
use rand::Rng;

use crate::binary::{Project, numbers};

/// A file of the shared data, or `None` (said aloud) where the folder is absent.
fn shared(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} is absent", path.display());
    None
}

fn adventureworks() -> Option<Project> {
    let project = Project::empty();
    fs::create_dir(project.path().join("data")).unwrap();
    for (from, to) in [
        ("adventureworks/sales.parquet", "data/sales.parquet"),
        ("adventureworks/resellers.csv", "data/resellers.csv"),
        ("adventureworks/products.csv", "data/bikes.csv"),
    ] {
        fs::copy(shared(from)?, project.path().join(to)).unwrap();
    }
    project.write(
        "headroom.toml",
        r#"
        [project]
        name = "AdventureWorks resellers"
        currency = "USD"

        [order_lines]
        files = ["data/sales.parquet"]
        [order_lines.columns]
        order_id = "order_number"
        customer_id = "reseller_id"
        ordered_on = "order_date"
        net_revenue = "net_sales"
        cost = "product_cost"

        [customers]
        files = ["data/resellers.csv"]
        [customers.columns]
        customer_id = "reseller_id"
        industry = "business_type"
        region = "state"

        [products]
        files = ["data/bikes.csv"]
        [products.columns]
        product_group = "subcategory"
        "#,
    );
    Some(project)
}

/// Mean ranks of equal values (mid-ranks).
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let end = (start..order.len()).find(|&i| values[order[i]] != values[order[start]]).unwrap_or(order.len());
        for &i in &order[start..end] {
            ranks[i] = (start + end - 1) as f64 / 2.0;
        }
        start = end;
    }
    ranks
}

fn spearman(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (ranks(a), ranks(b));
    let mean = (a.len() - 1) as f64 / 2.0;
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| (x - mean) * (y - mean)).sum::<f64>();
    dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt()
}

/// Tweedie deviance of power 1.5 on revenue scaled to mean 1 (METHOD section 6).
fn deviance(predicted: &[f64], actual: &[f64]) -> f64 {
    let mean = actual.iter().map(|y| y.max(0.0)).sum::<f64>() / actual.len() as f64;
    let one = |(p, y): (&f64, &f64)| {
        let (p, y) = ((p / mean).max(0.01), y.max(0.0) / mean);
        2.0 * (y.powf(0.5) / (0.5 * -0.5) - y * p.powf(-0.5) / -0.5 + p.powf(0.5) / 0.5)
    };
    predicted.iter().zip(actual).map(one).sum::<f64>() / actual.len() as f64
}

/// The 5 % and 95 % quantiles, over accounts drawn with replacement, of how much better `ours` is than `theirs`.
fn paired_interval(n: usize, better: impl Fn(&[usize]) -> f64) -> (f64, f64) {
    let mut rng = Seed(1).derive("real data/paired").rng();
    let mut draws: Vec<f64> = (0..400)
        .map(|_| {
            let drawn: Vec<usize> = (0..n).map(|_| rng.random_range(0..n)).collect();
            better(&drawn)
        })
        .collect();
    draws.sort_by(f64::total_cmp);
    (draws[20], draws[379])
}

/// The rung of the `target` that a column of `backtest.parquet` names.
fn chosen(project: &Project) -> serde_json::Value {
    let text = fs::read_to_string(project.report().join("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    report["targets"].as_array().unwrap().iter().find(|t| t["target"] == "expected_revenue").unwrap().clone()
}

#[test]
fn on_adventureworks_the_published_level_does_not_lose_to_the_baseline_chosen_beforehand() {
    let Some(project) = adventureworks() else { return };
    project.run(&["run", "--as-of", "2013-05", "--horizon", "6"]);
    let target = chosen(&project);
    let baseline = target["baseline"].as_str().unwrap().to_owned();
    let published = target["published"].as_str().unwrap().to_owned();
    assert!(project.page().contains("6"), "the page does not name the horizon");

    // What the baseline says of the same accounts, and what came: the data run to 2013-11.
    let warehouse =
        Warehouse::open(project.path().join("data/warehouse.duckdb"), &WarehouseOptions::default()).unwrap();
    let facts = Facts::load(&warehouse).unwrap();
    let (as_of, end): (Month, Month) = ("2013-05".parse().unwrap(), "2013-11".parse().unwrap());
    let slice = facts.slice(AsOf::end_of(as_of), Horizon::new(6).unwrap(), Some(end)).unwrap();
    let actual = slice.labels().unwrap().numbers("revenue").unwrap();
    let column = baseline.trim_end_matches("_recalibrated");
    let theirs = slice.baselines().numbers(column).unwrap();

    let scores = project.table("scores");
    let ids: Vec<&str> = scores.column("customer_id").unwrap().str().unwrap().iter().flatten().collect();
    let expected = numbers(&scores, "expected_revenue");
    let of = |id: &str| expected[ids.iter().position(|known| *known == id).unwrap()].unwrap();
    let ours: Vec<f64> = slice.features().accounts().iter().flatten().map(of).collect();

    let pick = |values: &[f64], drawn: &[usize]| drawn.iter().map(|&i| values[i]).collect::<Vec<f64>>();
    let level = paired_interval(ours.len(), |d| {
        let y = pick(&actual, d);
        1.0 - deviance(&pick(&ours, d), &y) / deviance(&pick(&theirs, d), &y)
    });
    let order = paired_interval(ours.len(), |d| {
        let y = pick(&actual, d);
        spearman(&pick(&ours, d), &y) - spearman(&pick(&theirs, d), &y)
    });
    println!(
        "AdventureWorks 2013-05 + 6 months, {} resellers: baseline {baseline}, published {published}; skill in level \
         {level:?}, gain in Spearman {order:?}; Spearman {:.3} against {:.3}",
        ours.len(),
        spearman(&ours, &actual),
        spearman(&theirs, &actual),
    );
    assert!(level.1 >= 0.0, "published E loses to {baseline} in level: {level:?}");
    assert!(order.1 >= 0.0, "published E loses to {baseline} in rank: {order:?}");
}

#[test]
fn on_cdnow_the_whole_run_works_and_says_what_it_cannot_claim() {
    let Some(file) = shared("cdnow/transactions_sample_2357.parquet") else { return };
    let sales = LazyFrame::scan_parquet(PlRefPath::from(file.to_str().unwrap()), ScanArgsParquet::default()).unwrap();
    let mut orders = sales
        .select([
            concat_str([col("customer_id"), col("date").cast(DataType::String)], "/", false).alias("order_id"),
            col("customer_id"),
            col("date").alias("ordered_on"),
            col("amount").alias("net_revenue"),
            col("quantity"),
        ])
        .collect()
        .unwrap();
    let project = Project::empty();
    project.write("data/.keep", "");
    ParquetWriter::new(fs::File::create(project.path().join("data/order_lines.parquet")).unwrap())
        .finish(&mut orders)
        .unwrap();
    let said = project.run(&["run", "--as-of", "1997-09", "--horizon", "9"]);
    let scores = project.table("scores");
    assert_eq!(scores.height(), 2357);
    assert!(said.err.contains("history"), "it does not say that there is too little history: {}", said.err);
    assert_eq!(scores.column("can_buy_more").unwrap().null_count(), scores.height());
}
