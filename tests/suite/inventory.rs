//! `headroom sources`, `headroom ingest --dry-run` and `headroom init --preset`, as a user meets them.

use super::binary::Project;

const CONFIGURED: &str = "
[[customers.sources]]
name = 'crm'
owner = 'Vertrieb'
files = ['data/crm.csv']
columns = { customer_id = 'Nr', name = 'Firma', customer_since = 'Seit' }
";

fn project() -> Project {
    let project = Project::with_orders(
        "order_id,customer_id,ordered_on,net_revenue\n1,A,2021-01-05,300\n2,B,2021-02-05,100\n3,C,2019-02-05,900\n",
    );
    project.write("headroom.toml", CONFIGURED);
    project.write("data/crm.csv", "Nr;Firma;Seit\nA;Anna GmbH;31.12.2019\nB;Ben AG;gestern\nD;Dora KG;01.02.2020\n");
    project.write(
        "data/interactions_2021-03-01.csv",
        "customer_id,happened_on,channel\nA,2021-02-01,call\nX,2021-02-01,call\n",
    );
    project
}

#[test]
fn the_inventory_names_every_source_and_what_it_covers() {
    let project = project();
    insta::assert_snapshot!(project.run(&["sources"]).out, @r"
    table         source  owner     last update  rows  accounts  of accounts  of revenue  from
    order_lines   files   -         2021-02-05      3         3         75 %       100 %  data/order_lines.csv
    customers     crm     Vertrieb  -               2         2         50 %        75 %  data/crm.csv
    interactions  files   -         2021-03-01      2         1         25 %        75 %  data/interactions_2021-03-01.csv

    4 accounts, of which
      past business         75 % of accounts,  100 % of the last 12 months' revenue
      public information     0 % of accounts,    0 % of the last 12 months' revenue
      dialogue              25 % of accounts,   75 % of the last 12 months' revenue
    ");
    let csv = project.run(&["sources", "--format", "csv"]).out;
    assert!(csv.contains("\ncustomers,crm,master data,Vertrieb,,2,2,0.5000,0.7500,data/crm.csv\n"), "{csv}");
    assert!(csv.contains("\n,,dialogue,,,,1,0.2500,0.7500,\n"), "{csv}");
    let json: serde_json::Value = serde_json::from_str(&project.run(&["sources", "--format", "json"]).out).unwrap();
    assert_eq!(json["accounts"], 4);
    assert_eq!(json["sources"][1]["coverage"]["revenue_share"], 0.75);
    assert_eq!(json["areas"][2][0], "dialogue");
}

#[test]
fn a_dry_run_shows_rows_and_problems_and_writes_nothing() {
    let project = project();
    project.write("data/staff_answers.csv", "round,customer_id,rater,answered_on,potential\nr1,A,Erika,2021-01-01,7\n");
    let said = project.run(&["ingest", "--dry-run"]);
    insta::assert_snapshot!(said.out.trim_end(), @r"
    order_lines from files (together)
      data/order_lines.csv: 3 rows, 3 would be loaded, 0 would go to quarantine; dates yyyy-mm-dd, delimiter comma, encoding UTF-8, format csv
        customer_id <- customer_id, net_revenue <- net_revenue, order_id <- order_id, ordered_on <- ordered_on
      | order_id | customer_id | ordered_on | net_revenue |
      | 1 | A | 2021-01-05 | 300.0 |
      | 2 | B | 2021-02-05 | 100.0 |
      | 3 | C | 2019-02-05 | 900.0 |

    customers from crm (together, owner Vertrieb)
      data/crm.csv: 3 rows, 2 would be loaded, 1 would go to quarantine; dates dd.mm.yyyy, delimiter semicolon, encoding UTF-8, format csv
        customer_id <- Nr, customer_since <- Seit, name <- Firma
      | customer_id | name | customer_since |
      | A | Anna GmbH | 2019-12-31 |
      | D | Dora KG | 2020-02-01 |
      problem: data/crm.csv, row 3: `customer_since` is `gestern`, not readable, expected a date from 1900-01-01 to 2199-12-31

    staff_answers from files (together)
      data/staff_answers.csv: 1 rows, 1 would be loaded, 0 would go to quarantine; dates yyyy-mm-dd, delimiter comma, encoding UTF-8, format csv
        answered_on <- answered_on, customer_id <- customer_id, potential <- potential, rater <- rater, round <- round

    interactions from files (together)
      data/interactions_2021-03-01.csv: 2 rows, 2 would be loaded, 0 would go to quarantine; dates yyyy-mm-dd, delimiter comma, encoding UTF-8, format csv
        channel <- channel, customer_id <- customer_id, happened_on <- happened_on
      | customer_id | happened_on | channel |
      | A | 2021-02-01 | call |
      | X | 2021-02-01 | call |
    ");
    let mut left: Vec<String> = std::fs::read_dir(project.path().join("data"))
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    left.sort();
    assert_eq!(left, ["crm.csv", "interactions_2021-03-01.csv", "order_lines.csv", "staff_answers.csv"]);
}

#[test]
fn a_dry_run_goes_on_past_a_source_that_cannot_be_read() {
    let project = project();
    project.write(
        "headroom.toml",
        format!("{CONFIGURED}\n[products]\nfiles = ['data/products.xlsx']\n").replace("'Firma'", "'Name'"),
    );
    let said = project.fails(1, &["ingest", "--dry-run"]);
    assert!(said.out.contains("  error: `products`: no file matches `data/products.xlsx`\n"), "{}", said.out);
    assert!(
        said.out.contains("  error: data/crm.csv: there is no column `Name` for name, found `Nr`, `Firma`, `Seit`\n")
    );
    assert!(said.out.contains("interactions from files"), "{}", said.out);
    assert!(said.err.contains("2 sources cannot be read"), "{}", said.err);
}

#[test]
fn a_project_made_with_presets_runs_at_once() {
    let project = Project::with_orders("order_id,customer_id,ordered_on,net_revenue\n1,A,2021-01-05,300\n");
    let said = project.run(&["init", "--preset", "zoho,datev"]);
    assert!(said.out.contains("data/datev/ is for DATEV: open items"), "{}", said.out);
    assert!(project.path().join("data/zoho").is_dir());
    project.run(&["ingest"]);
    let said = project.fails(2, &["init", "--preset", "zoho"]);
    assert!(said.err.contains("exists already"), "{}", said.err);
}

#[test]
fn accounts_and_contacts_are_there_at_once_in_a_fresh_project() {
    let project = project();
    project.write(
        "data/contacts.csv",
        "contact_id,customer_id,role,last_confirmed_on,left_on\nP1,A,buyer,2021-01-05,\nP2,A,decider,2020-01-05,2021-01-31\n",
    );
    // the CRM's one unreadable row of three closes the gate
    let said = project.run(&["contacts", "--waive", "refused-rows", "--reason", "known"]);
    assert!(said.out.contains("1 of 2 contacts present"), "{}", said.out);
    assert!(said.out.contains("P2") && said.out.contains("likely left: left"), "{}", said.out);
    std::fs::remove_file(project.path().join("data/warehouse.duckdb")).unwrap();
    let said = project.run(&["account", "anna", "--lineage"]);
    assert!(said.out.contains("account A") && said.out.contains("data/crm.csv (batch"), "{}", said.out);
}
