//! Duplicates in a project: merged, reviewed, decided, dated, and visible in every later run.

use headroom::resolve::{DECISIONS, REVIEW, decide};

use super::project::{HEADER, Project};

const COLUMNS: &str = "customer_id,name,vat_id,street,postal_code,city,phone,email\n";

/// Enough different companies that agreement is rare, then `rows`.
fn customers(rows: &str) -> String {
    let others: String = (0..60)
        .map(|n| {
            format!(
                "X{n:03},{}{} Werk {n} GmbH,,{}weg {n},{:05},Ort{n},0{}1 {}7,info@firma{n}.de\n",
                ["Alpha", "Boreal", "Cedrus", "Dorado", "Elster"][n % 5],
                ["mat", "tec", "plan", "bau"][n % 4],
                ["Birken", "Eichen", "Tannen"][n % 3],
                10_000 + 731 * n,
                20 + n,
                40_000 + 977 * n,
            )
        })
        .collect();
    format!("{COLUMNS}{others}{rows}")
}

const TWINS: &str = "\
A1,Müller Metallbau GmbH & Co. KG,DE123456789,Hauptstraße 12,70173,Stuttgart,0711 123456,info@mueller-metallbau.de\n\
A2,MUELLER METALLBAU,,Hauptstr. 12a,70173,Stuttgart,+49 711 123456,einkauf@mueller-metallbau.de\n";

const ORDERS: &str = "o1,A2,2021-01-04,100\no2,X001,2021-01-05,50\no3,nobody,2021-01-06,5\n";

fn project(rows: &str, orders: &str) -> Project {
    let project = Project::new();
    project.file("customers.csv", customers(rows)).file("order_lines.csv", format!("{HEADER}{orders}"));
    project.ingest().unwrap();
    project
}

fn accounts(project: &Project, ids: &str) -> Vec<String> {
    let columns = ["customer_id", "account_id", "match_probability > 0.99", "merged_on"];
    project.rows(&columns, &format!("FROM accounts WHERE customer_id IN ({ids}) ORDER BY source, customer_id"))
}

#[test]
fn two_records_of_one_company_are_one_account_led_by_the_one_that_orders() {
    let project = project(TWINS, ORDERS);
    let report = project.resolve();
    assert_eq!((report.records, report.accounts, report.merged), (62, 62, 1));
    // the last order day stands for the day of receipt, which nobody told
    assert_eq!(
        accounts(&project, "'A1', 'A2', 'nobody'"),
        ["A1|A2|true|2021-01-06", "A2|A2|true|-", "nobody|nobody|-|-"]
    );
    assert!(project.resolve().reused);
}

#[test]
fn different_tax_numbers_keep_records_apart_and_a_person_is_asked() {
    let twins = TWINS.replace("A2,MUELLER METALLBAU,,", "A2,MUELLER METALLBAU,DE987654321,");
    let project = project(&twins, ORDERS);
    let report = project.resolve();
    assert_eq!((report.merged, report.to_review), (0, 1));
    let review = std::fs::read_to_string(project.folder.path().join("data").join(REVIEW)).unwrap();
    assert!(review.lines().nth(1).unwrap().contains("two vat ids"), "{review}");
}

#[test]
fn a_decision_holds_in_every_later_run_against_all_evidence() {
    let twins = TWINS.replace("A2,MUELLER METALLBAU,,", "A2,MUELLER METALLBAU,DE987654321,");
    let project = project(&twins, ORDERS);
    project.resolve();
    let data = project.folder.path().join("data");
    let review = std::fs::read_to_string(data.join(REVIEW)).unwrap();
    let (header, row) = review.trim_end().split_once('\n').unwrap();
    for (word, merged) in [("same", 1), ("different", 0)] {
        std::fs::write(data.join("filled.csv"), format!("{header}\n{word}{row}\n")).unwrap();
        assert_eq!(decide(&project.warehouse, &data, &data.join("filled.csv")).unwrap(), 1);
        std::fs::remove_file(data.join("filled.csv")).unwrap();
        let report = project.resolve();
        assert_eq!((report.merged, report.to_review, report.decisions), (merged, 0, 1), "{word}");
        assert!(!data.join(REVIEW).exists());
    }
    // more data, the same decision
    project.file("order_lines.csv", format!("{HEADER}{ORDERS}o4,A1,2021-02-01,70\n"));
    project.ingest().unwrap();
    assert_eq!((project.resolve().merged, data.join(DECISIONS).exists()), (0, true));
}

#[test]
fn a_decision_about_nobody_is_refused_and_nothing_is_kept() {
    let project = project(TWINS, ORDERS);
    let data = project.folder.path().join("data");
    let file = data.join("filled.csv");
    std::fs::write(&file, "decision,source_a,customer_id_a,source_b,customer_id_b\nsame,files,A1,files,A9\n").unwrap();
    let error = decide(&project.warehouse, &data, &file).unwrap_err().to_string();
    assert!(error.contains("row 1") && error.contains("`files/A9`"), "{error}");
    assert!(!data.join(DECISIONS).exists());
}

#[test]
fn a_merge_keeps_its_date_when_more_data_come() {
    let project = project(TWINS, ORDERS);
    project.resolve();
    project.file("order_lines.csv", format!("{HEADER}{ORDERS}o4,A1,2021-02-01,70\n"));
    project.ingest().unwrap();
    project.resolve();
    // both order now, so the smaller id leads; it is the same merge
    assert_eq!(accounts(&project, "'A1', 'A2'"), ["A1|A1|true|-", "A2|A1|true|2021-01-06"]);
}
