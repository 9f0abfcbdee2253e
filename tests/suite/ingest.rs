//! Files as they are found in companies, into the warehouse.

use headroom::ingest::{IngestError, contract};
use proptest::prelude::*;

use super::project::{HEADER, Project};

const LINES: &[&str] =
    &["order_id", "line_number", "customer_id", "ordered_on", "net_revenue_e4", "quantity_e4", "cost_e4"];

#[test]
fn a_german_export_is_read_as_it_was_meant() {
    let mut project = Project::new();
    let text = "Beleg;Pos;Kunde;Datum;Umsatz;Menge;Einstand;Bemerkung\r\n\
                4711;10;00815;31.12.2020;1.234,56;1.000,000;800,00;\"eilig;\r\nbitte\"\r\n\
                4711;20;00815;31.12.2020;-12,50;1,000;8,00-;für Köln\r\n\
                ;;;;;;;\r\n\
                4712;10;Müller;01.02.2021;99,90;2,500;;5 €\r\n";
    project.file("export.csv", encoding_rs::WINDOWS_1252.encode(text).0);
    project.section(
        "order_lines",
        "files = ['data/export.csv']\n[columns]\norder_id = 'Beleg'\nline_number = 'Pos'\ncustomer_id = 'Kunde'\n\
         ordered_on = 'Datum'\nnet_revenue = 'Umsatz'\nquantity = 'Menge'\ncost = 'Einstand'",
    );
    let report = project.ingest().unwrap();
    assert_eq!(
        project.rows(LINES, "FROM order_lines ORDER BY order_id, line_number"),
        [
            "4711|10|00815|2020-12-31|12345600|10000000|8000000",
            "4711|20|00815|2020-12-31|-125000|10000|-80000",
            "4712|10|Müller|2021-02-01|999000|25000|-",
        ]
    );
    let batch = &report.batches[0];
    assert_eq!((batch.rows_in, batch.rows_loaded, batch.rows_quarantined), (3, 3, 0));
    let recognised: Vec<String> = batch.recognised.iter().map(|(what, found)| format!("{what}: {found}")).collect();
    assert_eq!(
        recognised,
        ["dates: dd.mm.yyyy", "decimal mark: ,", "delimiter: semicolon", "encoding: windows-1252", "format: csv"]
    );
    assert!(report.notices.iter().any(|notice| notice.text.ends_with("has no use for Bemerkung")), "{report:?}");
}

#[test]
fn rows_that_break_the_contract_are_in_quarantine_with_line_column_and_reason() {
    let project = Project::new();
    project.file(
        "order_lines.csv",
        "order_id,customer_id,ordered_on,net_revenue,quantity\n\
         1,A,2021-01-01,10.00,1\n\
         2,,2021-01-02,abc,1\n\
         3,\"A\nB\",2021-02-30,1.00,1\n\
         4,A,9999-12-31,1.00,1\n\
         5,A,0001-01-01,1.00,1\n\
         6,A,2021-01-01,1e308,1\n\
         7,A,2021-01-01,NaN,=cmd()\n\
         8,A,2021-01-01,inf,\n\
         9,A,2021-01-01\n\
         10,A,2021-01-01,1.00,1,more\n\
         11,A,2021-01-01,1.00,1,\n",
    );
    let report = project.ingest().unwrap();
    let batch = &report.batches[0];
    assert_eq!((batch.rows_in, batch.rows_loaded, batch.rows_quarantined), (11, 2, 9));
    assert_eq!(
        project.rows(
            &["row_number", "column_name", "value", "reason"],
            "FROM quarantine ORDER BY row_number, column_name"
        ),
        [
            "3|customer_id|-|missing",
            "3|net_revenue|abc|not readable",
            "4|ordered_on|2021-02-30|not readable",
            "6|ordered_on|9999-12-31|out of range",
            "7|ordered_on|0001-01-01|out of range",
            "8|net_revenue|1e308|not readable",
            "9|net_revenue|NaN|not readable",
            "9|quantity|=cmd()|not readable",
            "10|net_revenue|inf|not readable",
            "11|-|-|3 fields",
            "12|-|-|6 fields",
        ]
    );
    let export = std::fs::read_to_string(project.folder.path().join("data/quarantine/order_lines.csv")).unwrap();
    assert!(
        export.contains("data/order_lines.csv,9,quantity,'=cmd(),a quantity below 100 billion,not readable"),
        "{export}"
    );

    project.file("order_lines.csv", format!("{HEADER}1,A,2021-01-01,10.00\n"));
    let mut project = project;
    project.section("order_lines", "received_on = 2021-02-01");
    project.ingest().unwrap();
    assert!(!project.folder.path().join("data/quarantine/order_lines.csv").exists());
}

#[test]
fn parquet_and_csv_of_the_same_rows_give_the_same_table() {
    let columns = "order_id,customer_id,ordered_on,net_revenue,line_number,quantity,cost,currency,product_group\n";
    let text = format!(
        "{columns}1,17,2021-01-31,19.99,1,2,10.005,EUR,Tools\n1,17,2021-01-31,-0.00005,2,1.5,,,\n2,18,2021-02-01,1000000,1,-1,5,eur,Tools\n"
    );
    let csv = Project::new();
    csv.file("order_lines.csv", &text);
    csv.ingest().unwrap();
    let parquet = Project::new();
    let path = |name: &str| parquet.folder.path().join("data").join(name).display().to_string();
    parquet
        .warehouse
        .execute_script(&format!(
            "COPY (SELECT * FROM (VALUES (1, 17.0::DOUBLE, TIMESTAMP '2021-01-31 12:00:00', 19.99::DOUBLE, 1::TINYINT, 2::DOUBLE, 10.005::DECIMAL(9,3), 'EUR', ' Tools '),\n\
             (1, 17.0, TIMESTAMP '2021-01-31 00:00:00', -0.00005, 2, 1.5, NULL, NULL, ''),\n\
             (2, 18.0, TIMESTAMP '2021-02-01 00:00:00', 1000000, 1, -1, 5, 'eur', 'Tools'))\n\
             t(order_id, customer_id, ordered_on, net_revenue, line_number, quantity, cost, currency, product_group)) TO '{}' (FORMAT parquet)",
            path("order_lines.parquet")
        ))
        .unwrap();
    parquet.ingest().unwrap();
    let all = [LINES, &["currency", "product_group", "known_at", "is_reversal"]].concat();
    let rows = csv.rows(&all, "FROM order_lines ORDER BY order_id, line_number");
    assert_eq!(rows[1], "1|2|17|2021-01-31|-1|15000|-|EUR|(none)|2021-01-31|false");
    assert_eq!(parquet.rows(&all, "FROM order_lines ORDER BY order_id, line_number"), rows);
}

#[test]
fn parquet_rows_that_break_the_contract_are_in_quarantine_by_row() {
    let project = Project::new();
    let path = project.folder.path().join("data/order_lines.parquet").display().to_string();
    project
        .warehouse
        .execute_script(&format!(
            "COPY (SELECT i AS order_id, CASE WHEN i <> 3 THEN 'A' END AS customer_id, DATE '2021-01-01' AS ordered_on,\n\
             CASE WHEN i = 5 THEN 'nan'::DOUBLE WHEN i = 6 THEN 1e300 ELSE i END AS net_revenue FROM range(1, 11) t(i)) TO '{path}' (FORMAT parquet)"
        ))
        .unwrap();
    let report = project.ingest().unwrap();
    assert_eq!(
        (report.batches[0].rows_in, report.batches[0].rows_loaded, report.batches[0].rows_quarantined),
        (10, 7, 3)
    );
    assert_eq!(
        project.rows(&["row_number", "column_name", "reason"], "FROM quarantine ORDER BY row_number"),
        ["3|customer_id|missing", "5|net_revenue|out of range", "6|net_revenue|out of range"]
    );
}

#[test]
fn what_can_be_read_both_ways_is_an_error_with_the_remedy() {
    let project = Project::new();
    project.file("order_lines.csv", format!("{HEADER}1,A,03/04/2021,5.00\n"));
    let error = project.ingest().unwrap_err();
    assert_eq!(
        error.to_string(),
        "data/order_lines.csv: dates such as `03/04/2021` in column `ordered_on` can be read day first and month first"
    );
    assert_eq!(error.hint().unwrap(), "set `date_order = \"dmy\"` or `\"mdy\"` in `[order_lines]`");
    project.file("order_lines.csv", "order_id;customer_id;ordered_on;net_revenue\n1;A;2021-01-01;1.234\n");
    assert!(matches!(project.ingest(), Err(IngestError::AmbiguousNumbers { .. })));
    let mut project = project;
    project.section("order_lines", "decimal = ','");
    project.ingest().unwrap();
    assert_eq!(project.rows(&["net_revenue_e4"], "FROM order_lines"), ["12340000"]);
}

#[test]
fn files_without_anything_to_load_are_errors_that_say_so() {
    let project = Project::new();
    assert!(matches!(project.ingest(), Err(IngestError::NoOrderLines { .. })));
    project.file("order_lines.csv", "");
    assert!(matches!(project.ingest(), Err(IngestError::Empty { .. })));
    project.file("order_lines.csv", HEADER);
    let error = project.ingest().unwrap_err();
    assert_eq!(error.to_string(), "data/order_lines.csv: a header and no order lines below it");
    project.file("order_lines.csv", format!("{HEADER}1,A,2021-01-01,12 EUR\n"));
    let error = project.ingest().unwrap_err();
    assert_eq!(
        error.to_string(),
        "data/order_lines.csv: none of 1 rows could be loaded; the first has `12 EUR` in `net_revenue`, expected an amount below 100 billion"
    );
    project.file("order_lines.csv", format!("{HEADER}1,A,2021-01-01,\"12\n2,B,2021-01-01,5.00\n"));
    assert!(matches!(project.ingest(), Err(IngestError::Record { line: 2, .. })));
    project.file("order_lines.csv", "order_id,customer_id,net_revenue\n1,A,5\n");
    assert!(matches!(project.ingest(), Err(IngestError::MissingColumn { .. })));
    project.file("order_lines.csv", format!("{HEADER}1,A,2021-01-01,-12.00\n2,A,2031-01-01,-5.00\n"));
    assert_eq!(project.ingest().unwrap().batches[0].rows_loaded, 2);
}

#[test]
fn a_failure_leaves_everything_as_it_was() {
    let project = Project::new();
    project.file("order_lines.csv", format!("{HEADER}1,A,2021-01-01,5.00\n"));
    project.ingest().unwrap();
    project.file("customers.csv", "customer_id,name\nA,Anna GmbH\n");
    project.file("order_lines.csv", "order_id,customer_id\n1,A\n");
    assert!(project.ingest().is_err());
    assert_eq!(project.rows(&["count(*)"], "FROM customers"), ["0"]);
    assert_eq!(project.rows(&["net_revenue_e4"], "FROM order_lines"), ["50000"]);
    project.file("order_lines.csv", format!("{HEADER}1,A,2021-01-01,5.00\n"));
    project.ingest().unwrap();
    assert_eq!(project.rows(&["count(*)"], "FROM customers"), ["1"]);
}

#[test]
fn a_second_currency_needs_rates_and_follows_them() {
    let project = Project::new();
    let header = "order_id,customer_id,ordered_on,net_revenue,cost,currency\n";
    project.file(
        "order_lines.csv",
        format!("{header}1,A,2021-01-15,100,50,USD\n2,A,2021-02-15,100,,usd\n3,A,2021-02-15,7,5,\n"),
    );
    let error = project.ingest().unwrap_err();
    assert_eq!(error.to_string(), "there is no rate from USD to EUR for 2021-01 and 1 more months");
    assert!(error.hint().unwrap().contains("data/fx_rates.csv"));
    project.file("fx_rates.csv", "month,currency,rate\n2021-01,USD,0.82\n2021-02,USD,0.83\n");
    project.ingest().unwrap();
    let amounts = |project: &Project| {
        project.rows(&["order_id", "net_revenue_e4", "cost_e4"], "FROM order_lines ORDER BY order_id")
    };
    assert_eq!(amounts(&project), ["1|820000|410000", "2|830000|-", "3|70000|50000"]);
    project.file("fx_rates.csv", "month,currency,rate\n2021-01,USD,0.80\n2021-02,USD,0.83\n");
    project.ingest().unwrap();
    assert_eq!(amounts(&project), ["1|800000|400000", "2|830000|-", "3|70000|50000"]);
}

#[test]
fn product_groups_come_from_the_products_and_follow_them() {
    let project = Project::new();
    project.file(
        "order_lines.csv",
        "order_id,customer_id,ordered_on,net_revenue,product_id,product_group\n1,A,2021-01-01,1,P1,\n2,A,2021-01-01,1,P1,Own\n3,A,2021-01-01,1,P2,\n4,A,2021-01-01,1,,\n",
    );
    project.file("products.csv", "product_id,product_group\nP1,Tools\n");
    project.ingest().unwrap();
    let groups = |project: &Project| project.rows(&["order_id", "product_group"], "FROM order_lines ORDER BY order_id");
    assert_eq!(groups(&project), ["1|Tools", "2|Own", "3|(none)", "4|(none)"]);
    project.file("products.csv", "product_id,product_group\nP1,Machines\nP2,Parts\n");
    project.ingest().unwrap();
    assert_eq!(groups(&project), ["1|Machines", "2|Own", "3|Parts", "4|(none)"]);
}

#[test]
fn nobody_can_tell_from_warehouse_or_quarantine_who_answered_what() {
    let project = Project::new();
    project.file("order_lines.csv", format!("{HEADER}1,C1,2021-01-01,5.00\n"));
    project.file(
        "staff_answers.csv",
        "round,customer_id,rater,answered_on,potential,relationship,willingness\n\
         r1,C1,Erika Mustermann,2021-01-10,8,7,6\nr1,C2,Erika Mustermann,2021-01-10,77,7,6\nr1,C1,Hans Beispiel,2021-01-10,3,not-a-grade,1\n\
         r1,C1,Erika Mustermann,2021-01-10,9,7,6\n",
    );
    let report = project.ingest().unwrap();
    let batch = report.batches.iter().find(|batch| batch.table == "staff_answers").unwrap();
    assert_eq!((batch.rows_in, batch.rows_loaded, batch.rows_quarantined), (4, 1, 3));
    let raters = project.rows(&["rater", "potential"], "FROM staff_answers");
    assert!(raters[0].len() == 36 && raters[0].ends_with("|9.0"), "{raters:?}");
    let refused = project.rows(&["row_number", "column_name", "value"], "FROM quarantine ORDER BY row_number");
    assert_eq!(refused, ["2|round|-", "3|potential|-", "4|relationship|-"]);
    let shown = format!(
        "{report:?}{}",
        std::fs::read_to_string(project.folder.path().join("data/quarantine/staff_answers.csv")).unwrap()
    );
    for secret in ["Erika", "Hans", "77", "not-a-grade"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[test]
fn the_documentation_shows_the_contract_as_it_is() {
    let documentation = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/data.md")).unwrap();
    let (before, rest) = documentation.split_once("<!-- contract -->\n").unwrap();
    let (shown, after) = rest.split_once("<!-- end of contract -->").unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let tables = contract::tables_as_markdown();
        let updated = format!("{before}<!-- contract -->\n{tables}<!-- end of contract -->{after}");
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/data.md"), updated).unwrap();
        return;
    }
    assert!(shown == contract::tables_as_markdown(), "docs/data.md is out of date: run this test with UPDATE_DOCS=1");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_in_a_file_every_row_is_accounted_for(
        bytes in proptest::collection::vec(prop_oneof![
            4 => proptest::sample::select(b"0123456789,.;-\n\"A/ ".to_vec()),
            1 => any::<u8>(),
        ], 0..300),
        rows in proptest::collection::vec(("[A-Z0-9]{0,2}", "20[0-9]{2}-[01][0-9]-[0-3][0-9]", "-?[0-9]{0,9}(\\.[0-9]{0,6})?"), 0..20),
    ) {
        let project = Project::new();
        let mut text = HEADER.as_bytes().to_vec();
        for (n, (customer, day, amount)) in rows.iter().enumerate() {
            text.extend_from_slice(format!("{n},{customer},{day},{amount}\n").as_bytes());
        }
        text.extend_from_slice(&bytes);
        project.file("order_lines.csv", &text);
        if let Ok(report) = project.ingest() {
            let batch = &report.batches[0];
            prop_assert_eq!(batch.rows_in, batch.rows_loaded + batch.rows_quarantined);
            let held = project.rows(&["count(*)"], "FROM order_lines");
            prop_assert_eq!(&held[0], &batch.rows_loaded.to_string());
        }
    }
}
