//! How well duplicates are found by the shipped defaults: on generated companies whose truth is known, and on real ones.

pub mod companies;
pub mod measure;

use std::path::Path;

use companies::Companies;
use headroom::{
    config::resolve::ResolveConfig,
    resolve::linkage::{Constraints, Linkage, Record},
};
use measure::{Pairwise, of_entities};

fn threshold() -> f64 {
    ResolveConfig::default().merge
}

#[test]
fn planted_duplicates_are_found_and_namesakes_neighbours_and_sisters_are_not_merged() {
    let companies = Companies::generated(3_000, 1);
    let linkage = Linkage::of(&companies.records, Constraints::default());
    let clusters = linkage.clusters(threshold());
    let found = Pairwise::of_clusters(&companies.truth, &clusters);
    let (exact, ..) = of_entities(&companies.truth, &clusters);
    assert!(found.precision >= 0.98, "{found:?}");
    assert!(found.recall >= 0.80, "{found:?}");
    assert!(exact >= 0.95, "{exact}");
}

#[test]
fn companies_without_duplicates_stay_apart() {
    let mut companies = Companies::generated(2_000, 2);
    let mut seen = std::collections::BTreeSet::new();
    let truth = companies.truth.clone();
    let mut truths = truth.iter();
    companies.records.retain(|_| seen.insert(*truths.next().unwrap()));
    let linkage = Linkage::of(&companies.records, Constraints::default());
    let clusters = linkage.clusters(threshold());
    let merged: usize = clusters.iter().map(|cluster| cluster.len() - 1).sum();
    assert!(merged * 1_000 <= companies.records.len(), "{merged} of {} merged", companies.records.len());
}

#[test]
fn the_order_of_records_and_the_number_of_threads_change_nothing() {
    let companies = Companies::generated(600, 3);
    let on = |threads: usize, records: &[Record]| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let linkage = Linkage::of(records, Constraints::default());
            (linkage.clusters(threshold()), linkage.links)
        })
    };
    let (clusters, links) = on(1, &companies.records);
    let again = on(3, &companies.records);
    assert_eq!((&clusters, &links), (&again.0, &again.1));
}

/// Real organisations in nine lists; `true_id` is looked at only here.
const CHICAGO: &str = "/work/shared/data/chicago_sites/sites.csv";

#[test]
fn real_organisations_are_found_by_the_shipped_defaults() {
    if !Path::new(CHICAGO).exists() {
        println!("skipped: {CHICAGO} is not here");
        return;
    }
    let mut rows = csv::Reader::from_path(CHICAGO).unwrap();
    let (mut truth, mut records) = (Vec::new(), Vec::new());
    for row in rows.records() {
        let row = row.unwrap();
        let cell = |name: usize| row[name].to_owned();
        truth.push(cell(0));
        records.push(Record {
            name: cell(3),
            street: cell(4),
            postal_code: cell(5),
            phone: cell(6),
            ..Record::default()
        });
    }
    let linkage = Linkage::of(&records, Constraints::default());
    println!("records {}, pairs compared {}", records.len(), linkage.compared);
    println!("threshold | links: precision recall f1 | clusters: precision recall f1 exact b3-precision b3-recall");
    for threshold in [0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999] {
        let strong = linkage.links.iter().filter(|link| link.probability >= threshold);
        let links = Pairwise::of_pairs(&truth, strong.map(|link| (link.a, link.b)));
        let clusters = linkage.clusters(threshold);
        let found = Pairwise::of_clusters(&truth, &clusters);
        let (exact, precision, recall) = of_entities(&truth, &clusters);
        println!(
            "{threshold:5} | {:.4} {:.4} {:.4} | {:.4} {:.4} {:.4} {exact:.4} {precision:.4} {recall:.4}",
            links.precision, links.recall, links.f1, found.precision, found.recall, found.f1
        );
    }
    let found = Pairwise::of_clusters(&truth, &linkage.clusters(threshold()));
    assert!(found.f1 >= 0.92 && found.precision >= 0.95, "{found:?}");
}
