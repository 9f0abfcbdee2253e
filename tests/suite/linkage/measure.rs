//! How well clusters agree with the truth.

use std::collections::BTreeMap;

/// Pairs found, pairs right, pairs there are.
#[derive(Debug, Clone, Copy)]
pub struct Pairwise {
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
}

impl Pairwise {
    fn of(right: u64, found: u64, all: u64) -> Self {
        let share = |of: u64| if of == 0 { 0.0 } else { right as f64 / of as f64 };
        let (precision, recall) = (share(found), share(all));
        let f1 = if right == 0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) };
        Self { precision, recall, f1 }
    }

    /// Of pairs that were found, each once.
    pub fn of_pairs<T: Ord>(truth: &[T], pairs: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let (mut right, mut found) = (0, 0);
        for (a, b) in pairs {
            found += 1;
            right += u64::from(truth[a as usize] == truth[b as usize]);
        }
        Self::of(right, found, true_pairs(truth))
    }

    /// Of all pairs within clusters.
    pub fn of_clusters<T: Ord>(truth: &[T], clusters: &[Vec<u32>]) -> Self {
        let pairs = clusters.iter().flat_map(|cluster| {
            cluster.iter().enumerate().flat_map(move |(n, a)| cluster[n + 1..].iter().map(move |b| (*a, *b)))
        });
        Self::of_pairs(truth, pairs)
    }
}

/// Share of the true entities (records of one truth, single ones included) that are exactly one cluster, and B-cubed
/// precision and recall (Bagga & Baldwin 1998), by record.
pub fn of_entities<T: Ord>(truth: &[T], clusters: &[Vec<u32>]) -> (f64, f64, f64) {
    let mut cluster_of: Vec<usize> = (0..truth.len()).map(|record| usize::MAX - record).collect();
    for (n, cluster) in clusters.iter().enumerate() {
        cluster.iter().for_each(|record| cluster_of[*record as usize] = n);
    }
    let mut entities: BTreeMap<&T, u64> = BTreeMap::new();
    let mut sizes: BTreeMap<usize, u64> = BTreeMap::new();
    let mut both: BTreeMap<(&T, usize), u64> = BTreeMap::new();
    for (entity, cluster) in truth.iter().zip(&cluster_of) {
        *entities.entry(entity).or_insert(0) += 1;
        *sizes.entry(*cluster).or_insert(0) += 1;
        *both.entry((entity, *cluster)).or_insert(0) += 1;
    }
    let (mut exact, mut precision, mut recall) = (0_u64, 0.0, 0.0);
    for ((entity, cluster), n) in &both {
        exact += u64::from(*n == entities[entity] && *n == sizes[cluster]);
        precision += (*n * *n) as f64 / sizes[cluster] as f64;
        recall += (*n * *n) as f64 / entities[entity] as f64;
    }
    let records = truth.len() as f64;
    (exact as f64 / entities.len() as f64, precision / records, recall / records)
}

fn true_pairs<T: Ord>(truth: &[T]) -> u64 {
    let mut sizes: BTreeMap<&T, u64> = BTreeMap::new();
    truth.iter().for_each(|entity| *sizes.entry(entity).or_insert(0) += 1);
    sizes.values().map(|n| n * (n - 1) / 2).sum()
}
