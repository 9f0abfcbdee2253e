//! Any source mapped to a canonical table, several of them to one.

use headroom::config::{ConfigError, Overrides, RunConfig};

use super::project::{HEADER, Project};

const CRM_AND_LIST: &str = "
[[customers.sources]]
name = 'crm'
owner = 'Vertrieb'
files = ['data/crm.csv']
filter = [{ column = 'Typ', in = ['Kunde', 'Partner'] }, { column = 'Gelöscht', is_empty = true }]
columns = { customer_id = 'Id', name = ['Firma', 'Zusatz'], status = 'Status', customer_since = 'Seit' }
constants = { country = 'DE', employees = 25 }
values.status = { Aktiv = 'active', Gesperrt = 'blocked', '*' = '' }
date_format = '%d.%m.%y'

[[customers.sources]]
name = 'list'
files = ['data/list.csv']
columns = { customer_id = 'Nr', name = 'Name', phone = 'Telefon' }
allow_missing = true
";

fn with_two_sources() -> Project {
    let mut project = Project::new();
    project.file("order_lines.csv", format!("{HEADER}1,K1,2021-01-01,5.00\n"));
    project.file(
        "crm.csv",
        "Id;Firma;Zusatz;Typ;Status;Seit;Gelöscht\n\
         K1;Anna GmbH;Werk Süd;Kunde;aktiv;31.12.19;\n\
         K2;Ben AG;;Interessent;Aktiv;01.02.20;\n\
         K3;Cora KG;;partner;GESPERRT;01.02.20;\n\
         K4;Dora;;Kunde;Aktiv;01.02.20;x\n\
         K5;Emil;;Kunde;Neu;32.02.20;\n",
    );
    project.file("list.csv", "Kundenliste Stand März\n\nNr;Name\nK1;Anna\n");
    project.configure(CRM_AND_LIST);
    project
}

#[test]
fn several_sources_become_one_table_each_in_our_words() {
    let project = with_two_sources();
    let report = project.ingest().unwrap();
    let columns = &["source", "customer_id", "name", "country", "employees", "status", "customer_since"];
    assert_eq!(
        project.rows(columns, "FROM customers ORDER BY source, customer_id"),
        [
            "crm|K1|Anna GmbH Werk Süd|DE|25|active|2019-12-31",
            "crm|K3|Cora KG|DE|25|blocked|2020-02-01",
            "list|K1|Anna|-|-|-|-",
        ]
    );
    let crm = report.batches.iter().find(|batch| batch.source == "crm").unwrap();
    assert_eq!((crm.rows_in, crm.rows_loaded, crm.rows_quarantined), (3, 2, 1));
    assert_eq!(crm.recognised["left out by the filter"], "2");
    assert_eq!(crm.columns["name"], "Firma + Zusatz");
    assert_eq!(project.rows(&["row_number", "value"], "FROM quarantine"), ["6|32.02.20"]);
    let list = report.batches.iter().find(|batch| batch.source == "list").unwrap();
    assert_eq!(list.recognised["header"], "line 3");
    assert!(report.notices.iter().any(|notice| notice.text == "data/list.csv: has no column for phone"), "{report:?}");
    assert!(project.ingest().unwrap().batches.iter().all(|batch| batch.reused));
}

#[test]
fn a_source_changes_its_own_rows_only_and_takes_them_along() {
    let mut project = with_two_sources();
    project.ingest().unwrap();
    let open = "FROM customers WHERE known_until IS NULL ORDER BY 1";
    project.file("list.csv", "Nr;Name\nK1;Anna Alt\n");
    project.configure(&CRM_AND_LIST.replace("allow_missing", "received_on = 2021-03-31\nallow_missing"));
    project.ingest().unwrap();
    assert_eq!(project.rows(&["name"], open), ["Anna Alt", "Anna GmbH Werk Süd", "Cora KG"]);
    assert_eq!(project.rows(&["count(*)"], "FROM customers"), ["4"]);
    let (crm, _) = CRM_AND_LIST.split_once("[[customers.sources]]\nname = 'list'").unwrap();
    project.configure(crm);
    let report = project.ingest().unwrap();
    assert_eq!(project.rows(&["name"], open), ["Anna GmbH Werk Süd", "Cora KG"]);
    assert!(report.notices.iter().any(|notice| notice.code == "source-gone"), "{report:?}");
}

#[test]
fn parquet_is_mapped_filtered_and_translated_alike() {
    let csv = with_two_sources();
    csv.ingest().unwrap();
    let mut parquet = with_two_sources();
    let path = |name: &str| parquet.folder.path().join("data").join(name).display().to_string();
    parquet
        .warehouse
        .execute_script(&format!(
            "COPY (SELECT Id, Firma, Zusatz, Typ, Status, strptime(Seit, '%d.%m.%Y')::DATE AS Seit, NULL::VARCHAR AS \"Gelöscht\" FROM (VALUES \
             ('K1', 'Anna GmbH', 'Werk Süd', 'Kunde', 'aktiv', '31.12.2019'), ('K2', 'Ben AG', NULL, 'Interessent', 'Aktiv', '01.02.2020'), \
             ('K3', 'Cora KG', ' ', 'partner', 'GESPERRT', '01.02.2020')) t(Id, Firma, Zusatz, Typ, Status, Seit)) TO '{}' (FORMAT parquet)",
            path("crm.parquet")
        ))
        .unwrap();
    parquet.configure(&CRM_AND_LIST.replace("crm.csv", "crm.parquet"));
    let report = parquet.ingest().unwrap();
    assert_eq!(
        report.batches.iter().find(|batch| batch.source == "crm").unwrap().recognised["left out by the filter"],
        "1"
    );
    let columns = &["source", "customer_id", "name", "country", "employees", "status", "customer_since"];
    let rest = "FROM customers ORDER BY source, customer_id";
    assert_eq!(parquet.rows(columns, rest), csv.rows(columns, rest));
}

#[test]
fn order_lines_of_two_systems_are_added_and_corrected_apart() {
    let mut project = Project::new();
    project.file("alt.csv", format!("{HEADER}1,A,2020-01-01,10\n2,B,2020-06-01,20\n"));
    project.file("neu_2021-03-31.csv", "Beleg;Kunde;Datum;Netto\n1;A;01.02.2021;7,50\n2;B;02.02.2021;8\n");
    let configured = "
        [[order_lines.sources]]
        name = 'alt'
        files = ['data/alt.csv']
        [[order_lines.sources]]
        name = 'neu'
        files = ['data/neu_*.csv']
        mode = 'snapshot'
        columns = { order_id = 'Beleg', customer_id = 'Kunde', ordered_on = 'Datum', net_revenue = 'Netto' }
        constants.currency = 'EUR'";
    project.configure(configured);
    project.ingest().unwrap();
    let sums = |project: &Project| {
        project.rows(
            &["source", "CAST(sum(net_revenue_e4) AS BIGINT)", "count(*)"],
            "FROM order_lines GROUP BY source ORDER BY 1",
        )
    };
    assert_eq!(sums(&project), ["alt|300000|2", "neu|155000|2"]);
    project.file("neu_2021-04-30.csv", "Beleg;Kunde;Datum;Netto\n1;A;01.02.2021;9\n3;B;03.04.2021;1\n");
    project.ingest().unwrap();
    assert_eq!(sums(&project), ["alt|300000|2", "neu|100000|6"]);
}

#[test]
fn what_cannot_be_a_source_is_refused_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |text: &str| -> (String, String) {
        std::fs::write(folder.path().join("headroom.toml"), text).unwrap();
        let error = RunConfig::load(folder.path(), Overrides::default()).unwrap_err();
        let ConfigError::InFile { error, .. } = error else { panic!("{error}") };
        (error.to_string(), error.hint().unwrap_or_default())
    };
    let (error, hint) = refused("[[customers.sources]]\nname = 'crm'\nfile = ['x.csv']");
    assert_eq!(error, "`customers.sources.1` has no setting `file`");
    assert!(hint.starts_with("did you mean `files`?"), "{hint}");
    let (error, hint) = refused("[customers]\nmode = 'append'\n[[customers.sources]]\nname = 'crm'");
    assert_eq!(error, "`[customers]` has a setting `mode` beside its `sources`");
    assert!(hint.contains("[[customers.sources]]"), "{hint}");
    assert_eq!(refused("[[customers.sources]]\nfiles = []").0, "`customers.sources.1` has no name");
    let twice = "[[customers.sources]]\nname = 'crm'\n[[customers.sources]]\nname = 'crm'";
    assert_eq!(refused(twice).0, "`customers.sources.2` has the name of another");
    let (error, _) = refused("[[customers.sources]]\nname = 'x; DROP TABLE customers'");
    assert!(error.starts_with("customers.sources.1.name: name is `x; DROP TABLE customers`, expected"), "{error}");
    let (error, _) = refused("[customers]\nfilter = [{ column = 'a' }]");
    assert!(error.contains("needs exactly one of is, is_not, in, not_in, is_empty"), "{error}");
}

#[test]
fn names_and_words_of_a_configuration_are_never_sql() {
    let mut project = Project::new();
    let nasty = "x\"'; DROP TABLE order_lines; --";
    project.file("order_lines.csv", format!("{HEADER}1,A,2021-01-01,5.00\n"));
    let path = project.folder.path().join("data/c.parquet").display().to_string();
    let column = nasty.replace('"', "\"\"");
    project
        .warehouse
        .execute_script(&format!("COPY (SELECT 'A' AS id, 'b''c' AS \"{column}\") TO '{path}' (FORMAT parquet)"))
        .unwrap();
    let quoted = format!("\"{}\"", nasty.replace('"', "\\\""));
    project.configure(&format!(
        "[customers]\nfiles = ['data/c.parquet']\n[customers.columns]\ncustomer_id = 'id'\nname = {quoted}\n\
         [customers.values.name]\n{quoted} = 'y'\n\"b'c\" = {quoted}\n[customers.constants]\ncity = {quoted}\n\
         [[customers.filter]]\ncolumn = {quoted}\nis_not = {quoted}\n"
    ));
    project.ingest().unwrap();
    assert_eq!(project.rows(&["name", "city"], "FROM customers"), [format!("{nasty}|{nasty}")]);
    assert_eq!(project.rows(&["count(*)"], "FROM order_lines"), ["1"]);
}
