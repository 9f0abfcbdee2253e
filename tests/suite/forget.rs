//! Erasure, tested by searching every file of the project afterwards.

use std::{
    fs,
    path::{Path, PathBuf},
};

use headroom::{
    params,
    simulate::write_mess,
    warehouse::{Warehouse, WarehouseOptions},
};
use polars::prelude::*;

use super::binary::{Project, company};

/// Every file of the project that holds one of the texts; Parquet is unpacked.
pub fn holding(project: &Project, texts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![project.path().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if texts.iter().any(|text| holds(&path, text)) {
                found.push(path.strip_prefix(project.path()).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    found
}

fn holds(path: &Path, text: &str) -> bool {
    let bytes = fs::read(path).unwrap();
    let within = |bytes: &[u8]| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    if path.extension().is_some_and(|extension| extension == "xlsx" || extension == "ods") {
        let mut archive = ::zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        return (0..archive.len()).any(|part| {
            let mut content = Vec::new();
            std::io::Read::read_to_end(&mut archive.by_index(part).unwrap(), &mut content).unwrap();
            within(&content)
        });
    }
    if bytes.starts_with(&[0xFF, 0xFE]) {
        return within(encoding_rs::UTF_16LE.decode(&bytes).0.as_bytes());
    }
    if path.extension().is_some_and(|extension| extension == "parquet") {
        let frame = read(path);
        return frame
            .columns()
            .iter()
            .any(|column| column.str().is_ok_and(|cells| cells.iter().flatten().any(|cell| cell.contains(text))));
    }
    within(&bytes)
}

pub fn read(path: &Path) -> DataFrame {
    ParquetReader::new(fs::File::open(path).unwrap()).finish().unwrap()
}

fn cell(frame: &DataFrame, column: &str, row: usize) -> String {
    frame.column(column).unwrap().str().unwrap().get(row).unwrap_or_default().to_owned()
}

fn data(project: &Project, table: &str) -> PathBuf {
    project.path().join("data").join(format!("{table}.parquet"))
}

/// One number from the warehouse.
fn number(project: &Project, sql: &str) -> i64 {
    let path = project.path().join("data/warehouse.duckdb");
    let warehouse = Warehouse::open(path, &WarehouseOptions::default()).unwrap();
    warehouse.query(sql, params![], |row| row.get::<i64>(0)).unwrap()[0]
}

const REVENUE: &str = "SELECT CAST(sum(net_revenue_e4) AS BIGINT) FROM order_lines";

/// A company that was loaded, with a report, a model and results that name `texts`.
fn loaded(texts: &[&str]) -> Project {
    let project = Project::simulated(&company(60, 30, 11));
    // a company has none
    fs::remove_file(project.path().join("truth.parquet")).unwrap();
    project.run(&["history"]);
    for name in ["reports/2018-05/index.html", "models/growth/abc/model.json", "data/work/score/x.json"] {
        project.write(name, texts.join(" "));
    }
    project.write("reports/2018-04/index.html", "somebody else");
    project
}

#[test]
fn a_forgotten_customer_is_in_no_file_and_the_sums_stay() {
    let source = Project::simulated(&company(60, 30, 11));
    let customers = read(&data(&source, "customers"));
    let (id, name) = (cell(&customers, "customer_id", 5), cell(&customers, "name", 5));
    let project = loaded(&[&id, &name]);
    let original = fs::read(data(&project, "customers")).unwrap();
    let before = number(&project, REVENUE);
    assert!(holding(&project, &[&id]).len() > 5);

    let said = project.run(&["forget", "customer", &id]);
    assert!(said.out.contains("reports/2018-05") && !said.out.contains("2018-04"), "{}", said.out);
    assert_eq!(holding(&project, &[&id, &name]), Vec::<String>::new(), "{}", said.out);
    assert!(project.path().join("reports/2018-04/index.html").exists());
    assert_eq!(number(&project, REVENUE), before);

    // a second run finds nothing new and builds the ledger without the name
    let said = project.run(&["history"]);
    assert_eq!(number(&project, REVENUE), before);
    assert_eq!(holding(&project, &[&id]), Vec::<String>::new(), "{}", said.out);
    assert!(number(&project, "SELECT count(*) FROM ledger_accounts WHERE account_id = 'forgotten-1'") > 0);

    // the source delivers it again
    fs::write(data(&project, "customers"), original).unwrap();
    let said = project.run(&["resolve"]);
    assert!(said.err.contains("forgotten-again"), "{}", said.err);
    assert_eq!(holding(&project, &[&id, &name]), Vec::<String>::new());
    assert_eq!(number(&project, REVENUE), before);

    project.fails(1, &["forget", "customer", &id]);
}

#[test]
fn a_forgotten_contact_leaves_touches_that_are_nobodys() {
    let source = Project::simulated(&company(60, 30, 11));
    let contacts = read(&data(&source, "contacts"));
    let id = cell(&contacts, "contact_id", 3);
    let project = loaded(&[&id]);
    let touches = "SELECT count(*) FROM interactions";
    let before = number(&project, touches);
    let said = project.run(&["forget", "contact", &id]);
    assert_eq!(holding(&project, &[&id]), Vec::<String>::new(), "{}", said.out);
    assert_eq!(number(&project, touches), before);
    assert_eq!(number(&project, &format!("SELECT count(*) FROM contacts WHERE contact_id = '{id}'")), 0);
    project.run(&["resolve"]);
    assert_eq!(holding(&project, &[&id]), Vec::<String>::new());
}

#[test]
fn a_forgotten_rater_has_answered_nothing() {
    let source = Project::simulated(&company(60, 30, 11));
    let id = cell(&read(&data(&source, "staff_answers")), "rater", 0);
    let project = loaded(&[]);
    let before = number(&project, "SELECT count(*) FROM staff_answers");
    project.run(&["forget", "rater", &id]);
    assert_eq!(holding(&project, &[&id]), Vec::<String>::new());
    assert!(number(&project, "SELECT count(*) FROM staff_answers") < before);
}

/// The company as thirty messy sources, loaded; without the list of what was planted.
fn messy() -> Project {
    let project = Project::empty();
    write_mess(&company(160, 30, 3), project.path()).unwrap();
    fs::remove_file(project.path().join("planted.json")).unwrap();
    project.run(&["resolve"]);
    project
}

fn texts_of(project: &Project, sql: &str) -> Vec<String> {
    let path = project.path().join("data/warehouse.duckdb");
    let warehouse = Warehouse::open(path, &WarehouseOptions::default()).unwrap();
    warehouse.query(sql, params![], |row| row.get::<String>(0)).unwrap()
}

/// Ids, names and addresses of an account.
fn texts_of_account(project: &Project, account: &str) -> Vec<String> {
    let of_it = format!("customer_id IN (SELECT customer_id FROM accounts WHERE account_id = '{account}')");
    let mut texts = texts_of(
        project,
        &format!("SELECT DISTINCT customer_id FROM accounts WHERE account_id = '{account}' ORDER BY 1"),
    );
    texts.extend(texts_of(project, &format!("SELECT DISTINCT name FROM customers WHERE {of_it} ORDER BY 1")));
    texts.extend(texts_of(
        project,
        &format!("SELECT DISTINCT email FROM contacts WHERE {of_it} AND email IS NOT NULL ORDER BY 1"),
    ));
    texts
}

#[test]
fn a_customer_is_forgotten_in_every_kind_of_file() {
    let project = messy();
    // one of the web shop who reads the newsletter, and one who orders by EDI
    let account = |which: &str| {
        texts_of(&project, &format!("SELECT account_id FROM accounts WHERE {which} ORDER BY 1 LIMIT 1")).remove(0)
    };
    let reader = "source = 'shop' AND account_id IN (SELECT account_id FROM accounts JOIN contacts USING (customer_id) \
                  WHERE contacts.source = 'newsletter')";
    let accounts = [account(reader), account("source = 'edi'")];
    let texts: Vec<String> = accounts.iter().flat_map(|account| texts_of_account(&project, account)).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let before = number(&project, REVENUE);
    let holders = holding(&project, &texts);
    for kind in ["csv", "jsonl", "txt", "json", "xlsx"] {
        assert!(holders.iter().any(|file| file.ends_with(&format!(".{kind}"))), "{kind}: {holders:?}");
    }

    for account in &accounts {
        project.run(&["forget", "customer", account]);
    }
    assert_eq!(holding(&project, &texts), Vec::<String>::new(), "{texts:?}");
    assert_eq!(number(&project, REVENUE), before);
    // what was written anew is the delivery that is held
    let again = project.run(&["resolve"]);
    assert!(!again.err.contains("forgotten-again"), "{}", again.err);
    assert_eq!(number(&project, REVENUE), before);
    assert_eq!(holding(&project, &texts), Vec::<String>::new());
}

#[test]
fn a_contact_is_forgotten_in_lists_that_know_no_more_than_an_address_and_in_mailboxes() {
    let project = messy();
    let contact = texts_of(
        &project,
        "SELECT contact_id FROM contacts WHERE source = 'crm' AND email IN (SELECT email FROM contacts WHERE source = 'newsletter') \
         AND contact_id IN (SELECT contact_id FROM interactions WHERE source = 'mail') ORDER BY 1 LIMIT 1",
    )
    .remove(0);
    let of = |field: &str| {
        texts_of(&project, &format!("SELECT {field} FROM contacts WHERE contact_id = '{contact}'")).remove(0)
    };
    let (email, name) = (of("email"), of("full_name"));
    project.write(
        "data/in/briefe.csv",
        format!("Empfaenger;Tag\n{};2019-05-02\nK-unknown;2019-05-02\n", email.to_uppercase()),
    );
    let toml = fs::read_to_string(project.path().join("headroom.toml")).unwrap();
    project.write(
        "headroom.toml",
        format!(
            "{toml}\n[[interactions.sources]]\nname = \"briefe\"\nfiles = [\"data/in/briefe.csv\"]\n\
             columns = {{ customer_id = \"Empfaenger\", happened_on = \"Tag\" }}\nconstants = {{ channel = \"event\" }}\n"
        ),
    );
    project.run(&["resolve"]);
    let touches = number(&project, "SELECT count(*) FROM interactions");
    let shout = email.to_uppercase();
    let texts = [contact.as_str(), &email, &name, &shout];
    let holders = holding(&project, &texts);
    for file in ["data/in/mail/Vertrieb", "data/in/newsletter.txt", "data/in/crm_contacts.csv", "data/in/briefe.csv"] {
        assert!(holders.iter().any(|holder| holder == file), "{file}: {holders:?}");
    }

    let said = project.run(&["forget", "contact", &contact]);
    assert_eq!(holding(&project, &texts), Vec::<String>::new(), "{}", said.out);
    assert!(!said.out.contains("look yourself"), "{}", said.out);
    // touches stay, but for the one that knew the address alone
    assert_eq!(number(&project, "SELECT count(*) FROM interactions"), touches - 1);
    let again = project.run(&["resolve"]);
    assert!(!again.err.contains("forgotten-again"), "{}", again.err);

    project.write("data/in/briefe.csv", format!("Empfaenger;Tag\n{shout};2019-06-02\nK-unknown;2019-05-02\n"));
    let again = project.run(&["resolve"]);
    assert!(again.err.contains("forgotten-again"), "{}", again.err);
    assert_eq!(holding(&project, &texts), Vec::<String>::new());
}

const UMSATZ: &str = "[order_lines]\nfiles = ['data/umsatz.*']\ncolumns = { order_id = 'Beleg Nr', ordered_on = \
                      'Beleg Datum', customer_id = 'Kunde', net_revenue = 'Umsatz netto', quantity = 'Umsatz Menge' }\n";

/// A project whose only file is a workbook of the fixtures.
fn with_workbook(name: &str) -> Project {
    let project = Project::empty();
    let fixture = format!("{}/tests/fixtures/workbooks/{name}", env!("CARGO_MANIFEST_DIR"));
    fs::create_dir_all(project.path().join("data")).unwrap();
    fs::copy(fixture, project.path().join("data").join(name)).unwrap();
    project.write("headroom.toml", UMSATZ);
    project.run(&["resolve"]);
    project
}

#[test]
fn a_customer_is_forgotten_in_an_open_document_and_the_sums_stay() {
    let project = with_workbook("umsatz.ods");
    let before = number(&project, REVENUE);
    assert!(holding(&project, &["K1"]).contains(&"data/umsatz.ods".to_owned()));
    project.run(&["forget", "customer", "K1"]);
    assert_eq!(holding(&project, &["K1"]), Vec::<String>::new());
    // what was written is a workbook that is read as before
    fs::remove_file(project.path().join("data/warehouse.duckdb")).unwrap();
    project.run(&["resolve"]);
    assert_eq!(number(&project, REVENUE), before);
    assert_eq!(number(&project, "SELECT count(*) FROM order_lines WHERE customer_id = 'forgotten-1'"), 2);
}

#[test]
fn nothing_is_forgotten_while_an_old_workbook_names_the_customer() {
    let project = with_workbook("umsatz.xls");
    let said = project.fails(1, &["forget", "customer", "K1"]);
    assert!(said.err.contains("`data/umsatz.xls` names it") && said.err.contains(".xlsx"), "{}", said.err);
    assert_eq!(number(&project, "SELECT count(*) FROM order_lines WHERE customer_id = 'K1'"), 2);
    assert!(!project.path().join("data/forgotten.json").exists());
}

#[test]
fn forgetting_fails_while_a_file_still_names_the_customer() {
    let project =
        Project::with_orders("order_id,customer_id,ordered_on,net_revenue\n1,K1001,2021-01-05,10\n2,K2,2021-01-06,1\n");
    project.run(&["resolve"]);
    project.write("data/notes.txt", "K1001 wants a call");
    let said = project.fails(1, &["forget", "customer", "K1001"]);
    assert!(said.out.contains("look yourself    data/notes.txt"), "{}", said.out);
    assert!(said.err.contains("not all of it is gone: data/notes.txt"), "{}", said.err);
    assert_eq!(number(&project, "SELECT count(*) FROM order_lines WHERE customer_id = 'K1001'"), 0);
}

#[test]
fn nothing_is_forgotten_where_nothing_was_loaded() {
    let project = Project::with_orders("order_id,customer_id,ordered_on,net_revenue\n1,K1,2021-01-05,10\n");
    let said = project.fails(1, &["forget", "customer", "K1"]);
    assert!(said.err.contains("nothing has been loaded yet"), "{}", said.err);
}

#[test]
fn rows_past_their_retention_are_deleted_and_only_dated_tables_have_one() {
    let project = Project::simulated(&company(60, 30, 11));
    project.run(&["ingest"]);
    let old =
        "SELECT count(*) FROM interactions WHERE happened_on < (SELECT max(known_at) FROM order_lines) - to_months(6)";
    assert!(number(&project, old) > 0);
    let toml = fs::read_to_string(project.path().join("headroom.toml")).unwrap_or_default();
    project.write("headroom.toml", format!("{toml}\n[retention]\ninteractions = 6\n"));
    let said = project.run(&["ingest"]);
    assert!(said.err.contains("past their retention"), "{}", said.err);
    assert_eq!(number(&project, old), 0);
    // files hold more order lines than the table then, which is no loss
    project.write("headroom.toml", format!("{toml}\n[retention]\norder_lines = 12\n"));
    let said = project.run_or_gate(&["check"]);
    assert!(said.err.contains("past their retention") && !said.out.contains("reconciliation (comp"), "{}", said.out);
    project.write("headroom.toml", format!("{toml}\n[retention]\ncustomers = 6\n"));
    let said = project.fails(2, &["ingest"]);
    assert!(said.err.contains("`retention` has no setting `customers`"), "{}", said.err);
}
