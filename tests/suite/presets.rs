//! Every preset on files laid out as its documentation describes them, by way of `headroom init` and `ingest`.

use std::path::Path;

use headroom::config::{self, Overrides, PRESETS, RunConfig};

use super::project::{HEADER, Project};

/// A project made by `init` with presets, whose export folders hold the fixtures.
fn project_of(presets: &[&str]) -> Project {
    let mut project = Project::new();
    let folder = project.folder.path().to_owned();
    let names: Vec<String> = presets.iter().map(|name| (*name).to_owned()).collect();
    config::init(&folder, &names).unwrap();
    for preset in presets {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/presets").join(preset);
        for entry in std::fs::read_dir(fixtures).unwrap().flatten() {
            std::fs::copy(entry.path(), folder.join("data").join(preset).join(entry.file_name())).unwrap();
        }
    }
    project.sources = RunConfig::load(&folder, Overrides::default()).unwrap().sources;
    if !presets.contains(&"sap") {
        project.file("order_lines.csv", format!("{HEADER}1,K1,2021-10-01,100\n"));
    }
    project
}

/// The same, loaded, with nothing in quarantine.
fn loaded(presets: &[&str]) -> Project {
    let project = project_of(presets);
    let report = project.ingest().unwrap_or_else(|error| panic!("{presets:?}: {error}\n{:?}", error.hint()));
    assert_eq!(project.rows(&["file", "column_name", "value", "reason"], "FROM quarantine"), [""; 0], "{report:?}");
    project
}

#[test]
fn each_preset_says_what_it_was_made_from_and_runs_before_there_is_a_file() {
    for preset in PRESETS {
        let origin = |line: &str| ["ade from ", "ritten from memory of "].iter().any(|words| line.contains(words));
        assert!(preset.text.lines().take(4).any(origin), "{}", preset.name);
        assert!(preset.title().len() > 10, "{}", preset.name);
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/presets").join(preset.name).is_dir());
    }
    let mut all = Project::new();
    let names: Vec<String> = PRESETS.iter().map(|preset| preset.name.to_owned()).filter(|name| name != "sap").collect();
    config::init(all.folder.path(), &names).unwrap();
    all.file("order_lines.csv", format!("{HEADER}1,K1,2021-10-01,100\n"));
    all.sources = RunConfig::load(all.folder.path(), Overrides::default()).unwrap().sources;
    assert_eq!(all.ingest().unwrap().batches.len(), 1);
    let error = config::init(tempfile::tempdir().unwrap().path(), &["zoo".to_owned()]).unwrap_err();
    assert_eq!(error.to_string(), "there is no preset `zoo`");
    assert!(error.hint().unwrap().contains("zoho"));
}

#[test]
fn zoho_crm() {
    let project = loaded(&["zoho"]);
    assert_eq!(
        project.rows(
            &["source", "customer_id", "name", "employees", "annual_revenue_e4", "parent_id"],
            "FROM customers ORDER BY customer_id"
        ),
        [
            "zoho|zcrm_554023000000238121|Weber Metallbau GmbH|120|185000000000|-",
            "zoho|zcrm_554023000000238122|Weber Service AG|-|-|zcrm_554023000000238121",
        ]
    );
    assert_eq!(project.rows(&["full_name", "customer_id"], "FROM contacts"), ["Anna Weber|zcrm_554023000000238121"]);
    let deals = &["opened_on", "closed_on", "decision_expected_on", "stage", "amount_e4", "probability"];
    assert_eq!(
        project.rows(deals, "FROM opportunities ORDER BY opportunity_id"),
        [
            "2021-09-01|-|2021-12-15|Negotiation/Review|250000000|0.9",
            "2021-04-01|2021-05-31|2021-05-31|won|42005000|1.0",
            "2021-05-02|2021-06-30|2021-06-30|lost|9000000|0.0",
        ]
    );
}

#[test]
fn salesforce() {
    let project = loaded(&["salesforce"]);
    assert_eq!(
        project.rows(&["customer_id", "name", "postal_code", "employees"], "FROM customers"),
        ["0015g00000ABCDEAA1|Weber Metallbau GmbH|74076|120"]
    );
    assert_eq!(project.rows(&["full_name", "email"], "FROM contacts"), ["Anna Weber|a.weber@weber-metallbau.example"]);
    assert_eq!(
        project.rows(&["stage", "closed_on", "probability", "opened_on"], "FROM opportunities ORDER BY opportunity_id"),
        ["Negotiation/Review|-|0.9|2021-09-01", "won|2021-05-31|1.0|2021-04-01"]
    );
}

#[test]
fn hubspot() {
    let project = loaded(&["hubspot"]);
    assert_eq!(
        project.rows(&["customer_id", "name", "website"], "FROM customers"),
        ["6712345678|Weber Metallbau GmbH|weber-metallbau.example"]
    );
    assert_eq!(project.rows(&["contact_id", "customer_id"], "FROM contacts"), ["501|6712345678"]);
    assert_eq!(
        project.rows(&["stage", "closed_on", "probability"], "FROM opportunities ORDER BY opportunity_id"),
        ["Contract Sent|-|0.9", "won|2021-05-31|1.0"]
    );
    assert_eq!(project.rows(&["max(received_on)"], "FROM batches WHERE source = 'hubspot'"), ["2021-11-01"]);
}

#[test]
fn sap_orders_of_s4_and_business_one() {
    let project = loaded(&["sap"]);
    assert_eq!(
        project.rows(
            &[
                "source",
                "order_id",
                "line_number",
                "customer_id",
                "ordered_on",
                "net_revenue_e4",
                "quantity_e4",
                "cost_e4",
                "product_group"
            ],
            "FROM order_lines ORDER BY source, order_id, line_number"
        ),
        [
            "sap-b1|5001|0|C20000|2021-10-15|2405000|120000|1200000|101",
            "sap-s4|0000004711|000010|0000100017|2021-10-31|12345600|10000000|8001000|SCHRAUBEN",
            "sap-s4|0000004712|000010|0000100018|2021-10-02|-62000|-50000|-40000|SCHRAUBEN",
        ]
    );
}

#[test]
fn datev_open_items_and_booking_batch() {
    let project = loaded(&["datev"]);
    assert_eq!(
        project.rows(
            &["source", "invoice_id", "customer_id", "issued_on", "due_on", "amount_e4", "paid_amount_e4"],
            "FROM invoices ORDER BY source, invoice_id"
        ),
        [
            "datev-batch|RE-1001|10017|2021-10-01|-|14691300|-",
            "datev-batch|RE-1004|10018|2021-10-25|-|595000|-",
            "datev-opos|RE-1001|10017|2021-10-01|2021-10-31|14691300|-",
            "datev-opos|RE-1002|10017|2021-10-05|2021-11-04|1190000|500000",
        ]
    );
    let recognised = project.rows(&["recognised"], "FROM batches WHERE source = 'datev-batch'");
    assert!(recognised[0].contains("csv (EXTF)") && recognised[0].contains("windows-1252"), "{recognised:?}");
}

#[test]
fn newsletters_of_mailchimp_and_brevo_find_their_accounts_by_address() {
    let project = loaded(&["mailchimp", "brevo"]);
    project.file("customers.csv", "customer_id,name\nK1,Weber Metallbau GmbH\n");
    project.file("contacts.csv", "contact_id,customer_id,email\nP1,K1,A.Weber@weber-metallbau.example\n");
    project.ingest().unwrap();
    project.resolve();
    assert_eq!(
        project.rows(
            &["interactions.source", "happened_on", "channel", "outcome", "account_id"],
            "FROM interactions LEFT JOIN accounts USING (source, customer_id) ORDER BY 1"
        ),
        [
            "brevo|2021-10-05|newsletter|bounce|-",
            "brevo|2021-10-05|newsletter|delivered|K1",
            "brevo|2021-10-05|newsletter|open|K1",
            "mailchimp|2021-10-05|newsletter|open|K1",
        ]
    );
}

#[test]
fn zendesk_tickets_are_interactions_and_incidents_complaints() {
    let project = loaded(&["zendesk"]);
    assert_eq!(
        project.rows(
            &["customer_id", "happened_on", "channel", "outcome", "topic"],
            "FROM interactions ORDER BY happened_on"
        ),
        ["509974|2021-10-01|ticket|solved|Lieferung fehlt", "509974|2021-10-09|ticket|open|Preis?"]
    );
    assert_eq!(
        project.rows(&["complaint_id", "opened_on", "closed_on", "category", "severity"], "FROM complaints"),
        ["35436|2021-10-01|2021-10-04|incident|high"]
    );
    assert_eq!(project.rows(&["customer_id", "website"], "FROM customers"), ["509974|weber-metallbau.example"]);
}

#[test]
fn qualtrics_answers_become_one_row_a_question() {
    let project = loaded(&["qualtrics"]);
    assert_eq!(
        project.rows(
            &["customer_id", "answered_on", "question", "score", "replace(comment, chr(10), ' ')"],
            "FROM survey_answers ORDER BY question, customer_id"
        ),
        [
            "K1|2021-10-11|recommend|9.0|Schneller liefern, bitte",
            "K3|2021-10-13|recommend|4.0|-",
            "K1|2021-10-11|satisfaction|8.0|-",
        ]
    );
}

#[test]
fn social_mentions_become_public_signals() {
    let project = loaded(&["social"]);
    assert_eq!(
        project.rows(
            &["customer_id", "observed_on", "stated_source", "sentiment", "topic"],
            "FROM public_signals ORDER BY observed_on"
        ),
        ["Weber Metallbau GmbH|2021-10-07|forum|1.0|Neue Halle", "Weber Metallbau GmbH|2021-10-09|social|-1.0|-"]
    );
}
