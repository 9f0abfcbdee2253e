//! Features of 1 and of 24 monthly origins from a ledger of 100,000 accounts and 36 months, with invoices, answers,
//! complaints, contact events, contacts, opportunities and public signals beside it.
//!
//! ```text
//! cargo bench --no-default-features --bench features -- [ACCOUNTS]
//! ```
//! Prints seconds: loading the facts, one origin, 24 origins, and what 24 cost against one, from the warehouse and from
//! facts that are already loaded. Slices are dropped as they come, as a training job that encodes them would.

mod company;

use headroom::{
    domain::{Horizon, Month},
    features::Facts,
    warehouse::{Warehouse, WarehouseOptions},
};

use company::{MONTHS, timed};

const ORIGINS: i32 = 24;

fn main() {
    let accounts = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(100_000_i64);
    let warehouse = Warehouse::in_memory(&WarehouseOptions::default()).expect("a warehouse in memory");
    let first = Month::new(2022, 1).expect("a month");
    company::fill(&warehouse, accounts, first, 100);

    let (facts, load) = timed(|| Facts::load(&warehouse).expect("the generated ledger loads"));
    let horizon = Horizon::new(3).expect("a horizon");
    let last = first.plus(MONTHS - 1);
    let origins: Vec<Month> = (0..ORIGINS).map(|ago| last.plus(ago - ORIGINS + 1)).collect();
    let rows = |origins: &[Month]| -> usize {
        facts.slices(origins, horizon, last).map(|slice| slice.expect("an origin of the ledger").height()).sum()
    };
    rows(&origins[..1]); // warm
    let (_, one) = timed(|| rows(&origins[ORIGINS as usize - 1..]));
    let (total, all) = timed(|| rows(&origins));
    println!("{accounts} accounts, {MONTHS} months, {total} rows of features over {ORIGINS} origins");
    println!("load the facts            {:7.2} s", load.as_secs_f64());
    println!("one origin                {:7.2} s", one.as_secs_f64());
    println!("{ORIGINS} origins                {:7.2} s", all.as_secs_f64());
    println!("{ORIGINS} / 1, with loading      {:7.2}", (load + all).as_secs_f64() / (load + one).as_secs_f64());
    println!("{ORIGINS} / 1, loaded            {:7.2}", all.as_secs_f64() / one.as_secs_f64());
}
