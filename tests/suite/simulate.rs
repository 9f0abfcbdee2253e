//! The simulated company as the other stages see it: files in a folder.

use std::{collections::BTreeMap, fs, fs::File, path::Path};

use headroom::{
    domain::{Month, Seed},
    ingest::contract::{Kind, TABLES},
    simulate::{Changes, Company, Mode, SimulateError, SimulateReport, write},
};
use polars::prelude::*;
use tempfile::TempDir;

/// Tables in which a fact has states, and the columns that identify it.
const STATES: [(&str, &str); 5] = [
    ("customers", "customer_id"),
    ("contacts", "contact_id"),
    ("invoices", "invoice_id"),
    ("complaints", "complaint_id"),
    ("opportunities", "opportunity_id"),
];

/// Dated outcomes: no row may tell of one before it was known.
const OUTCOMES: [(&str, &str); 14] = [
    ("order_lines", "ordered_on"),
    ("customers", "customer_since"),
    ("customers", "status_since"),
    ("contacts", "last_confirmed_on"),
    ("contacts", "left_on"),
    ("invoices", "issued_on"),
    ("invoices", "paid_on"),
    ("complaints", "opened_on"),
    ("complaints", "closed_on"),
    ("survey_answers", "answered_on"),
    ("staff_answers", "answered_on"),
    ("interactions", "happened_on"),
    ("opportunities", "closed_on"),
    ("public_signals", "observed_on"),
];

fn company() -> Company {
    Company { accounts: 60, months: 30, seed: Seed(7), ..Company::default() }
}

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

fn written(company: &Company, as_of: Option<Month>) -> (TempDir, SimulateReport) {
    let out = TempDir::new().unwrap();
    let report = write(company, out.path(), as_of).unwrap();
    (out, report)
}

fn table(out: &Path, name: &str) -> DataFrame {
    let file = File::open(out.join("data").join(format!("{name}.parquet"))).unwrap();
    ParquetReader::new(file).finish().unwrap()
}

fn bytes(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(out.join("data")).unwrap().map(|entry| entry.unwrap().path());
    files
        .chain([out.join("truth.parquet")])
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap()))
        .collect()
}

fn known_by(frame: DataFrame, until: Month) -> LazyFrame {
    let last = until.last_day();
    let last = date(last.year(), last.month(), last.day());
    frame.lazy().filter(col("known_at").lt_eq(last))
}

fn date(year: i16, month: i8, day: i8) -> Expr {
    lit(format!("{year:04}-{month:02}-{day:02}")).str().to_date(StrptimeOptions::default())
}

#[test]
fn the_same_seed_writes_the_same_bytes_on_one_and_on_two_threads() {
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| bytes(written(&company(), None).0.path()))
    };
    let one = on(1);
    assert_eq!(one.len(), 14, "{:?}", one.keys());
    assert!(one == on(2), "another number of threads wrote other bytes");
    let (other, _) = written(&Company { seed: Seed(8), ..company() }, None);
    assert!(one["order_lines.parquet"] != bytes(other.path())["order_lines.parquet"], "the seed has no effect");
}

#[test]
fn every_table_of_the_contract_has_rows_and_the_truth_lies_apart() {
    let (out, report) = written(&company(), None);
    assert_eq!(report.as_of, month("2018-06"));
    for (name, rows, _) in &report.tables {
        assert!(*rows > 0, "{name} is empty");
        if *name != "truth" {
            assert_eq!(table(out.path(), name).height() as u64, *rows, "{name}");
        }
    }
    assert!(!out.path().join("data/truth.parquet").exists());
    assert!(out.path().join("truth.parquet").exists());
    assert!(report.active_accounts > 20 && report.active_accounts < 60, "{}", report.active_accounts);
    let leftovers = fs::read_dir(out.path().join("data")).unwrap().flatten();
    assert!(leftovers.into_iter().all(|entry| entry.path().extension().is_some_and(|e| e == "parquet")));
}

#[test]
fn every_file_keeps_the_data_contract() {
    let (out, _) = written(&Company { foreign_currency: true, ..company() }, None);
    for contract in TABLES {
        let frame = table(out.path(), contract.name);
        for column in frame.columns() {
            let at = format!("{}.{}", contract.name, column.name());
            let declared = contract.column(column.name()).unwrap_or_else(|| panic!("{at} is not in the contract"));
            let values = column.drop_nulls();
            let text = || values.cast(&DataType::String).unwrap();
            let range = || values.cast(&DataType::Float64).unwrap();
            let all = |holds: &dyn Fn(f64) -> bool| range().f64().unwrap().iter().flatten().all(holds);
            let kept = match declared.kind {
                Kind::Choice(words) => text().str().unwrap().iter().flatten().all(|word| words.contains(&word)),
                Kind::Number(low, high) => all(&|value| low <= value && value <= high),
                Kind::Integer(low, high) => all(&|value| low as f64 <= value && value <= high as f64),
                Kind::Date => column.dtype() == &DataType::Date,
                Kind::Bool => column.dtype() == &DataType::Boolean,
                Kind::Month => text().str().unwrap().iter().flatten().all(|text| text.parse::<Month>().is_ok()),
                Kind::Text | Kind::Money | Kind::Quantity => true,
            };
            assert!(kept, "{at} is not {}", declared.kind);
        }
        for column in contract.columns.iter().filter(|column| column.required) {
            assert_eq!(frame.column(column.name).unwrap().null_count(), 0, "{}.{}", contract.name, column.name);
        }
        if !contract.key.is_empty() {
            let key: Vec<Expr> = contract.key.iter().copied().chain(["known_at"]).map(col).collect();
            let distinct = frame.clone().lazy().select(key).unique(None, UniqueKeepStrategy::Any).collect().unwrap();
            assert_eq!(distinct.height(), frame.height(), "{}: two rows with one key", contract.name);
        }
    }
}

#[test]
fn no_row_tells_of_anything_before_it_is_known() {
    let (out, report) = written(&company(), None);
    for (name, column) in OUTCOMES {
        let early = table(out.path(), name).lazy().filter(col(column).gt(col("known_at"))).collect().unwrap();
        assert_eq!(early.height(), 0, "{name}.{column}: {early}");
    }
    for (name, ..) in report.tables.iter().filter(|(name, ..)| *name != "truth") {
        let frame = table(out.path(), name);
        assert_eq!(known_by(frame.clone(), report.as_of).collect().unwrap().height(), frame.height(), "{name}");
    }
}

#[test]
fn the_states_of_a_fact_become_known_one_after_the_other() {
    let (out, _) = written(&company(), None);
    for (name, id) in STATES {
        let frame = table(out.path(), name);
        let distinct = frame.clone().lazy().select([col(id), col("known_at")]).unique(None, UniqueKeepStrategy::Any);
        assert_eq!(distinct.collect().unwrap().height(), frame.height(), "{name}: two states on one day");
        let ids = frame.column(id).unwrap().n_unique().unwrap();
        assert!(ids < frame.height(), "{name}: nothing ever changes");
    }
}

#[test]
fn the_database_as_of_a_month_is_what_the_full_one_knew_by_then() {
    let then = month("2017-09");
    let (full, _) = written(&company(), None);
    let (as_of, report) = written(&company(), Some(then));
    assert_eq!(report.as_of, then);
    for (name, ..) in report.tables.iter().filter(|(name, ..)| *name != "truth") {
        let expected = known_by(table(full.path(), name), then).collect().unwrap();
        assert!(table(as_of.path(), name).equals_missing(&expected), "{name}");
        assert!(expected.height() < table(full.path(), name).height() || ["products", "reps"].contains(name), "{name}");
    }
}

#[test]
fn where_changes_overwrite_each_fact_is_in_its_state_of_then() {
    let then = month("2017-09");
    let (full, _) = written(&company(), None);
    let (as_of, _) = written(&Company { changes: Changes::Overwritten, ..company() }, Some(then));
    for (name, id) in STATES {
        let newest = known_by(table(full.path(), name), then)
            .group_by_stable([col(id)])
            .agg([all().exclude_cols([id]).as_expr().last()])
            .collect()
            .unwrap();
        let found = table(as_of.path(), name);
        let columns: Vec<_> = found.get_column_names_owned();
        assert!(found.equals_missing(&newest.select(columns).unwrap()), "{name}");
    }
    let last = table(full.path(), "invoices").lazy().group_by([col("invoice_id")]).agg([col("paid_on").last()]);
    let then_open = table(as_of.path(), "invoices").lazy().filter(col("paid_on").is_null()).select([col("invoice_id")]);
    let paid_since = then_open
        .join(last, [col("invoice_id")], [col("invoice_id")], JoinArgs::new(JoinType::Inner))
        .filter(col("paid_on").is_not_null())
        .collect()
        .unwrap();
    assert!(paid_since.height() > 10, "invoices paid since then were open then");
}

#[test]
fn more_accounts_add_rows_and_change_none() {
    let (few, _) = written(&company(), None);
    let (more, _) = written(&Company { accounts: 90, ..company() }, None);
    for name in ["order_lines", "customers", "invoices", "survey_answers", "staff_answers", "opportunities"] {
        let few = table(few.path(), name);
        assert!(table(more.path(), name).head(Some(few.height())).equals_missing(&few), "{name}");
    }
}

#[test]
fn money_is_exact_to_the_cent() {
    let (out, _) = written(&company(), None);
    for (name, column) in [("order_lines", "net_revenue"), ("order_lines", "cost"), ("invoices", "amount")] {
        assert_eq!(
            table(out.path(), name).column(column).unwrap().dtype(),
            &DataType::Decimal(18, 2),
            "{name}.{column}"
        );
    }
}

#[test]
fn a_second_currency_comes_with_its_rates_and_leaves_with_them() {
    let (out, report) = written(&Company { foreign_currency: true, ..company() }, None);
    assert_eq!(report.rows("fx_rates"), 30);
    let currencies = table(out.path(), "order_lines").column("currency").unwrap().n_unique().unwrap();
    assert_eq!(currencies, 2);
    let report = write(&company(), out.path(), None).unwrap();
    assert_eq!(report.rows("fx_rates"), 0);
    assert!(!out.path().join("data/fx_rates.parquet").exists());
    assert_eq!(table(out.path(), "order_lines").column("currency").unwrap().n_unique().unwrap(), 1);
}

#[test]
fn noise_says_nothing_of_the_next_year() {
    let noise = Company { accounts: 400, months: 24, mode: Mode::Noise, ..company() };
    let (out, report) = written(&noise, None);
    assert_eq!(report.active_accounts, 400);
    let half = date(2017, 1, 1);
    let sums = table(out.path(), "order_lines")
        .lazy()
        .with_columns([col("net_revenue").cast(DataType::Float64)])
        .group_by([col("customer_id")])
        .agg([
            col("net_revenue").filter(col("ordered_on").lt(half.clone())).sum().alias("before"),
            col("net_revenue").filter(col("ordered_on").gt_eq(half)).sum().alias("after"),
        ])
        .collect()
        .unwrap();
    let values = |name: &str| -> Vec<f64> {
        sums.column(name).unwrap().f64().unwrap().iter().map(|value| value.unwrap_or(0.0)).collect()
    };
    let (before, after) = (values("before"), values("after"));
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (x, y) = (mean(&before), mean(&after));
    let covariance: f64 = before.iter().zip(&after).map(|(b, a)| (b - x) * (a - y)).sum();
    let spread = |values: &[f64], mean: f64| values.iter().map(|v| (v - mean).powi(2)).sum::<f64>().sqrt();
    let correlation = covariance / (spread(&before, x) * spread(&after, y));
    assert!(correlation.abs() < 0.15, "years correlate by {correlation}");
}

#[test]
fn an_as_of_month_outside_the_history_is_refused_with_the_range() {
    let out = TempDir::new().unwrap();
    let refused = write(&company(), out.path(), Some(month("2018-07"))).unwrap_err();
    assert_eq!(refused.to_string(), "option `as_of` is 2018-07, expected a month from 2016-01 to 2018-06");
    assert!(matches!(refused, SimulateError::Option { option: "as_of", .. }));
    assert_eq!(refused.hint().unwrap(), "set `as_of` to a month from 2016-01 to 2018-06");
    assert!(fs::read_dir(out.path()).unwrap().next().is_none(), "nothing is written");
}

#[test]
fn the_bundled_example_is_what_its_command_writes() {
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/example");
    let (out, report) = written(&Company::example(), None);
    let mut size = fs::metadata(bundled.join("truth.parquet")).unwrap().len();
    for (name, ..) in report.tables.iter().filter(|(name, ..)| *name != "truth") {
        // Another machine's logarithm may differ in the last digit: compare values, floats closely.
        let (ours, theirs) = (table(out.path(), name), table(&bundled, name));
        assert_eq!(ours.schema(), theirs.schema(), "{name}");
        for (our, their) in ours.columns().iter().zip(theirs.columns()) {
            if our.dtype() == &DataType::Float64 {
                let values = |column: &Column| -> Vec<Option<f64>> { column.f64().unwrap().iter().collect() };
                let close = |(a, b): (Option<f64>, Option<f64>)| a.zip(b).map_or(a == b, |(a, b)| (a - b).abs() < 1e-9);
                assert!(values(our).into_iter().zip(values(their)).all(close), "{name}.{}", our.name());
            } else {
                assert!(our.equals_missing(their), "{name}.{}", our.name());
            }
        }
        size += fs::metadata(bundled.join("data").join(format!("{name}.parquet"))).unwrap().len();
    }
    assert!(size < 2 << 20, "the example has {size} bytes");
}
