//! `data/review.csv`: pairs that may be one customer, for a person to decide.
//!
//! Fill in the column `decision` with `same` or `different` and hand the file to `headroom resolve --decisions`.

use std::path::Path;

use polars::prelude::*;

use super::{
    ResolveError,
    linkage::{Evidence, Field, Linkage, Record},
    records::Records,
};
use crate::atomic;

/// The file's name in the data folder.
pub const REVIEW: &str = "review.csv";

/// Pairs listed; nobody decides more at once.
const MOST_PAIRS: usize = 2_000;

/// Pairs of records that stayed apart although they are likely one customer, the likeliest first.
pub(super) fn open_pairs(linkage: &Linkage, clusters: &[Vec<u32>], review: f64) -> Vec<(u32, u32, f64)> {
    let mut cluster_of = std::collections::BTreeMap::new();
    for (n, cluster) in clusters.iter().enumerate() {
        cluster_of.extend(cluster.iter().map(|record| (*record, n)));
    }
    let mut pairs: Vec<(u32, u32, f64)> = linkage
        .links
        .iter()
        .filter(|link| link.probability >= review)
        .filter(|link| match (cluster_of.get(&link.a), cluster_of.get(&link.b)) {
            (Some(a), Some(b)) => a != b,
            _ => true,
        })
        .map(|link| (link.a, link.b, link.probability))
        .collect();
    pairs.sort_by(|x, y| y.2.total_cmp(&x.2).then((x.0, x.1).cmp(&(y.0, y.1))));
    pairs
}

/// Writes the file, or removes it where there is nothing to decide.
pub(super) fn write(
    data: &Path,
    records: &Records,
    linkage: &Linkage,
    pairs: &[(u32, u32, f64)],
) -> Result<(), ResolveError> {
    let file = data.join(REVIEW);
    if pairs.is_empty() {
        return match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(ResolveError::Read { file, reason: error.to_string() })
            }
            _ => Ok(()),
        };
    }
    let pairs = &pairs[..pairs.len().min(MOST_PAIRS)];
    let column = |name: &str, cell: &dyn Fn(u32, u32) -> String| {
        Column::new(name.into(), pairs.iter().map(|(a, b, _)| cell(*a, *b)).collect::<Vec<_>>())
    };
    let text = |record: u32| &records.texts[record as usize];
    let key = |record: u32| &records.keys[record as usize];
    let mut columns = vec![
        column("decision", &|_, _| String::new()),
        Column::new("probability".into(), pairs.iter().map(|pair| (pair.2 * 1e4).round() / 1e4).collect::<Vec<_>>()),
        column("name_a", &|a, _| text(a).name.clone()),
        column("name_b", &|_, b| text(b).name.clone()),
        column("address_a", &|a, _| address(text(a))),
        column("address_b", &|_, b| address(text(b))),
        column("contradiction", &|a, b| if linkage.contradict(a, b) { "two vat ids".into() } else { String::new() }),
    ];
    for field in Field::ALL {
        columns.push(column(field.name(), &|a, b| {
            let evidence = linkage.evidence(a, b).into_iter().find(|evidence| evidence.field == field);
            evidence.map_or_else(String::new, |Evidence { level, bits, .. }| format!("{level} ({bits:+.1} bits)"))
        }));
    }
    columns.push(column("source_a", &|a, _| key(a).source.clone()));
    columns.push(column("customer_id_a", &|a, _| key(a).customer_id.clone()));
    columns.push(column("source_b", &|_, b| key(b).source.clone()));
    columns.push(column("customer_id_b", &|_, b| key(b).customer_id.clone()));
    Ok(atomic::write_csv(&file, &DataFrame::new(pairs.len(), columns)?)?)
}

fn address(record: &Record) -> String {
    let town = format!("{} {}", record.postal_code, record.city);
    let parts = [record.street.trim(), town.trim(), record.country.trim()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}
