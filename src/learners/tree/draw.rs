//! What a tree sees: groups of rows and columns, drawn by a seed that names the tree.

use ndarray::ArrayView1;
use rand::Rng;

use crate::domain::Seed;

/// Groups of rows, numbered once for many draws.
pub(in crate::learners) struct RowGroups {
    /// Number of the group, per row.
    code: Vec<u32>,
    count: usize,
}

impl RowGroups {
    pub(in crate::learners) fn new(groups: ArrayView1<'_, usize>) -> Self {
        let mut distinct = groups.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let code = groups.iter().map(|group| distinct.partition_point(|known| known < group) as u32).collect();
        Self { code, count: distinct.len() }
    }

    /// Which rows are drawn: each group with probability `fraction`, all of its rows or none.
    pub(in crate::learners) fn draw(&self, fraction: f64, seed: Seed) -> Vec<bool> {
        let mut rng = seed.rng();
        let drawn: Vec<bool> = (0..self.count).map(|_| rng.random::<f64>() < fraction).collect();
        self.code.iter().map(|&code| drawn[code as usize]).collect()
    }
}

/// The columns drawn, ascending, at least one.
pub(in crate::learners) fn draw_columns(columns: usize, fraction: f64, seed: Seed) -> Vec<usize> {
    let mut all: Vec<usize> = (0..columns).collect();
    if fraction >= 1.0 {
        return all;
    }
    let count = ((fraction * columns as f64).ceil() as usize).clamp(1, columns);
    let mut rng = seed.rng();
    for at in 0..count {
        all.swap(at, rng.random_range(at..columns));
    }
    all.truncate(count);
    all.sort_unstable();
    all
}
