//! Record linkage of invented companies with planted duplicates: time, peak memory, precision and recall.
//!
//! `cargo bench --bench linkage` links 1,000,000 records; a number as argument links as many.

#[path = "../tests/suite/linkage/companies.rs"]
mod companies;
#[allow(dead_code)]
#[path = "../tests/suite/linkage/measure.rs"]
mod measure;

use std::{env, fs, time::Instant};

use companies::Companies;
use headroom::{
    config::resolve::ResolveConfig,
    resolve::linkage::{Constraints, Linkage},
};
use measure::{Pairwise, of_entities};

fn main() {
    // cargo passes `--bench`
    let wanted = env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let records = wanted.map_or(1_000_000, |number| number.parse().expect("the number of records is a whole number"));
    let companies = Companies::generated(records, 1);
    println!("{} records; {} MB after generating them", companies.records.len(), peak_megabytes());
    let start = Instant::now();
    let linkage = Linkage::of(&companies.records, Constraints::default());
    println!(
        "compared {} pairs, {} links: {:.1} s",
        linkage.compared,
        linkage.links.len(),
        start.elapsed().as_secs_f64()
    );
    let threshold = ResolveConfig::default().merge;
    let clusters = linkage.clusters(threshold);
    println!("{} clusters at {threshold}: {:.1} s in all", clusters.len(), start.elapsed().as_secs_f64());
    let found = Pairwise::of_clusters(&companies.truth, &clusters);
    let (exact, ..) = of_entities(&companies.truth, &clusters);
    println!(
        "precision {:.4}, recall {:.4}, F1 {:.4}; {:.4} of the companies are exactly one account; peak {} MB",
        found.precision,
        found.recall,
        found.f1,
        exact,
        peak_megabytes()
    );
}

/// Peak resident memory, where the system tells (Linux).
fn peak_megabytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}
