//! Data quality: each check finds what it is for, and nothing in good data.

use std::collections::BTreeMap;

use headroom::check::{Audited, CheckError, run};

use super::project::Project;

/// Two years of three lines a month.
fn good() -> String {
    let mut text = "order_id,line_number,customer_id,ordered_on,net_revenue,quantity,cost\n".to_owned();
    for month in 0..24 {
        for line in 1..=3 {
            text.push_str(&format!(
                "{month},{line},C{line},{}-{:02}-05,10.50,1,5\n",
                2019 + month / 12,
                month % 12 + 1
            ));
        }
    }
    text
}

fn findings(project: &Project) -> Vec<String> {
    project.ingest().unwrap();
    let found = run(&project.warehouse).unwrap();
    found.into_iter().map(|f| format!("{} {}: {}", f.check, f.rows, f.examples[0])).collect()
}

#[test]
fn good_data_has_no_findings_and_passes() {
    let project = Project::new();
    project.file("order_lines.csv", good());
    project.file("customers.csv", "customer_id,name\nC1,a\nC2,b\nC3,c\n");
    assert_eq!(findings(&project), [""; 0]);
    assert!(Audited::new(run(&project.warehouse).unwrap(), &BTreeMap::new()).is_ok());
}

#[test]
fn what_does_not_fit_together_is_found() {
    let mut project = Project::new();
    project.section("order_lines", "received_on = 2021-01-31");
    let mut text = good();
    text.push_str("900,1,C1,2020-12-06,10,1,5\n900,1,C1,2020-12-06,10,1,5\n");
    text.push_str("901,1,Nobody,2021-02-06,10,-1,\n");
    project.file("order_lines.csv", text);
    project.file("customers.csv", "customer_id,name\nC1,a\nC2,b\nC3,c\n");
    assert_eq!(
        findings(&project),
        [
            "duplicate-lines 1: order 900, line 1 is held 2 times",
            "dated-after-receipt 1: data/order_lines.csv: 1 lines dated up to 2021-02-06, received on 2021-01-31",
            "thin-months 1: 2021-01 has 0 order lines",
            "unknown-customers 1: customer Nobody has 1 order lines",
            "revenue-without-cost 1: 2021: 100 % of the revenue has no cost",
            "opposite-signs 1: order 901, line 1: quantity -1.0, revenue 10.0",
        ]
    );
    let closed = Audited::new(run(&project.warehouse).unwrap(), &BTreeMap::new()).unwrap_err();
    assert!(matches!(closed, CheckError::Closed { .. }));
}

#[test]
fn a_typing_error_in_a_year_closes_the_gate_but_a_year_without_orders_does_not() {
    let lines = |year: i32, n: i32| -> String {
        (0..n).map(|i| format!("{year}{i},1,C1,{year}-{:02}-05,10,1,5\n", i % 12 + 1)).collect()
    };
    let header = "order_id,line_number,customer_id,ordered_on,net_revenue,quantity,cost\n";
    let typo = Project::new();
    typo.file("order_lines.csv", format!("{header}{}{}", lines(2019, 240), lines(2031, 1)));
    assert!(findings(&typo).iter().any(|f| f == "stray-months 1: 2031-01 has 1 order lines after a gap"));
    let pause = Project::new();
    pause.file("order_lines.csv", format!("{header}{}{}", lines(2019, 240), lines(2021, 240)));
    assert!(!findings(&pause).iter().any(|f| f.starts_with("stray-months")));
}

#[test]
fn a_file_of_which_much_was_refused_closes_the_gate() {
    let project = Project::new();
    project.file("order_lines.csv", format!("{}x,1,C1,never,1,1,1\n", good()));
    assert_eq!(findings(&project), [""; 0]);
    let project = Project::new();
    project.file("order_lines.csv", format!("{}{}", good(), "x,1,C1,never,1,1,1\n".repeat(20)));
    assert!(findings(&project)[0].starts_with("refused-rows 1: data/order_lines.csv: 20 of 92 rows"));
}

#[test]
fn every_customer_is_an_account_also_one_known_only_from_orders() {
    let project = Project::new();
    project.file("order_lines.csv", good());
    project.file("customers.csv", "customer_id,name\nC1,a\nC9,never bought\n");
    project.ingest().unwrap();
    for _ in 0..2 {
        assert_eq!(project.resolve().accounts, 4);
    }
    assert_eq!(
        project.rows(&["customer_id", "account_id"], "FROM accounts ORDER BY customer_id"),
        ["C1|C1", "C2|C2", "C3|C3", "C9|C9"]
    );
}
