//! The monthly ledger of 25 million order lines against the least one could do: a bare table of two sums.
//!
//! ```text
//! cargo bench --no-default-features --bench ledger -- [LINES [ACCOUNTS]]
//! ```
//! Prints seconds: the bare `CREATE TABLE AS SELECT ... GROUP BY account, month, product group`, both grains of the
//! ledger with its reconciliation, how many times the bare table that is, then a month more as an update, and a build
//! with nothing new. Bare and ledger alternate, and the best of three counts for each: other work on the machine slows
//! either. Peak memory is the process's, limit of DuckDB 2.5 GiB. The lines are made by formula in DuckDB: orders of one
//! to five lines over ten years, one in forty a return, one in a thousand known two months late.

use std::time::Instant;

use headroom::{
    history::{LedgerReport, build},
    ingest::contract,
    params,
    warehouse::{Warehouse, WarehouseOptions},
};

const MEMORY_LIMIT: u64 = 2_500 << 20;
const DAYS: i64 = 3_652;
const ROUNDS: usize = 3;

const LINES: &str = "
INSERT INTO order_lines BY NAME
WITH orders AS (
    SELECT
        o,
        hash(o) AS h,
        CAST(? * pow(hash(o, 1) % 1000003 / 1000003.0, 2) AS BIGINT) AS account,
        DATE '2012-01-01' + CAST(CAST(? AS BIGINT) + (o * CAST(? AS BIGINT)) // CAST(? AS BIGINT) AS INTEGER) AS day
    FROM range(?) AS t(o)
),
lines AS (
    SELECT *, unnest(range(1, 2 + CAST(h % 5 AS BIGINT))) AS line FROM orders
),
drawn AS (
    SELECT
        *,
        hash(o, line, 2) % 3 AS favourite,
        CAST(hash(o, line, 3) % 5000000 AS BIGINT) * CASE WHEN hash(o, line, 4) % 40 = 0 THEN -1 ELSE 1 END AS amount_e4
    FROM lines
)
SELECT
    'O' || CAST(? AS VARCHAR) || lpad(CAST(o AS VARCHAR), 8, '0')       AS order_id,
    'C' || lpad(CAST(account AS VARCHAR), 6, '0')                        AS customer_id,
    day                                                                  AS ordered_on,
    line                                                                 AS line_number,
    'P' || CAST(hash(o, line, 5) % 5000 AS VARCHAR)                      AS product_id,
    'G' || lpad(CAST((account * 7 + favourite * 5) % 24 AS VARCHAR), 2, '0') AS product_group,
    CAST(1 + hash(o, line, 6) % 20 AS BIGINT) * 10000                    AS quantity_e4,
    amount_e4                                                            AS net_revenue_e4,
    amount_e4 * 6 // 10                                                  AS cost_e4,
    'EUR'                                                                AS currency,
    day + CASE WHEN hash(o, line, 7) % 1000 = 0 THEN 60 ELSE 0 END       AS known_at,
    'erp'                                                                AS source,
    CAST(? AS INTEGER)                                                   AS batch_id,
    false                                                                AS is_reversal,
    false                                                                AS group_from_products
FROM drawn";

const BARE: &str = "CREATE OR REPLACE TABLE bare AS
SELECT customer_id, year(ordered_on) * 12 + month(ordered_on) - 1 AS month, product_group,
    sum(net_revenue_e4) AS net_revenue_e4, sum(cost_e4) AS cost_e4
FROM order_lines
GROUP BY customer_id, month, product_group";

fn main() {
    let mut sizes = std::env::args().skip(1).filter_map(|argument| argument.parse::<i64>().ok());
    let (lines, accounts) = (sizes.next().unwrap_or(25_000_000), sizes.next().unwrap_or(20_000));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = WarehouseOptions::default().memory_limit(MEMORY_LIMIT);
    let warehouse = Warehouse::open(folder.path().join("w.duckdb"), &options).expect("a warehouse");
    warehouse.create_tables(&contract::table_definitions()).expect("the contract's tables");
    let (_, made) = timed(|| add_batch(&warehouse, 1, lines / 3, accounts, 0, DAYS));
    println!("lines made                {made}");

    let (mut bare, mut ledger) = (Time::MAX, Time::MAX);
    for _ in 0..ROUNDS {
        bare = bare.best(timed(|| warehouse.execute(BARE, params![]).expect("the bare table")).1);
        warehouse.execute("DELETE FROM ledger_batches", params![]).expect("the ledger is forgotten");
        let (report, time) = timed(|| built(&warehouse));
        ledger = ledger.best(time);
        println!("{} lines, {} and {} records", report.lines, report.group_records, report.account_records);
    }
    println!("bare table                {bare}");
    println!("ledger, both grains       {ledger}");
    println!("ledger / bare             {:7.2}   {:7.2}", ledger.wall / bare.wall, ledger.processor / bare.processor);

    add_batch(&warehouse, 2, lines / 3 / 120, accounts, DAYS, 31);
    let (report, time) = timed(|| built(&warehouse));
    println!("a month more              {time}, {}, {} months touched", report.action, report.touched.len());
    let (report, time) = timed(|| built(&warehouse));
    println!("nothing new               {time}, {}", report.action);
    println!("peak memory               {:7.2} GiB", peak_memory_gib());
}

fn built(warehouse: &Warehouse) -> LedgerReport {
    build(warehouse).expect("the ledger is built and reconciled")
}

fn add_batch(warehouse: &Warehouse, batch: i32, orders: i64, accounts: i64, first_day: i64, days: i64) {
    let values = params![accounts as f64, first_day, days, orders, orders, batch, batch];
    warehouse.execute(LINES, values).expect("lines by formula");
}

/// Seconds on the clock and of processor time.
#[derive(Clone, Copy)]
struct Time {
    wall: f64,
    processor: f64,
}

impl Time {
    const MAX: Self = Self { wall: f64::MAX, processor: f64::MAX };

    fn best(self, other: Self) -> Self {
        Self { wall: self.wall.min(other.wall), processor: self.processor.min(other.processor) }
    }
}

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:7.2} s {:7.2} s of processor time", self.wall, self.processor)
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Time) {
    let (start, processor) = (Instant::now(), processor_seconds());
    let value = work();
    let time = Time { wall: start.elapsed().as_secs_f64(), processor: processor_seconds() - processor };
    (value, time)
}

/// User and system time of all threads so far, in hundredths of a second; 0 where the system does not tell.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// The process's largest resident set so far; 0 where the system does not tell.
fn peak_memory_gib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) / f64::from(1 << 20)
}
