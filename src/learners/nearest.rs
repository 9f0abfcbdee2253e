//! The k nearest peers of a row: those with the smallest Euclidean distance over standardised columns.
//!
//! T. M. Cover and P. E. Hart, "Nearest Neighbor Pattern Classification" (1967); the index is linfa's k-d tree, over
//! distinct points, since companies of one industry and size are often the same point (linfa's ball tree overflows the
//! stack on such). Rows belong to groups (accounts), and no row is a peer of its own group. What peers are used for
//! (their spend, what they buy) is for the caller; missing values are imputed before.

use std::cmp::Ordering;

use linfa::traits::Fit;
use linfa::{DatasetBase, ParamGuard};
use linfa_nn::distance::L2Dist;
use linfa_nn::{KdTree, NearestNeighbour};
use ndarray::{Array1, Array2, ArrayBase, ArrayView1, ArrayView2, Axis, Data, Ix1, Ix2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::input::{self, InputError};
use super::scaling::StandardScaler;

/// What can go wrong in a search for peers.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NearestError {
    /// A hyperparameter out of range.
    #[error("nearest peers: {name} is {value}, expected {expected}")]
    Parameter {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The allowed range.
        expected: &'static str,
    },
    /// An error of linfa's index.
    #[error("nearest peers: {0}")]
    Linfa(String),
    /// Input that no estimator accepts.
    #[error("nearest peers: {0}")]
    Input(#[from] InputError),
}

impl NearestError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Input(error) => error.hint(),
            _ => None,
        }
    }
}

impl From<linfa::Error> for NearestError {
    fn from(error: linfa::Error) -> Self {
        Self::Input(error.into())
    }
}

/// Checked hyperparameters; see [`NearestParams`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NearestValidParams {
    k: usize,
}

/// Hyperparameters of [`NearestPeers`]: `k`, the number of peers (20 by default).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NearestParams(NearestValidParams);

impl Default for NearestParams {
    fn default() -> Self {
        Self(NearestValidParams { k: 20 })
    }
}

impl NearestParams {
    /// Sets the number of peers.
    #[must_use]
    pub const fn k(mut self, k: usize) -> Self {
        self.0.k = k;
        self
    }
}

impl ParamGuard for NearestParams {
    type Checked = NearestValidParams;
    type Error = NearestError;

    fn check_ref(&self) -> Result<&Self::Checked, NearestError> {
        match self.0.k {
            0 => Err(NearestError::Parameter { name: "k", value: 0.0, expected: "at least 1" }),
            _ => Ok(&self.0),
        }
    }

    fn check(self) -> Result<Self::Checked, NearestError> {
        self.check_ref()?;
        Ok(self.0)
    }
}

/// A peer: a row of the training records, and its distance in standard deviations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peer {
    /// Position in the training records.
    pub row: usize,
    /// Euclidean distance over standardised columns.
    pub distance: f64,
}

/// Training rows, standardised, with their groups.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NearestPeers {
    k: usize,
    scaler: StandardScaler,
    /// Distinct points.
    points: Array2<f64>,
    /// The training rows at each point, ascending.
    rows: Vec<Vec<usize>>,
    groups: Array1<usize>,
    largest_group: usize,
}

impl<D, S> Fit<ArrayBase<D, Ix2>, ArrayBase<S, Ix1>, NearestError> for NearestValidParams
where
    D: Data<Elem = f64>,
    S: Data<Elem = usize>,
{
    type Object = NearestPeers;

    /// The target is the group of each row.
    ///
    /// # Errors
    /// If a value is not finite, or groups and records differ in length.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, ArrayBase<S, Ix1>>) -> Result<NearestPeers, NearestError> {
        let (x, groups) = (dataset.records(), dataset.targets().to_owned());
        let scaler = StandardScaler::of(x.view())?;
        input::same_rows("groups", groups.len(), x.nrows())?;
        let z = scaler.standardise(x.view());
        let mut order: Vec<usize> = (0..z.nrows()).collect();
        let compare = |a: usize, b: usize| {
            let different = z.row(a).into_iter().zip(z.row(b)).map(|(a, b)| a.total_cmp(b)).find(|order| order.is_ne());
            different.unwrap_or(Ordering::Equal)
        };
        order.sort_by(|a, b| compare(*a, *b).then(a.cmp(b)));
        let rows: Vec<Vec<usize>> = order.chunk_by(|a, b| compare(*a, *b).is_eq()).map(<[usize]>::to_vec).collect();
        let first: Vec<usize> = rows.iter().map(|rows| rows[0]).collect();
        let points = z.select(Axis(0), &first);
        let mut sorted = groups.to_vec();
        sorted.sort_unstable();
        let largest_group = sorted.chunk_by(|a, b| a == b).map(<[usize]>::len).max().unwrap_or(0);
        Ok(NearestPeers { k: self.k, scaler, points, rows, groups, largest_group })
    }
}

impl NearestPeers {
    /// Up to `k` peers of each row, nearest first (then by position), none of the row's own group.
    ///
    /// # Errors
    /// If a value is not finite, columns differ from those in training, or groups and records differ in length.
    pub fn peers(&self, x: ArrayView2<'_, f64>, groups: ArrayView1<'_, usize>) -> Result<Vec<Vec<Peer>>, NearestError> {
        input::finite_records(&x)?;
        input::same_columns("records", x.ncols(), self.points.ncols())?;
        input::same_rows("groups", groups.len(), x.nrows())?;
        let queries = self.scaler.standardise(x);
        let index = KdTree.from_batch(&self.points, L2Dist).map_err(|error| NearestError::Linfa(error.to_string()))?;
        let queries: Vec<(ArrayView1<'_, f64>, usize)> =
            queries.rows().into_iter().zip(groups.iter().copied()).collect();
        let search = |(query, group): (ArrayView1<'_, f64>, usize)| {
            // enough that k rows remain when all rows of the own group are among the nearest
            let found = index
                .k_nearest(query, self.k + self.largest_group)
                .map_err(|error| NearestError::Linfa(error.to_string()))?;
            let mut peers = Vec::new();
            for (point, at) in found {
                let distance = query.iter().zip(point).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
                let others = self.rows[at].iter().filter(|row| self.groups[**row] != group).take(self.k);
                peers.extend(others.map(|row| Peer { row: *row, distance }));
            }
            peers.sort_by(|a, b| a.distance.total_cmp(&b.distance).then(a.row.cmp(&b.row)));
            peers.truncate(self.k);
            Ok(peers)
        };
        queries.into_par_iter().map(search).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn peers_are_the_nearest_of_a_plain_search_and_never_of_the_own_group(
            rows in prop::collection::vec((0i8..6, -9i8..9, 0usize..8), 2..80), k in 1usize..6,
        ) {
            let x = Array2::from_shape_fn((rows.len(), 2), |(i, j)| f64::from([rows[i].0, rows[i].1][j]) * 3.7);
            let groups: Array1<usize> = rows.iter().map(|row| row.2).collect();
            let model = NearestParams::default().k(k).fit(&DatasetBase::new(x.clone(), groups.clone())).unwrap();
            let found = model.peers(x.view(), groups.view()).unwrap();
            let z = model.scaler.standardise(x.view());
            for (row, peers) in found.iter().enumerate() {
                let mut plain: Vec<f64> = (0..rows.len())
                    .filter(|other| groups[*other] != groups[row])
                    .map(|other| (&z.row(row) - &z.row(other)).mapv(|d| d * d).sum().sqrt())
                    .collect();
                plain.sort_by(f64::total_cmp);
                plain.truncate(k);
                // ties may be broken either way, distances may not differ
                prop_assert_eq!(peers.len(), plain.len());
                prop_assert!(peers.iter().zip(&plain).all(|(p, d)| (p.distance - d).abs() < 1e-9));
                prop_assert!(peers.iter().all(|peer| groups[peer.row] != groups[row]));
            }
        }
    }

    #[test]
    fn identical_rows_by_the_thousand_are_searched_in_no_time() {
        let x = Array2::from_elem((5000, 3), 1.5);
        let groups = Array1::from_shape_fn(5000, |row| row);
        let model = NearestParams::default().fit(&DatasetBase::new(x.clone(), groups.clone())).unwrap();
        let found = model.peers(x.slice(ndarray::s![..50, ..]), groups.slice(ndarray::s![..50])).unwrap();
        assert!(found.iter().all(|peers| peers.len() == 20 && peers[0].distance == 0.0));
    }
}
