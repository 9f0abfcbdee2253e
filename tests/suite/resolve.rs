//! Duplicates in a project: merged, reviewed, decided, dated, and visible in every later run.

use std::collections::BTreeMap;

use headroom::{
    config::resolve::{Level, ResolveConfig, Survivorship},
    domain::{AsOf, Month},
    features::Facts,
    history, params,
    resolve::{DECISIONS, REVIEW, contacts, decide, golden},
};
use jiff::civil::Date;

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

#[test]
fn identity_as_published_leaves_out_what_was_merged_later() {
    let project = project(TWINS, ORDERS);
    project.resolve();
    let merged_by = |day| project.resolve_with(&ResolveConfig::default(), Some(day)).unwrap();
    assert_eq!(merged_by(Date::constant(2021, 1, 5)).merged, 0);
    assert_eq!(accounts(&project, "'A1', 'A2'"), ["A1|A1|-|-", "A2|A2|-|-"]);
    assert_eq!(merged_by(Date::constant(2021, 1, 6)).merged, 1);
}

#[test]
fn one_id_in_two_sources_is_one_customer_unless_the_records_speak_against_it() {
    let mut project = Project::new();
    let sources: String = ["crm", "erp"]
        .map(|name| {
            format!("[[customers.sources]]\nname = '{name}'\nfiles = ['data/{name}.csv']\nallow_missing = true\n")
        })
        .concat();
    project.configure(&sources);
    let record =
        |id: &str, name: &str, n: u32| format!("{id},{name},,Ring {n},{},Ort{n},0711 55{n}31,\n", 10_000 + 97 * n);
    let others: String = (0..60).map(|n| record(&format!("X{n}"), &format!("Firma{n} Werk{n} GmbH"), n)).collect();
    let erp = others + &record("7", "Alpha Bau GmbH", 71) + &record("8", "Beta Bau GmbH", 72);
    project.file("erp.csv", format!("{COLUMNS}{erp}"));
    project
        .file("crm.csv", format!("{COLUMNS}{}{}", record("7", "Alpha Bau", 71), record("8", "Omega Logistik AG", 99)));
    project.file("order_lines.csv", format!("{HEADER}o1,7,2021-01-04,10\no2,8,2021-01-04,10\n"));
    project.ingest().unwrap();
    project.resolve();
    assert_eq!(
        project.rows(
            &["source", "customer_id", "account_id"],
            "FROM accounts WHERE customer_id IN ('7', '8') ORDER BY ALL"
        ),
        // the orders are of a third source: 8 could be either, so it stays visible apart
        ["crm|7|7", "crm|8|8", "erp|7|7", "erp|8|erp/8", "files|7|7", "files|8|files/8"]
    );
}

const DATED: &str = "customer_id,name,street,postal_code,city,phone,industry,employees,known_at\n";

fn with_history() -> Project {
    let project = Project::new();
    let others: String = (0..60)
        .map(|n| {
            format!("X{n:02},Firma{n} Werk{n} GmbH,Ring {n},{},Ort{n},0711 55{n}31,,,2020-01-01\n", 10_000 + 97 * n)
        })
        .collect();
    let ours = "\
        A1,Müller Metallbau und Stahlhandel GmbH,Hauptstraße 12,70173,Stuttgart,0711 123456,Metall,10,2020-01-01\n\
        A1,Müller Metallbau und Stahlhandel GmbH,Hauptstraße 12,70173,Stuttgart,0711 123456,Stahl,40,2021-03-10\n\
        A2,Müller Metallbau Stahlhandel,Hauptstr. 12,70173,Stuttgart,0711/123456,Handel,20,2021-01-10\n";
    project.file("customers.csv", format!("{DATED}{others}{ours}"));
    project.file("order_lines.csv", format!("{HEADER}o1,A1,2020-12-04,10\no2,A1,2021-03-31,10\n"));
    project.ingest().unwrap();
    project
}

#[test]
fn each_field_comes_from_the_record_its_rule_names_and_from_none_that_was_not_known_yet() {
    let project = with_history();
    let fields = BTreeMap::from([("industry".to_owned(), Survivorship::Longest)]);
    for (config, expected) in [
        (ResolveConfig::default(), ["Metall", "Handel", "Stahl"]),
        (ResolveConfig { fields, ..ResolveConfig::default() }, ["Metall", "Handel", "Handel"]),
    ] {
        project.resolve_with(&config, None).unwrap();
        history::build(&project.warehouse).unwrap();
        let facts = Facts::load(&project.warehouse).unwrap();
        for ((year, month), expected) in [(2020, 12), (2021, 1), (2021, 3)].into_iter().zip(expected) {
            let accounts = facts.all_accounts(AsOf::end_of(Month::new(year, month).unwrap())).unwrap();
            let frame = accounts.frame();
            let ids = frame.column("account_id").unwrap().str().unwrap();
            let row = ids.iter().position(|id| id == Some("A1")).unwrap();
            assert_eq!(frame.column("industry").unwrap().str().unwrap().get(row), Some(expected), "{year}-{month}");
        }
        let golden = golden::account(&project.warehouse, &config, "Müller Metallbau").unwrap();
        let industry = golden.fields.iter().find(|field| field.field == "industry").unwrap();
        assert_eq!((industry.value.as_str(), industry.others), (expected[2], 1));
        assert_eq!((golden.records.len(), industry.file.as_str()), (2, "data/customers.csv"));
    }
}

#[test]
fn an_account_that_nobody_or_several_are_named_is_refused_with_the_ids() {
    let project = with_history();
    project.resolve();
    let find = |wanted| golden::account(&project.warehouse, &ResolveConfig::default(), wanted).unwrap_err();
    assert_eq!(find("Nirgendwo").to_string(), "there is no account named `Nirgendwo`");
    let several = find("Firma5");
    assert_eq!(several.to_string(), "several accounts are named `Firma5`");
    assert!(several.hint().unwrap().contains("X05, X50, X51"), "{:?}", several.hint());
}

fn group(parents: &[(&str, &str)]) -> Project {
    let project = Project::new();
    let row = |n: usize, parent: &str| format!("G{n},Firma{n} Werk{n} GmbH,{parent}\n");
    let parent =
        |n: usize| parents.iter().find(|(child, _)| *child == format!("G{n}")).map_or("", |(_, parent)| parent);
    let rows: String = (0..9).map(|n| row(n, parent(n))).collect();
    project.file("customers.csv", format!("customer_id,name,parent_id\n{rows}"));
    project.file("order_lines.csv", format!("{HEADER}o1,G1,2021-01-04,10\n"));
    project.ingest().unwrap();
    project
}

#[test]
fn a_group_is_ranked_as_its_topmost_parent_and_a_circle_is_named() {
    let groups = ResolveConfig { level: Level::Group, ..ResolveConfig::default() };
    let project = group(&[("G3", "G2"), ("G2", "G1"), ("G4", "unknown")]);
    assert_eq!(project.resolve_with(&groups, None).unwrap().accounts, 7);
    assert_eq!(
        project
            .rows(&["customer_id", "account_id"], "FROM accounts WHERE customer_id IN ('G2', 'G3', 'G4') ORDER BY 1"),
        ["G2|G1", "G3|G1", "G4|G4"]
    );
    // what leads a group has no parent, and who is of it names none but the group itself
    let golden = golden::account(&project.warehouse, &groups, "G1").unwrap();
    assert!(golden.fields.iter().all(|field| field.field != "parent_id"), "{golden:?}");
    assert_eq!(project.resolve().accounts, 9);
    let golden = golden::account(&project.warehouse, &groups, "G3").unwrap();
    assert!(golden.fields.iter().any(|field| field.field == "parent_id" && field.value == "G2"), "{golden:?}");
    let circle = group(&[("G3", "G2"), ("G2", "G1"), ("G1", "G3")]);
    let error = circle.resolve_with(&groups, None).unwrap_err().to_string();
    assert_eq!(error, "corporate groups: the parents run in a circle, G1 -> G3 -> G2 -> G1");
    assert_eq!(circle.resolve().accounts, 9);
}

#[test]
fn who_left_bounced_or_fell_silent_is_told_from_who_is_there() {
    let project = project(TWINS, ORDERS);
    project.file(
        "contacts.csv",
        "contact_id,customer_id,role,last_confirmed_on,left_on,known_at\n\
         c1,A1,buyer,2020-12-01,,2020-01-01\nc2,A2,decider,,2020-11-30,2020-01-01\nc3,A2,user,,,2020-01-01\n\
         c4,A1,influencer,,,2020-01-01\nc5,X001,buyer,,,2021-02-01\n",
    );
    let monthly = |contact: &str, last: u32| -> String {
        (1..=last).map(|month| format!("A1,2020-{month:02}-10,call,{contact},in,\n")).collect()
    };
    project.file(
        "interactions.csv",
        format!(
            "customer_id,happened_on,channel,contact_id,direction,outcome\n{}{}A2,2020-05-01,email,c3,out,Hard bounce\n\
             A1,2020-12-20,newsletter,c4,out,\n",
            monthly("c1", 12),
            monthly("c4", 4)
        ),
    );
    project.ingest().unwrap();
    project.resolve();
    let month = Month::new(2020, 12).unwrap();
    let found = contacts::contacts(&project.warehouse, month).unwrap();
    let text =
        |column: &str, row: usize| found.column(column).unwrap().str().unwrap().get(row).unwrap_or("-").to_owned();
    let told: Vec<String> = (0..found.height())
        .map(|row| ["contact_id", "account_id", "likely_left"].map(|c| text(c, row)).join("|"))
        .collect();
    // c5 was not known yet
    assert_eq!(told, ["c1|A2|-", "c2|A2|left", "c3|A2|bounced", "c4|A2|silent"]);
    let centres = contacts::buying_centres(&found).unwrap();
    let missing = centres.column("roles_missing").unwrap().str().unwrap().get(0).unwrap().to_owned();
    assert_eq!(missing, "initiator, user, influencer, decider, gatekeeper");
    let rows = project.warehouse.query("SELECT count(*) FROM contacts", params![], |row| row.get::<i64>(0)).unwrap();
    assert_eq!(rows, [5]);
}
