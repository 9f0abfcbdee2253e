//! A company of as many accounts as wanted, by formula, straight into the warehouse; and a stop watch.

use std::time::{Duration, Instant};

use headroom::{domain::Month, ingest::contract, params, warehouse::Warehouse};

/// Months of the ledger.
pub const MONTHS: i32 = 36;

/// Processor time that this process has taken so far, in seconds; 0 where there is no `/proc`.
#[allow(dead_code, reason = "not every bench asks for it")]
pub fn processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// What `work` returns, and how long it took.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let value = work();
    (value, start.elapsed())
}

/// A ledger and dated facts by formula.
pub fn fill(warehouse: &Warehouse, accounts: i64, first: Month, busy: i64) {
    fill_ledger(warehouse, accounts, first, busy);
    fill_facts(warehouse);
}

/// A ledger and its customers by formula: an account orders in 30 to 100 % of its months, times `busy` %, from 1 to 4 of
/// 20 groups; accounts differ in size.
pub fn fill_ledger(warehouse: &Warehouse, accounts: i64, first: Month, busy: i64) {
    warehouse.create_tables(&contract::table_definitions()).expect("the contract's tables");
    let spine = "CREATE TEMP TABLE spine AS
        SELECT 'A' || lpad(CAST(a AS VARCHAR), 7, '0') AS account_id, a, CAST(? AS INTEGER) + CAST(m AS INTEGER) AS month,
            CAST(hash(a, m) >> 1 AS BIGINT) AS h
        FROM range(?) accounts(a), range(36) months(m)
        WHERE hash(a, m, 1) % 10000 < (30 + a % 71) * ?";
    warehouse.execute(spine, params![first.index(), accounts, busy]).expect("months of accounts");
    warehouse
        .execute_script(
            "INSERT INTO ledger_groups
                (account_id, month, known_month, product_group, net_revenue_e4, gross_revenue_e4, returns_e4,
                 costed_revenue_e4, margin_e4, quantity_e4, lines)
             SELECT account_id, month, month + CASE WHEN h % 50 = 0 THEN 1 ELSE 0 END, 'group ' || (h + g * 7 + a) % 20,
                 gross - back, gross, back, gross - back, gross // 3, 10000, 2
             FROM (
                 SELECT *, 1000000 + CAST(h // 16 % 9000000 AS BIGINT) * (1 + a * 7 % 40) // (1 + g) AS gross,
                     CASE WHEN h % 23 = 0 THEN 500000 ELSE 0 END AS back
                 FROM spine, range(4) groups(g) WHERE g <= h % 4
             );
             INSERT INTO ledger_accounts (account_id, month, known_month, orders, day_mask, largest_order_e4)
             SELECT account_id, month, month + CASE WHEN h % 50 = 0 THEN 1 ELSE 0 END, 2,
                 CAST((1 << CAST(h % 28 AS INTEGER)) | (1 << CAST(h // 64 % 28 AS INTEGER)) AS INTEGER), 4000000
             FROM spine;
             INSERT INTO customers (customer_id, name, industry, region, country, employees, customer_since, known_at,
                 source, batch_id)
             SELECT DISTINCT account_id, account_id, 'industry ' || a % 12, 'region ' || a % 8, 'DE', a % 900,
                 DATE '2019-01-01' + CAST(a % 900 AS INTEGER), DATE '1900-01-01', 'files', 1
             FROM spine",
        )
        .expect("a ledger");
}

/// Dated facts of the same accounts.
fn fill_facts(warehouse: &Warehouse) {
    warehouse
        .execute_script(
            "INSERT INTO invoices (invoice_id, customer_id, issued_on, amount_e4, due_on, paid_on, known_at, source, batch_id)
             SELECT account_id || month, account_id, issued, 5000000, issued + 30,
                 issued + CAST(20 + h % 40 AS INTEGER), issued, 'files', 1
             FROM (SELECT *, make_date(month // 12, month % 12 + 1, 1) + CAST(h % 28 AS INTEGER) AS issued
                   FROM spine WHERE h % 2 = 0);
             INSERT INTO survey_answers (customer_id, answered_on, question, score, known_at, source, batch_id)
             SELECT account_id, day, 'recommend', h % 11, day, 'files', 1
             FROM (SELECT *, make_date(month // 12, month % 12 + 1, 1) AS day FROM spine WHERE h % 24 = 1);
             INSERT INTO complaints (complaint_id, customer_id, opened_on, closed_on, known_at, source, batch_id)
             SELECT account_id || month, account_id, day, day + 20, day, 'files', 1
             FROM (SELECT *, make_date(month // 12, month % 12 + 1, 1) AS day FROM spine WHERE h % 48 = 3);
             INSERT INTO interactions (customer_id, happened_on, channel, direction, outcome, known_at, source, batch_id)
             SELECT account_id, day, ['visit', 'call', 'email', 'newsletter', 'ticket', 'email', 'call'][1 + h // 32 % 7],
                 ['in', 'out'][1 + h // 256 % 2], ['opened', 'not reached', 'order'][1 + h // 512 % 3], day, 'files', 1
             FROM (SELECT *, make_date(month // 12, month % 12 + 1, 1) + CAST(h % 28 AS INTEGER) AS day FROM spine);
             INSERT INTO contacts (contact_id, customer_id, role, email, last_confirmed_on, known_at, source, batch_id)
             SELECT DISTINCT account_id || n, account_id, ['buyer', 'decider', 'user'][1 + (a + n) % 3], account_id || n,
                 DATE '2022-06-01' + CAST(a % 700 AS INTEGER), DATE '2022-01-01' + CAST(a % 200 AS INTEGER), 'files', 1
             FROM spine, range(2) numbers(n);
             INSERT INTO opportunities (opportunity_id, customer_id, opened_on, closed_on, stage, amount_e4, probability,
                 known_at, source, batch_id)
             SELECT account_id || month, account_id, day, day + 90, 'won', 50000000, 0.5, day, 'files', 1
             FROM (SELECT *, make_date(month // 12, month % 12 + 1, 1) AS day FROM spine WHERE h % 20 = 5);
             INSERT INTO public_signals (customer_id, observed_on, stated_source, topic, sentiment, text, known_at, source,
                 batch_id)
             SELECT account_id, day, ['website', 'forum', 'social'][1 + h // 64 % 3], 'topic ' || h // 512 % 9,
                 h // 1024 % 21 / 10.0 - 1, 'about group ' || h // 2048 % 20, day, 'files', 1
             FROM (SELECT *, make_date(month // 12, month % 12 + 1, 1) AS day FROM spine WHERE h % 30 = 7)",
        )
        .expect("dated facts");
}
