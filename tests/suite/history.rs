//! The ledger against a slow oracle, over random batches in any order of arrival.

mod oracle;

use headroom::{
    domain::Month,
    history::{HistoryError, LedgerAction, LedgerReport, RebuildReason, Statement, build},
    ingest::contract,
    params,
    warehouse::{TableDefinition, Warehouse, WarehouseOptions},
};
use jiff::civil::{Date, date};
use oracle::{AccountRecord, GroupRecord, Line, Oracle};
use polars::prelude::{Column, DataFrame, DataType, df};
use proptest::prelude::*;

use super::project::Project;

/// Ten customers in two sources; one account has two of them, which share order ids and days.
const ACCOUNTS: [(&str, &str, &str); 3] = [("erp", "c1", "acme"), ("shop", "c1", "acme"), ("shop", "c2", "zeta")];

fn warehouse() -> Warehouse {
    let warehouse = Warehouse::in_memory(&WarehouseOptions::default()).unwrap();
    let lines = contract::table("order_lines").unwrap();
    warehouse.create_tables(&[TableDefinition { name: lines.name.into(), ddl: lines.ddl().into() }]).unwrap();
    for (source, customer, account) in ACCOUNTS {
        let sql = "INSERT INTO accounts VALUES (?, ?, ?, NULL, NULL)";
        warehouse.execute(sql, params![source, customer, account]).unwrap();
    }
    warehouse
}

fn insert(warehouse: &Warehouse, batch: i32, lines: &[Line]) {
    fn column<T>(lines: &[Line], of: impl Fn(&Line) -> T) -> Vec<T> {
        lines.iter().map(of).collect()
    }
    let text = |of: fn(&Line) -> &str| column(lines, |line| of(line).to_owned());
    let days = |of: fn(&Line) -> Date| {
        let since_epoch = column(lines, |line| (of(line) - date(1970, 1, 1)).get_days());
        Column::new("".into(), since_epoch).cast(&DataType::Date).unwrap()
    };
    let frame = df!(
        "order_id" => text(|line| &line.order),
        "customer_id" => text(|line| &line.customer),
        "ordered_on" => days(|line| line.ordered_on).take_materialized_series(),
        "product_group" => text(|line| &line.group),
        "net_revenue_e4" => column(lines, |line| line.net_e4),
        "cost_e4" => column(lines, |line| line.cost_e4),
        "quantity_e4" => column(lines, |line| line.quantity_e4),
        "known_at" => days(|line| line.known_at).take_materialized_series(),
        "source" => text(|line| &line.source),
        "batch_id" => vec![batch; lines.len()],
        "is_reversal" => column(lines, |line| line.is_reversal),
        "group_from_products" => vec![false; lines.len()],
    );
    warehouse.append("order_lines", &frame.unwrap()).unwrap();
}

fn groups(warehouse: &Warehouse) -> Vec<GroupRecord> {
    let sql = "SELECT * FROM ledger_groups ORDER BY account_id, month, known_month, product_group";
    warehouse
        .query(sql, params![], |row| {
            Ok(GroupRecord {
                account: row.get(0)?,
                month: row.get(1)?,
                known_month: row.get(2)?,
                group: row.get(3)?,
                net_e4: row.get(4)?,
                gross_e4: row.get(5)?,
                returns_e4: row.get(6)?,
                costed_e4: row.get(7)?,
                margin_e4: row.get(8)?,
                quantity_e4: row.get(9)?,
                lines: row.get(10)?,
            })
        })
        .unwrap()
}

fn accounts(warehouse: &Warehouse) -> Vec<AccountRecord> {
    let sql = "SELECT * FROM ledger_accounts ORDER BY account_id, month, known_month";
    warehouse
        .query(sql, params![], |row| {
            Ok(AccountRecord {
                account: row.get(0)?,
                month: row.get(1)?,
                known_month: row.get(2)?,
                orders: row.get(3)?,
                day_mask: row.get(4)?,
                largest_e4: row.get(5)?,
            })
        })
        .unwrap()
}

fn line(order: &str, ordered_on: Date, net: i64) -> Line {
    Line {
        source: "erp".into(),
        customer: "c3".into(),
        order: order.into(),
        group: "G".into(),
        ordered_on,
        known_at: ordered_on,
        net_e4: net * 10_000,
        cost_e4: None,
        quantity_e4: None,
        is_reversal: false,
    }
}

fn reversed(line: &Line, known_at: Date) -> Line {
    let negated = |value: Option<i64>| value.map(|v| -v);
    Line {
        known_at,
        net_e4: -line.net_e4,
        cost_e4: negated(line.cost_e4),
        quantity_e4: negated(line.quantity_e4),
        is_reversal: true,
        ..line.clone()
    }
}

fn known(line: Line, known_at: Date) -> Line {
    Line { known_at, ..line }
}

/// Builds after each batch, and checks every state against the oracle and against a build from scratch.
fn checked(batches: &[Vec<Line>]) -> (Warehouse, LedgerReport) {
    let grown = warehouse();
    let mut report = None;
    for (index, lines) in batches.iter().enumerate() {
        insert(&grown, index as i32, lines);
        let built = build(&grown).unwrap();
        assert_eq!(matches!(built.action, LedgerAction::Rebuilt(_)), index == 0, "{:?}", built.action);
        let oracle = Oracle::new(batches[..=index].concat(), &ACCOUNTS);
        assert_eq!(groups(&grown), oracle.groups(), "groups after batch {index}");
        assert_eq!(accounts(&grown), oracle.accounts(), "accounts after batch {index}");
        report = Some(built);
    }
    let scratch = warehouse();
    for (index, lines) in batches.iter().enumerate() {
        insert(&scratch, index as i32, lines);
    }
    build(&scratch).unwrap();
    assert_eq!((groups(&grown), accounts(&grown)), (groups(&scratch), accounts(&scratch)));
    (grown, report.unwrap())
}

fn account_figures(warehouse: &Warehouse) -> Vec<(i32, i32, i64, i32, i64)> {
    let of = |r: AccountRecord| (r.month % 12 + 1, r.known_month % 12 + 1, r.orders, r.day_mask, r.largest_e4 / 10_000);
    accounts(warehouse).into_iter().map(of).collect()
}

#[test]
fn several_orders_on_a_day_are_several_orders_and_one_order_day() {
    let day = date(2024, 1, 3);
    let (ledger, _) = checked(&[vec![
        line("1", day, 10),
        line("1", day, 5),
        line("2", day, 7),
        line("3", day.tomorrow().unwrap(), 1),
    ]]);
    assert_eq!(account_figures(&ledger), [(1, 1, 3, 0b1100, 15)]);
}

#[test]
fn returns_alone_are_neither_an_order_nor_an_order_day() {
    let (ledger, _) = checked(&[vec![line("1", date(2024, 1, 3), 10), line("r", date(2024, 2, 3), -4)]]);
    assert_eq!(account_figures(&ledger), [(1, 1, 1, 0b100, 10)]);
    let returned = groups(&ledger).into_iter().find(|r| r.month % 12 == 1).unwrap();
    assert_eq!((returned.net_e4, returned.gross_e4, returned.returns_e4), (-40_000, 0, 40_000));
}

#[test]
fn a_reversed_order_leaves_no_phantom_in_later_knowledge_and_stays_in_earlier() {
    let order = line("1", date(2024, 1, 3), 10);
    let kept = line("2", date(2024, 1, 9), 4);
    let (ledger, report) = checked(&[vec![order.clone(), kept], vec![reversed(&order, date(2024, 3, 20))]]);
    assert_eq!(account_figures(&ledger), [(1, 1, 2, 0b1_0000_0100, 10), (1, 3, -1, 0b100, -6)]);
    assert_eq!(report.touched, ["2024-01".parse().unwrap()]);
}

#[test]
fn an_order_whose_date_is_corrected_moves_to_its_month_without_being_counted_twice() {
    let order = line("1", date(2024, 1, 31), 10);
    let moved = known(line("1", date(2024, 2, 1), 10), date(2024, 3, 5));
    let (ledger, _) = checked(&[vec![order.clone()], vec![reversed(&order, date(2024, 3, 5)), moved]]);
    assert_eq!(account_figures(&ledger), [(1, 1, 1, 1 << 30, 10), (1, 3, -1, 1 << 30, -10), (2, 3, 1, 1, 10)]);
}

#[test]
fn an_order_over_two_months_counts_where_its_first_line_became_known() {
    let late = known(line("1", date(2024, 1, 31), 3), date(2024, 2, 10));
    let (ledger, _) = checked(&[vec![line("1", date(2024, 2, 1), 10)], vec![late]]);
    assert_eq!(account_figures(&ledger), [(1, 2, 0, 1 << 30, 3), (2, 2, 1, 1, 10)]);
}

#[test]
fn a_late_line_of_an_order_is_money_of_the_later_knowledge_and_no_second_order() {
    let late = known(line("1", date(2024, 1, 3), 5), date(2024, 2, 10));
    let (ledger, report) = checked(&[vec![line("1", date(2024, 1, 3), 10)], vec![late]]);
    assert_eq!(account_figures(&ledger), [(1, 1, 1, 0b100, 10), (1, 2, 0, 0, 5)]);
    assert_eq!(report.action, LedgerAction::Updated(vec![1]));
}

/// The ledger as it stands in the end: both grains without months of knowledge.
fn final_state(project: &Project) -> (LedgerReport, Vec<String>, Vec<String>) {
    let report = build(&project.warehouse).unwrap();
    let sum = |column: &str| format!("CAST(coalesce(sum({column}), 0) AS BIGINT)");
    let keys = ["account_id", "month", "product_group"].map(str::to_owned).to_vec();
    let money =
        ["net_revenue_e4", "gross_revenue_e4", "returns_e4", "costed_revenue_e4", "margin_e4", "quantity_e4", "lines"];
    let groups: Vec<String> = keys.iter().cloned().chain(money.map(sum)).collect();
    let accounts =
        ["account_id".into(), "month".into(), sum("orders"), "bit_xor(day_mask)".into(), sum("largest_order_e4")];
    let rows = |columns: &[String], rest: &str| {
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        project.rows(&columns, rest)
    };
    let groups = rows(
        &groups,
        "FROM ledger_groups GROUP BY account_id, month, product_group HAVING sum(lines) <> 0
         ORDER BY account_id, month, product_group",
    );
    let accounts = rows(
        &accounts,
        "FROM ledger_accounts GROUP BY account_id, month HAVING sum(orders) <> 0 ORDER BY account_id, month",
    );
    (report, groups, accounts)
}

/// A line of a file: order, line, customer, day, cents, cost in cents.
type FileLine = (u32, u32, String, String, i64, i64);

fn csv(lines: &[FileLine]) -> String {
    let money =
        |cents: i64| format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100);
    let mut text = "order_id,line_number,customer_id,ordered_on,product_group,quantity,net_revenue,cost\n".to_owned();
    for (order, line, customer, day, cents, cost) in lines {
        let (net, cost) = (money(*cents), money(*cost));
        text.push_str(&format!("{order},{line},{customer},{day},G{},{line},{net},{cost}\n", order % 3));
    }
    text
}

#[test]
fn one_file_twelve_snapshots_and_later_corrections_give_the_same_ledger_to_the_cent() {
    let mut lines: Vec<FileLine> = Vec::new();
    for order in 0..90_u32 {
        for line in 1..=1 + order % 3 {
            let day = format!("2021-{:02}-{:02}", 1 + order % 12, 1 + order * 7 % 28);
            let cents = i64::from(order * 37 % 1000) * 13 - if order % 11 == 0 { 9_000 } else { 0 };
            lines.push((order, line, format!("C{}", order % 9), day, cents, cents * 3 / 5));
        }
    }
    let whole = Project::new();
    whole.file("order_lines.csv", csv(&lines));
    whole.ingest().unwrap();
    let (_, groups, accounts) = final_state(&whole);
    assert_eq!((groups.len(), accounts.len()), (36, 36), "9 customers in 4 months each, one group a month");

    let mut monthly = Project::new();
    monthly.section("order_lines", "files = ['data/order_lines_*.csv']\nmode = 'snapshot'");
    for month in 1..=12 {
        let so_far: Vec<_> = lines.iter().filter(|line| line.3 <= format!("2021-{month:02}-31")).cloned().collect();
        monthly.file(&format!("order_lines_2021-{month:02}.csv"), csv(&so_far));
        monthly.ingest().unwrap();
        let (report, ..) = final_state(&monthly);
        assert_eq!(report.touched, [Month::new(2021, month).unwrap()], "{}", report.action);
    }
    assert_eq!((final_state(&monthly).1, final_state(&monthly).2), (groups.clone(), accounts.clone()));

    // An amount, a customer and a day are wrong, a line is missing and another is one too many.
    let mut wrong = lines.clone();
    wrong[5].4 += 1234;
    wrong[40].2 = "C99".into();
    wrong[50].3 = "2021-01-15".into();
    wrong.remove(7);
    wrong.push((999, 1, "C1".into(), "2021-03-03".into(), 5, 1));
    let mut corrected = Project::new();
    corrected.section("order_lines", "mode = 'snapshot'");
    corrected.file("order_lines_2021-12-31.csv", csv(&wrong));
    corrected.ingest().unwrap();
    let (_, wrong_groups, wrong_accounts) = final_state(&corrected);
    assert_ne!(wrong_groups, groups);
    assert_ne!(wrong_accounts, accounts);
    corrected.file("order_lines_2022-01-31.csv", csv(&lines));
    corrected.ingest().unwrap();
    let (report, corrected_groups, corrected_accounts) = final_state(&corrected);
    assert!(matches!(report.action, LedgerAction::Updated(_)), "{}", report.action);
    assert_eq!((corrected_groups, corrected_accounts), (groups, accounts));
}

#[test]
fn nothing_new_is_nothing_done_and_a_changed_batch_or_identity_is_built_anew() {
    let (ledger, _) = checked(&[vec![line("1", date(2024, 1, 3), 10)], vec![line("2", date(2024, 2, 3), 10)]]);
    let before = (groups(&ledger), accounts(&ledger));
    let report = build(&ledger).unwrap();
    assert_eq!((report.action, report.touched), (LedgerAction::Reused, vec![]));
    assert_eq!((groups(&ledger), accounts(&ledger)), before);

    ledger.execute("UPDATE order_lines SET product_group = 'H' WHERE batch_id = 1", params![]).unwrap();
    assert_eq!(build(&ledger).unwrap().action, LedgerAction::Rebuilt(RebuildReason::Batches(vec![1])));
    assert!(groups(&ledger).iter().any(|record| record.group == "H"));

    ledger.execute("INSERT INTO accounts VALUES ('erp', 'c3', 'acme', NULL, NULL)", params![]).unwrap();
    assert_eq!(build(&ledger).unwrap().action, LedgerAction::Rebuilt(RebuildReason::Identity(1)));
    assert!(accounts(&ledger).iter().all(|record| record.account == "acme"));
}

#[test]
fn a_ledger_that_does_not_hold_what_its_lines_hold_is_refused_and_the_old_one_stays() {
    let (ledger, _) = checked(&[vec![line("1", date(2024, 1, 3), 10)]]);
    let before = (groups(&ledger), accounts(&ledger));
    for account in ["x", "y"] {
        let sql = "INSERT INTO accounts VALUES ('erp', 'c4', ?, NULL, NULL)";
        ledger.execute(sql, params![account]).unwrap();
    }
    insert(&ledger, 1, &[Line { customer: "c4".into(), ..line("2", date(2024, 2, 3), 8) }]);
    let error = build(&ledger).unwrap_err();
    assert!(
        matches!(error, HistoryError::Unreconciled { month, lines_e4: 80_000, ledger_e4 }
            if month.to_string() == "2024-02" && ledger_e4 > 80_000),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("accounts"));
    assert_eq!((groups(&ledger), accounts(&ledger)), before);
}

#[test]
fn sums_beyond_64_bits_no_lines_and_absurd_years_are_errors_that_say_so() {
    let empty = warehouse();
    assert!(matches!(build(&empty), Err(HistoryError::NoOrderLines)));
    let bare = Warehouse::in_memory(&WarehouseOptions::default()).unwrap();
    assert!(matches!(build(&bare), Err(HistoryError::NoOrderLines)));

    let huge = Line { net_e4: i64::MAX, ..line("1", date(2024, 1, 3), 0) };
    insert(&empty, 0, &[huge.clone(), huge]);
    let error = build(&empty).unwrap_err();
    assert!(matches!(error, HistoryError::Overflow(_)), "{error}");

    let absurd = warehouse();
    insert(&absurd, 0, &[line("1", date(202, 1, 3), 1)]);
    let error = build(&absurd).unwrap_err();
    assert_eq!(error.to_string(), "order lines of batch 0 have ordered_on in the year 202, expected 1800 to 2999");
}

/// A line over few customers, orders, days and groups, so that everything collides.
fn any_line() -> impl Strategy<Value = Line> {
    (
        (0..2_usize, 1..=5_i32, 1..=6_i32, 0..3_i32),
        (0..95_i32, prop_oneof![6 => Just(0_i32), 3 => 0..20_i32, 2 => 20..140_i32]),
        (-4..=9_i64, prop::option::weighted(0.7, -3..=9_i64), prop::option::of(-2..=5_i64)),
    )
        .prop_map(|((source, customer, order, group), (day, delay), (net, cost, quantity))| {
            let ordered_on = date(2023, 12, 1).checked_add(jiff::Span::new().days(day)).unwrap();
            Line {
                source: ["erp", "shop"][source].into(),
                customer: format!("c{customer}"),
                order: format!("o{order}"),
                group: format!("G{group}"),
                ordered_on,
                known_at: ordered_on.checked_add(jiff::Span::new().days(delay)).unwrap(),
                net_e4: net * 10_000,
                cost_e4: cost.map(|c| c * 10_000),
                quantity_e4: quantity.map(|q| q * 10_000),
                is_reversal: false,
            }
        })
}

/// Lines, the batch each arrives in, and for some the batch and delay of their reversal.
fn any_batches() -> impl Strategy<Value = Vec<Vec<Line>>> {
    let arrival = (any_line(), 0..4_usize, prop::option::weighted(0.4, (0..3_usize, 0..100_i32)));
    prop::collection::vec(arrival, 1..40).prop_map(|arrivals| {
        let mut batches = vec![Vec::new(); 4];
        for (line, batch, reversal) in arrivals {
            if let Some((later, delay)) = reversal {
                let known_at = line.known_at.checked_add(jiff::Span::new().days(delay)).unwrap();
                batches[(batch + later).min(3)].push(reversed(&line, known_at));
            }
            batches[batch].push(line);
        }
        batches.retain(|batch| !batch.is_empty());
        batches
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_sequence_of_batches_gives_the_oracles_ledger_and_that_of_a_build_from_scratch(batches in any_batches()) {
        checked(&batches);
    }
}

#[test]
fn files_and_ledger_are_reconciled_month_by_month_and_what_differs_is_there_row_by_row() {
    let mut project = Project::new();
    project.section("order_lines", "mode = \"snapshot\"");
    let line = |order: &str, day: &str, net: &str, currency: &str| format!("{order},1,C1,{day},{net},{currency}\n");
    let header = "order_id,line_number,customer_id,ordered_on,net_revenue,currency\n";
    let kept = line("1", "2020-01-05", "10.10", "EUR") + &line("2", "2020-01-06", "20.00", "CHF");
    project.file("fx_rates.csv", "month,currency,rate\n2020-01,CHF,0.9\n2020-02,CHF,0.9\n");
    let first = kept.clone() + &line("3", "2020-02-07", "5.55", "EUR") + &line("4", "2020-02-08", "never", "EUR");
    project.file("order_lines_2020-02-29.csv", format!("{header}{first}"));
    let second = kept + &line("3", "2020-02-07", "4.55", "EUR") + &line("5", "2020-03-08", "1", "EUR");
    project.file("order_lines_2020-03-31.csv", format!("{header}{second}"));
    project.ingest().unwrap();
    project.resolve();
    build(&project.warehouse).unwrap();
    let statement = Statement::read(&project.warehouse, "EUR").unwrap();
    let row = |frame: &DataFrame, row: usize| {
        let cells = frame.get(row).unwrap().into_iter().map(|value| value.to_string().replace('"', ""));
        cells.collect::<Vec<_>>().join(" ")
    };
    let months: Vec<String> = (0..statement.months.height()).map(|at| row(&statement.months, at)).collect();
    assert_eq!(
        months,
        [
            "2020-01 CHF 1 20.0 0.0 20.0 18.0 28.1 0.0",
            "2020-01 EUR 1 10.1 0.0 10.1 10.1 null null",
            "2020-02 EUR 2 10.1 -5.55 4.55 4.55 4.55 0.0",
            "2020-03 EUR 1 1.0 0.0 1.0 1.0 1.0 0.0",
        ]
    );
    let rows: Vec<String> = (0..statement.rows.height()).map(|at| row(&statement.rows, at)).collect();
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(
        rows[0]
            .starts_with("refused order_lines data/order_lines_2020-02-29.csv row 5 null null net_revenue is `never`"),
        "{rows:?}"
    );
    assert!(
        rows[1].starts_with("taken back order_lines data/order_lines_2020-03-31.csv order 3, line 1 2020-02-07 -5.55"),
        "{rows:?}"
    );
    let lines = statement.lines().unwrap();
    assert!(lines[0].contains("0.00 unexplained"), "{lines:?}");
    assert!(lines[2].starts_with("1 rows of the files were refused"), "{lines:?}");
}

#[test]
fn rows_that_a_filter_leaves_out_are_explained_one_by_one_in_text_and_parquet_alike() {
    let orders = "order_id,customer_id,ordered_on,net_revenue,Status\n1,C1,2020-01-05,10.10,ok\n2,C1,2020-01-06,20,Storniert\n\
                  3,C1,2020-01-07,x,storniert\n4,C1,2020-02-07,7,\n";
    let sources = |file: &str| {
        format!(
            "[[order_lines.sources]]\nname = \"erp\"\nfiles = [\"data/{file}\"]\n\
             filter = [{{ column = \"Status\", is_empty = false }}, {{ column = \"Status\", not_in = [\"storniert\"] }}]\n\
             [customers]\nfilter = [{{ column = \"Typ\", is = \"Kunde\" }}]\n"
        )
    };
    let customers = "customer_id,name,Typ\nC1,a,Kunde\nC2,b,Lieferant\n";
    let explained = |project: &Project| {
        project.file("customers.csv", customers);
        project.ingest().unwrap();
        project.resolve();
        build(&project.warehouse).unwrap();
        let statement = Statement::read(&project.warehouse, "EUR").unwrap();
        let lines = statement.lines().unwrap();
        assert!(lines[1].starts_with("3 rows of the files were left out by the filters"), "{lines:?}");
        assert!(lines[2].starts_with("1 rows of other tables were left out"), "{lines:?}");
        let rows = (0..statement.rows.height()).map(|at| {
            let cells = statement.rows.get(at).unwrap().into_iter().map(|cell| cell.to_string().replace('"', ""));
            cells.collect::<Vec<_>>().join(" ")
        });
        rows.collect::<Vec<String>>()
    };
    let mut text = Project::new();
    text.file("lines.csv", orders);
    text.configure(&sources("lines.csv"));
    let rows = explained(&text);
    assert_eq!(
        rows,
        [
            "left out customers data/customers.csv row 3 null null `Typ` is `Lieferant`, the filter wants one of `kunde`",
            "left out order_lines data/lines.csv row 3 2020-01-06 20.0 `Status` is `Storniert`, the filter wants none of `storniert`",
            "left out order_lines data/lines.csv row 4 2020-01-07 null `Status` is `storniert`, the filter wants none of `storniert`",
            "left out order_lines data/lines.csv row 5 2020-02-07 7.0 `Status` is ``, the filter wants it filled in",
        ]
    );
    let mut parquet = Project::new();
    let path = |name: &str| parquet.folder.path().join("data").join(name).display().to_string();
    let csv = path("lines.txt");
    std::fs::write(&csv, orders).unwrap();
    let copy = format!(
        "COPY (SELECT * FROM read_csv('{csv}', all_varchar = true, header = true)) TO '{}' (FORMAT parquet)",
        path("lines.parquet")
    );
    parquet.warehouse.execute_script(&copy).unwrap();
    std::fs::remove_file(&csv).unwrap();
    parquet.configure(&sources("lines.parquet"));
    // the first row of a CSV file is its second line
    let of_text: Vec<String> = explained(&parquet)
        .into_iter()
        .zip(["row 3", "row 3", "row 4", "row 5"].into_iter().zip(["row 3", "row 2", "row 3", "row 4"]))
        .map(|(row, (line, place))| row.replace("lines.parquet", "lines.csv").replace(place, line))
        .collect();
    assert_eq!(of_text, rows);
}
