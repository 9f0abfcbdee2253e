//! Workbooks and JSON as people and programs write them.

use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};

use super::project::{HEADER, Project};

const UMSATZ: &str = "
[order_lines]
files = ['data/umsatz.*']
columns = { order_id = 'Beleg Nr', ordered_on = 'Beleg Datum', customer_id = 'Kunde', net_revenue = 'Umsatz netto', quantity = 'Umsatz Menge' }
";
const LINES: &[&str] = &["order_id", "customer_id", "ordered_on", "net_revenue_e4", "quantity_e4"];
const EXPECTED: [&str; 3] =
    ["4711|K1|2021-10-01|12345600|20000", "4712|K2|2021-10-31|12345000|30000", "4713|K1|2021-10-03|-125000|10000"];

fn xlsx() -> Vec<u8> {
    let (mut book, plain) = (Workbook::new(), Format::new());
    book.add_worksheet().set_name("Deckblatt").unwrap().write(0, 0, "Umsatzliste 2021").unwrap();
    let sheet = book.add_worksheet().set_name("Umsätze").unwrap();
    sheet.write(0, 0, "Stand: 31.10.2021").unwrap();
    sheet.merge_range(2, 0, 2, 1, "Beleg", &plain).unwrap();
    sheet.merge_range(2, 2, 3, 2, "Kunde", &plain).unwrap();
    sheet.merge_range(2, 3, 2, 4, "Umsatz", &plain).unwrap();
    for (column, name) in [(0, "Nr"), (1, "Datum"), (3, "netto"), (4, "Menge")] {
        sheet.write(3, column, name).unwrap();
    }
    let date = Format::new().set_num_format("dd.mm.yyyy");
    for (row, id, day, customer) in [(4, 4711, Some(1), "K1"), (5, 4712, None, "K2"), (6, 4713, Some(3), "K1")] {
        sheet.write(row, 0, id).unwrap();
        match day {
            Some(day) => {
                sheet.write_with_format(row, 1, ExcelDateTime::from_ymd(2021, 10, day).unwrap(), &date).unwrap()
            }
            None => sheet.write(row, 1, 44_500).unwrap(),
        };
        sheet.write(row, 2, customer).unwrap();
    }
    sheet.write(4, 3, 1234.56).unwrap().write(4, 4, 2).unwrap();
    sheet.write(5, 3, "1.234,50").unwrap().write(5, 4, "3").unwrap();
    sheet.write(6, 3, -12.5).unwrap().write(6, 4, 1).unwrap();
    sheet.write(4, 9, "Bemerkung am Rand").unwrap();
    sheet.write(7, 0, "Summe").unwrap();
    sheet.write(7, 3, Formula::new("=SUM(D5:D7)").set_result("2456.56")).unwrap();
    book.save_to_buffer().unwrap()
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/fixtures/workbooks/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn the_same_list_is_read_from_every_kind_of_workbook() {
    for (name, bytes) in
        [("umsatz.xlsx", xlsx()), ("umsatz.xls", fixture("umsatz.xls")), ("umsatz.ods", fixture("umsatz.ods"))]
    {
        let mut project = Project::new();
        project.file(name, bytes);
        project.configure(UMSATZ);
        let report = project.ingest().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(project.rows(LINES, "FROM order_lines ORDER BY order_id"), EXPECTED, "{name}");
        let batch = &report.batches[0];
        assert_eq!((batch.rows_in, batch.rows_loaded, batch.rows_quarantined), (3, 3, 0), "{name}");
        assert_eq!((batch.recognised["sheet"].as_str(), batch.recognised["header"].as_str()), ("Umsätze", "row 3"));
        let totals = report.notices.iter().find(|notice| notice.code == "totals").unwrap();
        assert_eq!(totals.text, format!("data/{name}: 1 rows of totals left out (row 8)"));
    }
}

#[test]
fn a_sheet_and_a_header_are_taken_as_told_or_refused_by_name() {
    let mut project = Project::new();
    project.file("umsatz.xlsx", xlsx());
    let told = UMSATZ.replace("columns", "sheet = 2\nheader_row = 3\nheader_rows = 2\ncolumns");
    assert_eq!(project.configure(&told).ingest().unwrap().batches[0].rows_loaded, 3);
    let error = project.configure(&UMSATZ.replace("columns", "sheet = 'Umsatz'\ncolumns")).ingest().unwrap_err();
    assert_eq!(error.to_string(), "data/umsatz.xlsx: there is no sheet `Umsatz`, found `Deckblatt`, `Umsätze`");
    let error =
        project.configure(&UMSATZ.replace("columns", "sheet = 2\nheader_row = 99\ncolumns")).ingest().unwrap_err();
    assert_eq!(error.to_string(), "data/umsatz.xlsx: there is no header in row 99");
    let error = project.configure(&UMSATZ.replace("'Kunde'", "'Debitor'")).ingest().unwrap_err();
    assert!(error.to_string().contains("there is no column `Debitor` for customer_id, found"), "{error}");
}

#[test]
fn formulas_are_never_evaluated_only_their_stored_results_are_read() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in ["order_id", "customer_id", "ordered_on", "net_revenue"].iter().enumerate() {
        sheet.write(0, column as u16, *name).unwrap();
    }
    for (row, result) in [(1, "7.5"), (2, "#REF!")] {
        sheet
            .write(row, 0, row)
            .unwrap()
            .write(row, 1, "=cmd|' /C calc'!A0")
            .unwrap()
            .write(row, 2, "2021-01-01")
            .unwrap();
        sheet.write(row, 3, Formula::new("=WEBSERVICE(\"http://localhost/\")").set_result(result)).unwrap();
    }
    let project = Project::new();
    project.file("order_lines.xlsx", book.save_to_buffer().unwrap());
    let report = project.ingest().unwrap();
    assert_eq!((report.batches[0].rows_loaded, report.batches[0].rows_quarantined), (1, 1));
    assert_eq!(project.rows(&["order_id", "net_revenue_e4"], "FROM order_lines"), ["1|75000"]);
    assert_eq!(project.rows(&["customer_id"], "FROM order_lines"), ["=cmd|' /C calc'!A0"]);
}

#[test]
fn json_lists_wrapped_lists_and_lines_give_the_same_rows() {
    let records = [
        r#"{"id": 1, "customer": {"no": "K1"}, "at": "2021-10-31T12:00:00Z", "lines": [{"net": 19.99}, {"net": 5}], "x": null}"#,
        r#"{"id": 2, "customer": {"no": "Köln 2"}, "at": 20211030, "lines": [{"net": "1.234,50"}]}"#,
        r#"{"id": 3, "customer": {"no": "K1"}, "at": 1635552000, "lines": [{"net": -0.5}]}"#,
    ];
    let section = "[order_lines]\nfiles = ['data/orders.*']\n\
                   columns = { order_id = 'id', customer_id = 'customer.no', ordered_on = 'at', net_revenue = 'lines.0.net' }\n";
    let list = format!("[{}]", records.join(",\n"));
    for (name, text, more) in [
        ("orders.json", list.clone(), ""),
        ("orders.json", records.join("\n"), ""),
        ("orders.json", format!(r#"{{"meta": {{"n": 3}}, "d": {{"results": {list}}}}}"#), "records = 'd.results'\n"),
        ("orders.jsonl", records.join("\r\n"), ""),
        ("orders.ndjson", format!("\u{feff}{}\n", records.join("\n\n")), ""),
    ] {
        let mut project = Project::new();
        project.file(name, text);
        project.configure(&section.replace("columns", &format!("{more}columns")));
        project.ingest().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(
            project.rows(&["order_id", "customer_id", "ordered_on", "net_revenue_e4"], "FROM order_lines ORDER BY 1"),
            ["1|K1|2021-10-31|199900", "2|Köln 2|2021-10-30|12345000", "3|K1|2021-10-30|-5000"],
            "{name} {more}"
        );
    }
}

#[test]
fn a_broken_line_of_json_is_in_quarantine_and_a_broken_file_is_an_error() {
    let project = Project::new();
    let good = r#"{"order_id": "1", "customer_id": "A", "ordered_on": "2021-01-01", "net_revenue": 5}"#;
    project
        .file("order_lines.jsonl", format!("{good}\n{{\"order_id\": \n[1, 2]\n{}\n", good.replace("\"1\"", "\"2\"")));
    let report = project.ingest().unwrap();
    assert_eq!(
        (report.batches[0].rows_in, report.batches[0].rows_loaded, report.batches[0].rows_quarantined),
        (4, 2, 2)
    );
    assert_eq!(project.rows(&["row_number"], "FROM quarantine ORDER BY row_number"), ["2", "3"]);
    let project = Project::new();
    project.file("order_lines.json", format!("[{good}, {{\"order_id\": NaN}}]"));
    let error = project.ingest().unwrap_err().to_string();
    assert!(error.starts_with("data/order_lines.json: is no JSON: expected value at line 1 column"), "{error}");
    project.file("order_lines.json", "[]");
    let error = project.ingest().unwrap_err();
    assert_eq!(error.to_string(), "data/order_lines.json: there are no records");
    assert!(error.hint().unwrap().contains("records ="));
}

#[test]
fn a_csv_header_below_titles_is_found() {
    let project = Project::new();
    project.file(
        "order_lines.csv",
        format!("Report;orders\nFrom:;1.1.2021\n\n{}1;A;2021-01-01;5,00\n", HEADER.replace(',', ";")),
    );
    let report = project.ingest().unwrap();
    assert_eq!(report.batches[0].recognised["header"], "line 4");
    assert_eq!(project.rows(&["net_revenue_e4"], "FROM order_lines"), ["50000"]);
}
