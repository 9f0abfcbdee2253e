//! Files that follow each other: what is known from when, and that the end is the same by every road.

use headroom::{history, ingest::IngestError};

use super::project::{HEADER, Project};

const KNOWN: &[&str] = &["order_id", "net_revenue_e4", "ordered_on", "known_at", "is_reversal"];
const BY_KNOWN: &str = "FROM order_lines ORDER BY known_at, order_id, is_reversal DESC, net_revenue_e4";

/// Order lines of a year with the last day each must be in a file: (order, line, customer, day, revenue in cents).
fn year() -> Vec<(u32, u32, String, String, i64)> {
    let mut lines = Vec::new();
    for order in 0..120_u32 {
        for line in 1..=1 + order % 3 {
            let (month, day) = (1 + order % 12, 1 + order * 7 % 28);
            let cents = i64::from(order * 37 % 1000) * 13 - if order % 11 == 0 { 9000 } else { 0 };
            lines.push((order, line, format!("C{}", order % 9), format!("2021-{month:02}-{day:02}"), cents));
        }
    }
    lines
}

fn csv(lines: &[(u32, u32, String, String, i64)]) -> String {
    let mut text = "order_id,line_number,customer_id,ordered_on,net_revenue\n".to_owned();
    for (order, line, customer, day, cents) in lines {
        text.push_str(
            &format!("{order},{line},{customer},{day},{}.{:02}\n", cents / 100, (cents % 100).abs())
                .replace(",0.", if *cents < 0 { ",-0." } else { ",0." }),
        );
    }
    text
}

/// Sums by customer, month and order, as the ledger sees them in the end.
fn sums(project: &Project) -> Vec<String> {
    project.rows(
        &["customer_id", "strftime(ordered_on, '%Y-%m')", "order_id", "CAST(sum(net_revenue_e4) AS BIGINT)", "CAST(sum(CASE WHEN is_reversal THEN -1 ELSE 1 END) AS BIGINT)"],
        "FROM order_lines GROUP BY customer_id, strftime(ordered_on, '%Y-%m'), order_id HAVING sum(CASE WHEN is_reversal THEN -1 ELSE 1 END) <> 0 ORDER BY 1",
    )
}

/// Both grains of the ledger, by the month of knowledge or (`0`) without regard to it; records that cancelled out left
/// aside.
fn ledger(project: &Project, known: &str) -> Vec<String> {
    project.resolve();
    history::build(&project.warehouse).unwrap();
    let by_group = format!(
        "FROM (SELECT account_id, month, {known} AS known, product_group, CAST(sum(net_revenue_e4) AS BIGINT) AS net, \
         CAST(sum(gross_revenue_e4) AS BIGINT) AS gross, CAST(sum(returns_e4) AS BIGINT) AS returned, CAST(sum(lines) AS BIGINT) AS lines \
         FROM ledger_groups GROUP BY ALL HAVING sum(lines) <> 0) ORDER BY 1"
    );
    let by_account = format!(
        "FROM (SELECT account_id, month, {known} AS known, CAST(sum(orders) AS BIGINT) AS orders, bit_xor(day_mask) AS days, \
         CAST(sum(largest_order_e4) AS BIGINT) AS largest FROM ledger_accounts GROUP BY ALL HAVING sum(orders) <> 0) ORDER BY 1"
    );
    let mut rows = project
        .rows(&["account_id", "month", "known", "product_group", "net", "gross", "returned", "lines"], &by_group);
    rows.extend(project.rows(&["account_id", "month", "known", "orders", "days", "largest"], &by_account));
    rows
}

#[test]
fn one_file_twelve_snapshots_and_later_corrections_end_in_the_same_sums_to_the_cent() {
    let lines = year();
    let whole = Project::new();
    whole.file("order_lines.csv", csv(&lines));
    whole.ingest().unwrap();

    let up_to = |month: u32| -> Vec<_> {
        lines.iter().filter(|line| line.3 <= format!("2021-{month:02}-31")).cloned().collect()
    };
    let mut snapshots = Project::new();
    snapshots.section("order_lines", "files = ['data/order_lines_*.csv']\nmode = 'snapshot'");
    let mut step_by_step = Project::new();
    step_by_step.section("order_lines", "files = ['data/order_lines_*.csv']\nmode = 'snapshot'");
    for month in 1..=12 {
        let name = format!("order_lines_2021-{month:02}.csv");
        snapshots.file(&name, csv(&up_to(month)));
        step_by_step.file(&name, csv(&up_to(month)));
        step_by_step.ingest().unwrap();
    }
    snapshots.ingest().unwrap();
    assert_eq!(sums(&snapshots), sums(&whole));
    assert_eq!(sums(&step_by_step), sums(&whole));
    assert_eq!(ledger(&snapshots, "known_month"), ledger(&whole, "known_month"));
    assert_eq!(ledger(&step_by_step, "known_month"), ledger(&whole, "known_month"));
    // Each line was in the first snapshot after its day, so all of them are known from their own day.
    let dated = |p: &Project| p.rows(&["count(*)"], "FROM order_lines WHERE known_at <> ordered_on OR is_reversal");
    assert_eq!(dated(&snapshots), ["0"]);
    assert_eq!(step_by_step.rows(KNOWN, BY_KNOWN), snapshots.rows(KNOWN, BY_KNOWN));

    let mut wrong = lines.clone();
    wrong[5].4 += 1234;
    wrong[40].2 = "C99".into();
    wrong[50].3 = "2021-01-15".into();
    let late = wrong.remove(7);
    wrong.push((999, 1, "C1".into(), "2021-03-03".into(), 5));
    assert!(late.1 >= 1);
    let mut corrected = Project::new();
    corrected.section("order_lines", "mode = 'snapshot'");
    corrected.file("order_lines_2021-12-31.csv", csv(&wrong));
    corrected.ingest().unwrap();
    assert_ne!(sums(&corrected), sums(&whole));
    corrected.file("order_lines_2022-01-31.csv", csv(&lines));
    corrected.ingest().unwrap();
    assert_eq!(sums(&corrected), sums(&whole));
    // Known later, but in the end the same.
    assert_eq!(ledger(&corrected, "0"), ledger(&whole, "0"));
    assert_ne!(ledger(&corrected, "known_month"), ledger(&whole, "known_month"));

    let mut appended = Project::new();
    appended.section("order_lines", "mode = 'append'");
    for month in 1..=12 {
        let of_month: Vec<_> = lines.iter().filter(|line| line.3[5..7] == format!("{month:02}")).cloned().collect();
        appended.file(&format!("order_lines_2021-{month:02}.csv"), csv(&of_month));
    }
    appended.ingest().unwrap();
    assert_eq!(sums(&appended), sums(&whole));
    assert_eq!(ledger(&appended, "known_month"), ledger(&whole, "known_month"));
    // Files that do not overlap need no declaration.
    appended.sources.clear();
    appended.ingest().unwrap();
    assert_eq!(sums(&appended), sums(&whole));
}

#[test]
fn a_changed_and_a_vanished_line_are_taken_back_from_the_day_of_receipt() {
    let project = Project::new();
    project.file(
        "order_lines_2021-10-31.csv",
        format!("{HEADER}1,A,2021-10-01,10\n2,A,2021-10-02,20\n3,A,2021-10-03,30\n"),
    );
    project.ingest().unwrap();
    project.remove("order_lines_2021-10-31.csv");
    project.file(
        "order_lines_2021-11-30.csv",
        format!("{HEADER}1,A,2021-10-01,11\n3,A,2021-10-03,30\n4,A,2021-11-04,40\n5,A,2021-10-05,50\n"),
    );
    project.ingest().unwrap();
    assert_eq!(
        project.rows(KNOWN, BY_KNOWN),
        [
            "1|100000|2021-10-01|2021-10-01|false",
            "2|200000|2021-10-02|2021-10-02|false",
            "3|300000|2021-10-03|2021-10-03|false",
            "4|400000|2021-11-04|2021-11-04|false",
            "1|-100000|2021-10-01|2021-11-30|true",
            "1|110000|2021-10-01|2021-11-30|false",
            "2|-200000|2021-10-02|2021-11-30|true",
            "5|500000|2021-10-05|2021-11-30|false",
        ]
    );
    let again = project.ingest().unwrap();
    assert!(again.batches.iter().all(|batch| batch.reused), "{again:?}");
    assert_eq!(project.rows(&["count(*)"], "FROM order_lines"), ["8"]);
}

#[test]
fn a_line_taken_back_and_delivered_again_counts_once() {
    let mut project = Project::new();
    project.section("order_lines", "mode = 'snapshot'");
    let (with, without) = (
        format!("{HEADER}1,A,2021-10-01,10\n1,A,2021-10-01,10\n2,A,2021-10-02,20\n"),
        format!("{HEADER}1,A,2021-10-01,10\n2,A,2021-10-02,20\n"),
    );
    project.file("order_lines_2021-10-31.csv", &with);
    project.file("order_lines_2021-11-30.csv", &without);
    project.file("order_lines_2021-12-31.csv", &with);
    project.file("order_lines_2022-01-31.csv", &without);
    project.ingest().unwrap();
    assert_eq!(project.rows(&["CAST(sum(net_revenue_e4) AS BIGINT)"], "FROM order_lines"), ["300000"]);
    assert_eq!(project.rows(&["count(*)"], "FROM order_lines WHERE is_reversal"), ["2"]);
}

#[test]
fn a_correction_without_a_day_of_receipt_is_an_error_with_the_remedy() {
    let project = Project::new();
    project.file("order_lines.csv", format!("{HEADER}1,A,2021-10-01,10\n"));
    project.ingest().unwrap();
    project.file("order_lines.csv", format!("{HEADER}1,A,2021-10-01,10\n2,A,2021-11-01,20\n"));
    project.ingest().unwrap();
    project.file("order_lines.csv", format!("{HEADER}1,A,2021-10-01,12\n2,A,2021-11-01,20\n"));
    let error = project.ingest().unwrap_err();
    assert!(matches!(error, IngestError::NoReceivedOn { rows: 2, .. }), "{error}");
    assert!(error.hint().unwrap().contains("received_on = \"2021-10-31\""));
    let mut project = project;
    project.section("order_lines", "received_on = 2021-12-31");
    project.ingest().unwrap();
    assert_eq!(project.rows(&["CAST(sum(net_revenue_e4) AS BIGINT)"], "FROM order_lines"), ["320000"]);
}

#[test]
fn overlapping_files_without_a_declaration_are_an_error() {
    let project = Project::new();
    project.file("order_lines_2021-10.csv", format!("{HEADER}1,A,2021-09-01,10\n2,A,2021-10-01,10\n"));
    project
        .file("order_lines_2021-11.csv", format!("{HEADER}1,A,2021-09-01,10\n2,A,2021-10-01,10\n3,A,2021-11-01,10\n"));
    let error = project.ingest().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`order_lines`: data/order_lines_2021-10.csv and data/order_lines_2021-11.csv overlap (2021-09-01 to 2021-10-01), and nothing says how they follow each other"
    );
    assert!(error.hint().unwrap().contains("mode = \"snapshot\""));
}

#[test]
fn an_upsert_replaces_the_orders_it_holds_and_leaves_the_others() {
    let mut project = Project::new();
    project.section("order_lines", "mode = 'upsert'\nkey = ['order_id']");
    project.file(
        "order_lines_2021-10-31.csv",
        format!("{HEADER}1,A,2021-10-01,10\n1,A,2021-10-01,5\n2,A,2021-10-02,20\n"),
    );
    project.file("order_lines_2021-11-30.csv", format!("{HEADER}1,A,2021-10-01,10\n3,A,2021-11-02,7\n"));
    project.ingest().unwrap();
    assert_eq!(
        project.rows(
            &["order_id", "CAST(sum(net_revenue_e4) AS BIGINT)"],
            "FROM order_lines GROUP BY order_id ORDER BY order_id"
        ),
        ["1|100000", "2|200000", "3|70000"]
    );
}

#[test]
fn a_changed_appended_file_corrects_its_own_lines_only() {
    let mut project = Project::new();
    project.section("order_lines", "mode = 'append'");
    project.file("order_lines_2021-10-31.csv", format!("{HEADER}1,A,2021-10-01,10\n"));
    project.file("order_lines_2021-11-30.csv", format!("{HEADER}2,A,2021-11-01,20\n"));
    project.ingest().unwrap();
    project.file("order_lines_2021-11-30.csv", format!("{HEADER}2,A,2021-11-01,22\n"));
    project.ingest().unwrap();
    project.remove("order_lines_2021-10-31.csv");
    project.ingest().unwrap();
    assert_eq!(project.rows(&["CAST(sum(net_revenue_e4) AS BIGINT)"], "FROM order_lines"), ["320000"]);
}

#[test]
fn an_empty_snapshot_takes_nothing_back() {
    let mut project = Project::new();
    project.section("order_lines", "received_on = 2021-12-31");
    project.file("order_lines.csv", format!("{HEADER}1,A,2021-10-01,10\n"));
    project.ingest().unwrap();
    project.file("order_lines.csv", HEADER);
    assert!(matches!(project.ingest(), Err(IngestError::EmptySnapshot { rows: 1, .. })));
}

#[test]
fn a_states_row_is_closed_when_it_changes_or_vanishes() {
    let mut project = Project::new();
    project.file("order_lines.csv", format!("{HEADER}1,A,2021-10-01,10\n"));
    project.section("customers", "mode = 'snapshot'");
    project.file("customers_2021-10-31.csv", "customer_id,name,status\nA,Anna,active\nB,Ben,\nC,Carl,\n");
    project.file("customers_2021-11-30.csv", "customer_id,name,status\nA,Anna,blocked\nB,Ben,\nD,Dora,\n");
    project.ingest().unwrap();
    let states = |project: &Project| {
        project.rows(
            &["customer_id", "status", "known_at", "known_until"],
            "FROM customers ORDER BY customer_id, known_at",
        )
    };
    let expected = [
        "A|active|1900-01-01|2021-11-30",
        "A|blocked|2021-11-30|-",
        "B|-|1900-01-01|-",
        "C|-|1900-01-01|2021-11-30",
        "D|-|2021-11-30|-",
    ];
    assert_eq!(states(&project), expected);
    project.ingest().unwrap();
    assert_eq!(states(&project), expected);
}

#[test]
fn a_source_that_keeps_its_own_history_is_believed() {
    let project = Project::new();
    project.file("order_lines.csv", format!("{HEADER}1,A,2021-10-01,10\n"));
    project.file(
        "invoices.csv",
        "invoice_id,customer_id,issued_on,amount,dunning_level,known_at\n1,A,2021-01-01,10,0,2021-01-01\n1,A,2021-01-01,10,2,2021-03-01\n2,A,2021-02-01,10,,\n",
    );
    project.ingest().unwrap();
    assert_eq!(
        project.rows(
            &["invoice_id", "dunning_level", "known_at", "known_until"],
            "FROM invoices ORDER BY invoice_id, known_at"
        ),
        ["1|0|2021-01-01|2021-03-01", "1|2|2021-03-01|-", "2|-|2021-02-01|-"]
    );
}

#[test]
fn of_two_rows_with_the_same_id_the_last_counts_and_the_other_is_in_quarantine() {
    let project = Project::new();
    project.file("order_lines.csv", format!("{HEADER}1,A,2021-10-01,10\n"));
    project.file("customers.csv", "customer_id,name\nA,Old name\nA,New name\n");
    let report = project.ingest().unwrap();
    assert_eq!(project.rows(&["name"], "FROM customers"), ["New name"]);
    assert!(report.notices.iter().any(|notice| notice.code == "duplicate-ids"));
    assert_eq!(project.rows(&["row_number", "value"], "FROM quarantine"), ["2|A"]);
}

#[test]
fn a_table_whose_files_are_gone_is_empty_again() {
    let project = Project::new();
    project.file("order_lines.csv", format!("{HEADER}1,A,2021-10-01,10\n"));
    project.file("complaints.csv", "complaint_id,customer_id,opened_on\n1,A,2021-10-05\n");
    project.ingest().unwrap();
    project.remove("complaints.csv");
    let report = project.ingest().unwrap();
    assert_eq!(project.rows(&["count(*)"], "FROM complaints"), ["0"]);
    assert!(report.notices.iter().any(|notice| notice.code == "table-gone"));
}

#[test]
fn another_mapping_reads_the_same_bytes_again() {
    let mut project = Project::new();
    project.file("order_lines.csv", "order_id,customer_id,ordered_on,net_revenue,net\n1,A,2021-10-01,10,12\n");
    project.ingest().unwrap();
    project.section("order_lines", "[columns]\nnet_revenue = 'net'");
    let report = project.ingest().unwrap();
    assert!(!report.batches[0].reused);
    assert_eq!(project.rows(&["net_revenue_e4"], "FROM order_lines"), ["120000"]);
}
