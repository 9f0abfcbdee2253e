//! Thirty messy sources: they load, reconcile to the cent with what was delivered, and every planted fault is found.

use std::collections::BTreeMap;

use headroom::{
    domain::Seed,
    params,
    simulate::{Company, Planted, write_mess},
    warehouse::{Warehouse, WarehouseOptions},
};

use crate::{binary::Project, linkage::measure::Pairwise};

fn messy() -> (Project, Planted) {
    let project = Project::empty();
    let company = Company { accounts: 160, months: 30, seed: Seed(3), ..Company::default() };
    let report = write_mess(&company, project.path()).unwrap();
    assert!(report.sources.len() >= 30, "{} sources", report.sources.len());
    (project, report.planted)
}

fn counts(warehouse: &Warehouse, sql: &str) -> BTreeMap<String, i64> {
    warehouse
        .query(sql, params![], |row| Ok((row.get::<String>(0)?, row.get::<i64>(1)?)))
        .unwrap()
        .into_iter()
        .collect()
}

#[test]
fn thirty_messy_sources_load_reconcile_and_show_what_was_planted() {
    let (project, planted) = messy();
    let said = project.run(&["ingest"]);
    assert!(said.out.lines().count() > 50, "{}", said.out);
    let warehouse =
        Warehouse::open(project.path().join("data/warehouse.duckdb"), &WarehouseOptions::default()).unwrap();

    // to the cent, per source and month, corrected snapshots among them
    let loaded = counts(
        &warehouse,
        "SELECT source || ' ' || strftime(ordered_on, '%Y-%m'), CAST(sum(net_revenue_e4) AS BIGINT) FROM order_lines GROUP BY 1",
    );
    let delivered: BTreeMap<String, i64> = planted
        .revenue
        .iter()
        .flat_map(|(source, months)| {
            months.iter().map(move |(month, cents)| (format!("{source} {month}"), cents * 100))
        })
        .collect();
    assert!(delivered.len() > 100);
    for (key, expected) in &delivered {
        assert_eq!(loaded.get(key), Some(expected), "{key}");
    }
    assert_eq!(loaded.len(), delivered.len());

    // every broken row, in its file, and no other
    let refused = counts(&warehouse, "SELECT file, count(DISTINCT row_number) FROM quarantine GROUP BY 1");
    let mut expected: BTreeMap<String, i64> = BTreeMap::new();
    for fault in &planted.faults {
        *expected.entry(fault.file.clone()).or_default() += fault.rows as i64;
    }
    assert!(expected.len() >= 8, "{expected:?}");
    assert_eq!(refused, expected);

    let reversals = counts(&warehouse, "SELECT source, count(*) FROM order_lines WHERE is_reversal GROUP BY 1");
    assert_eq!(reversals.values().sum::<i64>() as u64, planted.corrected_lines);
    for missing in &planted.missing_deliveries {
        let key = format!("{} {}", missing.source, missing.month);
        assert!(!loaded.contains_key(&key), "{key} was not delivered");
    }
    let strangers = counts(
        &warehouse,
        "SELECT customer_id, count(*) FROM order_lines WHERE customer_id NOT IN (SELECT customer_id FROM customers) GROUP BY 1",
    );
    assert_eq!(strangers.keys().collect::<Vec<_>>(), planted.unknown_customers.iter().collect::<Vec<_>>());
    let mail = counts(&warehouse, "SELECT outcome, count(*) FROM interactions WHERE source = 'mail' GROUP BY 1");
    assert!(mail["answered"] > 0 && mail["unanswered"] > 0, "{mail:?}");
}

#[test]
fn the_companies_behind_four_customer_files_are_found_and_the_gaps_are_named() {
    let (project, planted) = messy();
    project.run(&["resolve"]);
    let warehouse =
        Warehouse::open(project.path().join("data/warehouse.duckdb"), &WarehouseOptions::default()).unwrap();
    let accounts = warehouse
        .query(
            "SELECT source || ' ' || customer_id, account_id FROM accounts \
             SEMI JOIN customers USING (source, customer_id) ORDER BY ALL",
            params![],
            |row| Ok((row.get::<String>(0)?, row.get::<String>(1)?)),
        )
        .unwrap();
    let mut company: BTreeMap<String, String> = BTreeMap::new();
    for (n, records) in planted.duplicates.iter().enumerate() {
        company
            .extend(records.iter().map(|record| (format!("{} {}", record.source, record.customer_id), n.to_string())));
    }
    assert!(company.keys().all(|record| accounts.iter().any(|(known, _)| known == record)), "every record is loaded");
    // a record that was planted once is a company of its own
    let truth: Vec<&String> = accounts.iter().map(|(record, _)| company.get(record).unwrap_or(record)).collect();
    let mut clusters: BTreeMap<&String, Vec<u32>> = BTreeMap::new();
    for (n, (_, account)) in (0..).zip(&accounts) {
        clusters.entry(account).or_default().push(n);
    }
    let found = Pairwise::of_clusters(&truth, &clusters.into_values().collect::<Vec<_>>());
    println!(
        "{} records of {} companies in several files: precision {:.3}, recall {:.3}, F1 {:.3}",
        company.len(),
        planted.duplicates.len(),
        found.precision,
        found.recall,
        found.f1
    );
    assert!(found.precision >= 0.95 && found.recall >= 0.85, "{found:?}");

    drop(warehouse);
    let said = project.run_or_gate(&["check"]);
    assert!(!said.out.contains("reconciliation (completeness)"), "{}", said.out);
    for missing in &planted.missing_deliveries {
        let gap = format!("{} of {} has 0 rows in {}", missing.table, missing.source, missing.month);
        assert!(said.out.contains(&gap), "{gap}\n{}", said.out);
    }
    for stranger in &planted.unknown_customers {
        assert!(said.out.contains(stranger.as_str()), "{stranger}\n{}", said.out);
    }
}

#[test]
fn the_same_mess_is_the_same_bytes() {
    let (one, other) = (messy().0, messy().0);
    for name in
        ["headroom.toml", "planted.json", "data/in/wien_auftraege.xlsx", "data/in/shop.jsonl", "data/in/mail/Vertrieb"]
    {
        let read = |project: &Project| std::fs::read(project.path().join(name)).unwrap();
        assert!(read(&one) == read(&other), "{name}");
    }
}
