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

#[test]
fn lines_are_counted_source_by_source() {
    let mut project = Project::new();
    let header = "order_id,customer_id,ordered_on,net_revenue\n";
    project.file("erp_2020-11-30.csv", format!("{header}1,C1,2020-11-02,10\n2,C1,2020-11-03,10\n"));
    project.file("erp_2020-12-31.csv", format!("{header}1,C1,2020-11-02,11\n3,C1,2020-12-03,10\n"));
    project.file("shop.csv", format!("{header}9,C2,2020-11-02,10\n"));
    project.file("edi_2020-11-30.csv", format!("{header}5,C3,2020-11-02,10\n6,C3,2020-11-02,10\n"));
    project.file("edi_2020-12-31.csv", format!("{header}5,C3,2020-11-02,12\n"));
    project.configure(
        "[[order_lines.sources]]\nname = 'erp'\nfiles = ['data/erp_*.csv']\nmode = 'snapshot'\n\
         [[order_lines.sources]]\nname = 'shop'\nfiles = ['data/shop.csv']\n\
         [[order_lines.sources]]\nname = 'edi'\nfiles = ['data/edi_*.csv']\nmode = 'upsert'\nkey = ['order_id']\n",
    );
    assert_eq!(found(&project, &["reconciliation"]), [""; 0]);
    project.warehouse.execute("DELETE FROM order_lines WHERE source = 'shop'", headroom::params![]).unwrap();
    assert_eq!(
        found(&project, &["reconciliation"]),
        ["reconciliation: order_lines of shop holds 0 lines, its files brought 1"]
    );
}

/// Findings of the checks named, without their number.
fn found(project: &Project, checks: &[&str]) -> Vec<String> {
    project.ingest().unwrap();
    let found = run(&project.warehouse).unwrap();
    let of_checks = found.into_iter().filter(|finding| checks.contains(&finding.check.as_str()));
    of_checks.flat_map(|f| f.examples.into_iter().map(move |example| format!("{}: {example}", f.check))).collect()
}

#[test]
fn values_that_cannot_be_what_they_claim_are_found() {
    let project = Project::new();
    project.file("order_lines.csv", good());
    project.file(
        "customers.csv",
        "customer_id,name,vat_id,iban,postal_code,country,email\n\
         C1,a,DE136695976,DE89370400440532013000,80331,DE,info@a.example\n\
         C2,b,DE136695975,DE88370400440532013000,8033,Deutschland,info@b@example\n\
         C3,c,ATU13585627,,1010,AT,\n",
    );
    let checks = ["invalid-vat-ids", "invalid-ibans", "invalid-postal-codes", "invalid-emails"];
    assert_eq!(
        found(&project, &checks),
        [
            "invalid-vat-ids: customer C2: DE136695975, its check digit is wrong",
            "invalid-ibans: customer C2: DE88...00, its check digits or its form are wrong",
            "invalid-postal-codes: customer C2: 8033, DE has five digits",
            "invalid-emails: customer C2: info@b@example, invalid character",
        ]
    );
}

#[test]
fn what_names_nothing_that_exists_is_found_and_kept() {
    let project = Project::new();
    project.file("order_lines.csv", good().replace("C3", "Nobody"));
    project.file("customers.csv", "customer_id,name,parent_id,rep_id,vat_id\nC1,a,C1,R9,DE1\nC2,b,C0,R1,de 1\n");
    project.file("reps.csv", "rep_id,name\nR1,x\n");
    project.file("complaints.csv", "complaint_id,customer_id,opened_on\nB1,C7,2020-01-05\n");
    project.file("contacts.csv", "contact_id,customer_id,email\nP1,C1,x@a.example\nP2,C2,X@a.example\nP3,C2,\n");
    project.file(
        "survey_answers.csv",
        "customer_id,answered_on,question,score,contact_id\nC1,2020-11-02,recommend,9,P9\n",
    );
    let checks = [
        "unknown-customers",
        "orphaned-facts",
        "unknown-reps",
        "unknown-parents",
        "unknown-contacts",
        "shared-vat-ids",
        "shared-emails",
        "unreachable-contacts",
    ];
    assert_eq!(
        found(&project, &checks),
        [
            "unknown-customers: customer Nobody has 24 order lines",
            "orphaned-facts: complaints has 1 rows of 1 customers nobody knows, such as C7",
            "unknown-reps: representative R9 is in charge of 1 customers",
            "unknown-parents: customer C1 has the parent C1",
            "unknown-parents: customer C2 has the parent C0",
            "unknown-contacts: survey_answers has 1 rows of 1 contacts nobody knows, such as P9",
            "unreachable-contacts: contact P3 of customer C2 has neither e-mail nor telephone",
            "shared-vat-ids: DE1 belongs to C1, C2",
            "shared-emails: x@a.example is shared by P1, P2",
        ]
    );
    project.resolve();
    assert_eq!(project.rows(&["count(*)"], "FROM accounts WHERE account_id = 'Nobody'"), ["1"]);
}

#[test]
fn rows_that_contradict_themselves_are_found() {
    let project = Project::new();
    let lines = good().replace(",cost\n", ",cost,shipped_on\n").replace(",1,5\n", ",1,5,\n");
    project.file("order_lines.csv", format!("{lines}990,1,C1,2020-12-06,10,1,-5,2020-11-30\n"));
    project.file(
        "invoices.csv",
        "invoice_id,customer_id,issued_on,amount,due_on,paid_on,paid_amount\n\
         R1,C1,2020-11-02,100,2020-12-02,2020-11-01,\n\
         R2,C1,2020-11-02,100,2020-10-02,,\n\
         R3,C2,2020-11-03,100,2020-12-02,2020-12-01,150\n",
    );
    project.file("complaints.csv", "complaint_id,customer_id,opened_on,closed_on\nB1,C1,2020-11-05,2020-11-01\n");
    let checks = [
        "paid-before-issued",
        "due-before-issued",
        "overpaid-invoices",
        "shipped-before-ordered",
        "cost-of-other-sign",
        "closed-before-opened",
        "twin-invoices",
    ];
    assert_eq!(
        found(&project, &checks),
        [
            "twin-invoices: customer C1, 2020-11-02: R1, R2 have the same amount",
            "cost-of-other-sign: order 990, line 1: revenue 10.0, cost -5.0",
            "paid-before-issued: invoice R1 was issued on 2020-11-02 and paid on 2020-11-01",
            "due-before-issued: invoice R2 was issued on 2020-11-02 and due on 2020-10-02",
            "overpaid-invoices: invoice R3 of 100.0 was paid with 150.0",
            "shipped-before-ordered: order 990, line 1 was ordered on 2020-12-06 and shipped on 2020-11-30",
            "closed-before-opened: complaint B1 was opened on 2020-11-05 and closed on 2020-11-01",
        ]
    );
}

#[test]
fn figures_that_are_hard_to_believe_and_tables_that_are_out_of_date_are_found() {
    let project = Project::new();
    let mut text = "order_id,customer_id,ordered_on,net_revenue,quantity,product_id\n".to_owned();
    let mut visits = "customer_id,happened_on,channel\n".to_owned();
    for month in 0..24 {
        let (year, of_year) = (2019 + month / 12, month % 12 + 1);
        // the amounts of March 2020 were lost, and one decimal mark in July
        let net = if month == 14 { "0.10" } else { "10" };
        for line in 0..12 {
            let net = if (month, line) == (18, 3) { "1001" } else { net };
            text.push_str(&format!("{month}-{line},C1,{year}-{of_year:02}-05,{net},1,P\n"));
        }
        for visit in 0..20 {
            // no visit was delivered for May 2020, nor any after August 2020
            if month != 16 && month < 20 {
                visits.push_str(&format!("C1,{year}-{of_year:02}-{:02},visit\n", visit + 1));
            }
        }
    }
    project.file("order_lines.csv", text);
    project.file("interactions.csv", visits);
    assert_eq!(
        found(&project, &["weak-months", "strange-prices", "missing-deliveries", "stale-tables", "thin-months"]),
        [
            "weak-months: 2020-03 has a revenue of 1.20, usually 120.00",
            "missing-deliveries: interactions of files has 0 rows in 2020-05, usually 20",
            "strange-prices: order 18-3: product P at 1001.00 per unit, usually 10.00",
            "stale-tables: interactions ends on 2020-08-20, orders on 2020-12-05",
        ]
    );
    // the shop delivers 24 lines a month, but none in June 2019: the sum of both sources hides it
    let shop = "INSERT INTO order_lines SELECT order_lines.* REPLACE ('shop' AS source) FROM order_lines, range(2)
        WHERE strftime(ordered_on, '%Y-%m') <> '2019-06'";
    project.warehouse.execute(shop, headroom::params![]).unwrap();
    let silent = run(&project.warehouse).unwrap().into_iter().find(|finding| finding.check == "missing-deliveries");
    assert!(silent.unwrap().examples.contains(&"order_lines of shop has 0 rows in 2019-06, usually 24".to_owned()));
    // a source that is silent every third month has another rhythm, and lost nothing
    let quarterly = "DELETE FROM order_lines WHERE source = 'shop' AND month(ordered_on) % 3 = 0";
    project.warehouse.execute(quarterly, headroom::params![]).unwrap();
    let found = run(&project.warehouse).unwrap().into_iter().find(|finding| finding.check == "missing-deliveries");
    assert_eq!(found.unwrap().examples, ["interactions of files has 0 rows in 2020-05, usually 20"]);
}
