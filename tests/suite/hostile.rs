//! Files that want to take the machine down, or to reach beyond the project: refused by name, in bounded memory.

use std::{
    io::{Cursor, Read, Write},
    process::{Command, Stdio},
    time::Duration,
};

use headroom::ingest::IngestError;
use rust_xlsxwriter::Workbook;
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::project::{HEADER, Project};

/// Runs `headroom ingest` on a folder; its error, and the most memory that the process was seen to hold, in MiB.
fn ingest_apart(project: &Project) -> (String, u64) {
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("headroom"))
        .args(["ingest", "--quiet", "--project"])
        .arg(project.folder.path())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
        peak = peak.max(line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024);
        std::thread::sleep(Duration::from_millis(2));
    }
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (said, peak)
}

fn workbook() -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, (name, cell)) in
        [("order_id", "1"), ("customer_id", "A"), ("ordered_on", "2021-01-01"), ("net_revenue", "5.00")]
            .iter()
            .enumerate()
    {
        sheet.write(0, column as u16, *name).unwrap().write(1, column as u16, *cell).unwrap();
    }
    book.save_to_buffer().unwrap()
}

/// A workbook one of whose parts is replaced by `mebibytes` of the same text.
fn bomb(workbook: &[u8], part: &str, mebibytes: usize) -> Vec<u8> {
    let mut from = ZipArchive::new(Cursor::new(workbook)).unwrap();
    let mut into = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..from.len() {
        let mut file = from.by_index(index).unwrap();
        let name = file.name().unwrap().into_owned();
        into.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
        if name == part {
            let block = vec![b' '; 1 << 20];
            (0..mebibytes).for_each(|_| into.write_all(&block).unwrap());
        } else {
            std::io::copy(&mut file, &mut into).unwrap();
        }
    }
    into.finish().unwrap().into_inner()
}

#[test]
fn a_zip_bomb_is_refused_before_it_is_parsed() {
    let project = Project::new();
    for (part, mebibytes) in [("xl/worksheets/sheet1.xml", 600), ("xl/sharedStrings.xml", 140)] {
        let bytes = bomb(&workbook(), part, mebibytes);
        assert!(bytes.len() < 2 << 20, "{}", bytes.len());
        project.file("order_lines.xlsx", &bytes);
        let (said, peak) = ingest_apart(&project);
        assert!(said.contains("unpacks to more than"), "{said}");
        assert!(peak < 400, "{part}: {peak} MiB");
        // What the archive claims of itself is not believed either.
        let mut lying = bytes.clone();
        let size = (mebibytes << 20) as u32;
        for at in 0..lying.len() - 4 {
            if lying[at..at + 4] == size.to_le_bytes() {
                lying[at..at + 4].copy_from_slice(&100_u32.to_le_bytes());
            }
        }
        project.file("order_lines.xlsx", &lying);
        assert!(project.ingest().is_err());
    }
    project.file("order_lines.xlsx", workbook());
    assert_eq!(project.ingest().unwrap().batches[0].rows_loaded, 1);
}

#[test]
fn a_cell_in_the_last_corner_of_a_sheet_costs_no_memory() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in ["order_id", "customer_id", "ordered_on", "net_revenue"].iter().enumerate() {
        sheet.write(0, column as u16, *name).unwrap();
    }
    sheet
        .write(1, 0, "1")
        .unwrap()
        .write(1, 1, "A")
        .unwrap()
        .write(1, 2, "2021-01-01")
        .unwrap()
        .write(1, 3, 5)
        .unwrap();
    sheet.write(1_048_575, 16_383, "x").unwrap();
    let project = Project::new();
    project.file("order_lines.xlsx", book.save_to_buffer().unwrap());
    let report = project.ingest().unwrap();
    assert_eq!((report.batches[0].rows_in, report.batches[0].rows_loaded), (1, 1));
}

#[test]
fn an_ods_that_repeats_its_cells_a_billion_times_is_refused() {
    let cell = |repeated: u64| {
        format!(
            "<table:table-cell table:number-columns-repeated=\"{repeated}\" office:value-type=\"float\" office:value=\"1\"/>"
        )
    };
    let rows = format!("<table:table-row table:number-rows-repeated=\"1000000\">{}</table:table-row>", cell(16_000));
    let content = format!(
        "<office:document-content><office:body><office:spreadsheet><table:table table:name=\"a\">{rows}</table:table>\
         </office:spreadsheet></office:body></office:document-content>"
    );
    let mut ods = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", "<manifest:manifest/>"),
        ("content.xml", content.as_str()),
    ] {
        ods.start_file(name, SimpleFileOptions::default()).unwrap();
        ods.write_all(text.as_bytes()).unwrap();
    }
    let project = Project::new();
    project.file("order_lines.ods", ods.finish().unwrap().into_inner());
    let error = project.ingest().unwrap_err();
    assert_eq!(error.to_string(), "data/order_lines.ods: has more than 20000000 cells, expected fewer");
}

#[test]
fn a_hundred_megabytes_on_one_line_are_refused_in_every_format() {
    let project = Project::new();
    let long = "x".repeat(100 << 20);
    for (name, text) in [
        ("order_lines.csv", format!("{HEADER}1,{long},2021-01-01,5\n")),
        ("order_lines.csv", long.clone()),
        ("order_lines.json", format!("[{{\"order_id\": \"{long}\"}}]")),
        ("order_lines.json", format!("{{\"order_id\": \"{long}\"}}")),
        ("order_lines.jsonl", format!("{{\"order_id\": \"{long}\"}}")),
    ] {
        project.file(name, &text);
        let (said, peak) = ingest_apart(&project);
        assert!(said.contains("longer than 1 MiB"), "{name}: {said}");
        assert!(peak < 300, "{name}: {peak} MiB");
        project.remove(name);
    }
}

#[test]
fn ten_thousand_columns_are_refused_by_number() {
    let names: Vec<String> = (0..10_000).map(|n| format!("c{n}")).collect();
    let project = Project::new();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    names.iter().enumerate().for_each(|(column, name)| {
        sheet.write(0, column as u16, name).unwrap();
    });
    let members: Vec<String> = names.iter().map(|name| format!("\"{name}\": 1")).collect();
    for (name, bytes) in [
        ("order_lines.csv", names.join(",").into_bytes()),
        ("order_lines.xlsx", book.save_to_buffer().unwrap()),
        ("order_lines.json", format!("[{{{}}}]", members.join(",")).into_bytes()),
    ] {
        project.file(name, bytes);
        let error = project.ingest().unwrap_err();
        assert!(matches!(error, IngestError::TooLarge { .. }), "{name}: {error}");
        assert!(error.to_string().ends_with("expected at most 4096"), "{error}");
        project.remove(name);
    }
}

#[test]
fn values_that_no_business_has_go_to_quarantine_in_every_format() {
    let rows =
        [("NaN", "2021-01-01"), ("1e308", "2021-01-01"), ("5", "0001-01-01"), ("5", "9999-12-31"), ("5", "2021-01-01")];
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in ["order_id", "customer_id", "ordered_on", "net_revenue"].iter().enumerate() {
        sheet.write(0, column as u16, *name).unwrap();
    }
    let (mut csv, mut json) = (HEADER.to_owned(), String::new());
    for (row, (amount, day)) in (1..).zip(rows) {
        csv.push_str(&format!("{row},A,{day},{amount}\n"));
        let quoted = if amount == "NaN" { "\"NaN\"".to_owned() } else { amount.to_owned() };
        json.push_str(&format!(
            "{{\"order_id\": {row}, \"customer_id\": \"A\", \"ordered_on\": \"{day}\", \"net_revenue\": {quoted}}}\n"
        ));
        sheet.write(row, 0, row).unwrap().write(row, 1, "A").unwrap().write(row, 2, day).unwrap();
        match amount.parse::<f64>() {
            Ok(number) if number.is_finite() => sheet.write(row, 3, number).unwrap(),
            _ => sheet.write(row, 3, amount).unwrap(),
        };
    }
    for (name, bytes) in [
        ("order_lines.csv", csv.into_bytes()),
        ("order_lines.json", json.clone().into_bytes()),
        ("order_lines.jsonl", json.into_bytes()),
        ("order_lines.xlsx", book.save_to_buffer().unwrap()),
    ] {
        let project = Project::new();
        project.file(name, bytes);
        let report = project.ingest().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((report.batches[0].rows_loaded, report.batches[0].rows_quarantined), (1, 4), "{name}");
        assert_eq!(
            project.rows(&["column_name", "reason"], "FROM quarantine ORDER BY row_number"),
            [
                "net_revenue|not readable",
                "net_revenue|not readable",
                "ordered_on|out of range",
                "ordered_on|out of range"
            ],
            "{name}"
        );
    }
}

#[test]
fn invalid_utf8_is_reported_and_costs_no_row() {
    let project = Project::new();
    let valid = "Ä".repeat(200);
    project.file(
        "order_lines.jsonl",
        [
            format!("{{\"order_id\": \"1\", \"customer_id\": \"{valid}\", \"ordered_on\": \"2021-01-01\", \"net_revenue\": 5}}\n").as_bytes(),
            b"{\"order_id\": \"2\", \"customer_id\": \"K\xFF\xFEln\", \"ordered_on\": \"2021-01-01\", \"net_revenue\": 5}\n",
        ]
        .concat(),
    );
    let report = project.ingest().unwrap();
    assert_eq!(report.batches[0].rows_loaded, 2);
    assert!(report.notices.iter().any(|notice| notice.code == "damaged-text"), "{report:?}");
    assert_eq!(project.rows(&["customer_id"], "FROM order_lines WHERE order_id = '2'"), ["K\u{fffd}\u{fffd}ln"]);
}

#[test]
fn what_is_no_workbook_or_encrypted_is_an_error_that_names_the_file() {
    let project = Project::new();
    for name in ["order_lines.xlsx", "order_lines.xls", "order_lines.ods"] {
        for bytes in [
            b"order_id,customer_id".to_vec(),
            workbook()[..200].to_vec(),
            b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".repeat(100),
        ] {
            project.file(name, bytes);
            let error = project.ingest().unwrap_err();
            assert!(error.to_string().starts_with(&format!("data/{name}: cannot be read as a workbook")), "{error}");
        }
        project.remove(name);
    }
}

#[test]
#[cfg(unix)]
fn links_and_patterns_that_lead_out_of_the_project_are_refused() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret.csv"), format!("{HEADER}1,A,2021-01-01,5\n")).unwrap();
    let mut project = Project::new();
    let link = project.folder.path().join("data/order_lines.csv");
    std::os::unix::fs::symlink(outside.path().join("secret.csv"), &link).unwrap();
    assert!(matches!(project.ingest(), Err(IngestError::OutsideProject { .. })));
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(outside.path(), project.folder.path().join("data/other")).unwrap();
    for pattern in ["data/other/*.csv", "../*.csv", "/etc/*.csv", "data/../../x.csv"] {
        project.section("order_lines", &format!("files = ['{pattern}']"));
        assert!(matches!(project.ingest(), Err(IngestError::OutsideProject { .. })), "{pattern}");
    }
}
