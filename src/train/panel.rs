//! Several origins as one pool of rows, and selections from it: what every rung fits on and predicts for.
//!
//! A [`Panel`] borrows its slices and copies a column only when a rung asks for it. [`Rows`] is any selection (all
//! rows, a fold, a bootstrap sample with repetitions). It knows neither targets nor rungs.

use std::{
    any::Any,
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard},
};

use ndarray::{ArcArray2, Array2};

use super::{
    TrainError,
    encode::{Design, FeatureList},
    tree_encode::TreeDesign,
};
use crate::{
    domain::{AbcClass, AbcThresholds, Month, Seed, cumulative_classes},
    features::{BaselineFrame, Seasons, Slice},
};

/// The most rows one fit sees; beyond it, accounts (never single rows) are sampled.
pub const MAX_ROWS: usize = 200_000;

/// The baseline from whose order the ABC class follows: margin of the last 12 months, up to a factor.
const CLASS_COLUMN: &str = "last_12_scaled_margin";

/// The slices of several origins as one pool of rows, in the order given, accounts ascending within each.
#[derive(Debug)]
pub struct Panel<'a> {
    parts: Vec<Part<'a>>,
    account: Vec<u32>,
    class: Vec<AbcClass>,
    abc: AbcThresholds,
    shared: Mutex<BTreeMap<String, Arc<dyn Any + Send + Sync>>>,
}

#[derive(Debug)]
struct Part<'a> {
    slice: &'a Slice,
    /// Positions within the slice; `None` is all of them.
    kept: Option<Vec<u32>>,
}

impl Part<'_> {
    fn len(&self) -> usize {
        self.kept.as_ref().map_or(self.slice.height(), Vec::len)
    }

    fn pick<T: Clone>(&self, column: Vec<T>) -> Vec<T> {
        match &self.kept {
            None => column,
            Some(kept) => kept.iter().map(|&row| column[row as usize].clone()).collect(),
        }
    }
}

impl<'a> Panel<'a> {
    /// Pools all rows of `slices`.
    ///
    /// # Errors
    /// If a baseline column is missing.
    pub fn new(slices: &[&'a Slice], abc: AbcThresholds) -> Result<Self, TrainError> {
        Self::sampled(slices, abc, usize::MAX, Seed(0))
    }

    /// Pools the rows of `slices`; beyond `max_rows`, those of a sample of accounts, the same in every slice.
    ///
    /// # Errors
    /// If a baseline column is missing.
    pub fn sampled(slices: &[&'a Slice], abc: AbcThresholds, max_rows: usize, seed: Seed) -> Result<Self, TrainError> {
        let total: usize = slices.iter().map(|slice| slice.height()).sum();
        let keep_below = (total > max_rows).then(|| (max_rows as f64 / total as f64 * u64::MAX as f64) as u64);
        let mut names: Vec<&str> = Vec::with_capacity(total);
        let mut class = Vec::with_capacity(total);
        let mut parts = Vec::with_capacity(slices.len());
        for slice in slices {
            let classes = Self::classes(slice.baselines(), abc)?;
            let accounts: Vec<&'a str> = slice.features().accounts().iter().map(|a| a.unwrap_or_default()).collect();
            let kept = keep_below.map(|limit| {
                (0..accounts.len() as u32).filter(|&row| seed.derive(accounts[row as usize]).0 <= limit).collect()
            });
            let part = Part { slice, kept };
            names.extend(part.pick(accounts));
            class.extend(part.pick(classes));
            parts.push(part);
        }
        let mut sorted = names.clone();
        sorted.sort_unstable();
        sorted.dedup();
        let account =
            names.iter().map(|name| sorted.binary_search(name).expect("each name was just inserted") as u32).collect();
        Ok(Self { parts, account, class, abc, shared: Mutex::default() })
    }

    /// Some accounts of one origin, which may be all; their classes are those that all accounts of it give them.
    pub(crate) fn of_part(part: &'a Slice, class: Vec<AbcClass>, abc: AbcThresholds) -> Self {
        let account = (0..part.height() as u32).collect();
        Self { parts: vec![Part { slice: part, kept: None }], account, class, abc, shared: Mutex::default() }
    }

    /// The ABC class of each account of an origin, from the baselines of all of them.
    pub(crate) fn classes(baselines: &BaselineFrame, abc: AbcThresholds) -> Result<Vec<AbcClass>, TrainError> {
        Ok(cumulative_classes(&baselines.numbers(CLASS_COLUMN)?, abc))
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.account.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.account.is_empty()
    }

    /// Number of distinct accounts.
    pub fn accounts(&self) -> usize {
        self.account.iter().max().map_or(0, |&last| last as usize + 1)
    }

    /// The origins, in order.
    pub fn origins(&self) -> Vec<Month> {
        self.parts.iter().map(|part| part.slice.as_of().at()).collect()
    }

    /// The ABC limits by which its rows are classed.
    pub const fn abc(&self) -> AbcThresholds {
        self.abc
    }

    /// All rows.
    pub fn rows(&self) -> Rows<'_> {
        Rows { panel: self, index: (0..self.len() as u32).collect() }
    }

    /// The rows of origin `k`, in the order of [`Self::origins`].
    pub fn origin_rows(&self, k: usize) -> Rows<'_> {
        let start: usize = self.parts.iter().take(k).map(Part::len).sum();
        let end = start + self.parts.get(k).map_or(0, Part::len);
        Rows { panel: self, index: (start as u32..end as u32).collect() }
    }

    /// The rows of the last origin.
    pub fn last_origin(&self) -> Rows<'_> {
        self.origin_rows(self.parts.len().saturating_sub(1))
    }

    fn first_row_of_newest(&self, origins: usize) -> u32 {
        self.parts.iter().rev().skip(origins).map(Part::len).sum::<usize>() as u32
    }

    /// A column of all rows, read from the frames once.
    fn column<T: Clone + Send + Sync + 'static>(
        &self,
        key: &str,
        read: impl Fn(&Slice) -> Result<Vec<T>, TrainError>,
    ) -> Result<Arc<Vec<T>>, TrainError> {
        self.shared(key, || {
            let mut parts = self.parts.iter().map(|part| read(part.slice).map(|column| part.pick(column)));
            // that of a single origin is taken as it is
            let mut all = parts.next().transpose()?.unwrap_or_default();
            for part in parts {
                all.extend(part?);
            }
            Ok(all)
        })
    }

    /// What is the same for several rungs or targets, made once per `key`. Two threads may make it at the same time; the
    /// lock is never held meanwhile, since what is made may itself run in parallel.
    pub(crate) fn shared<T: Send + Sync + 'static>(
        &self,
        key: &str,
        make: impl FnOnce() -> Result<T, TrainError>,
    ) -> Result<Arc<T>, TrainError> {
        if let Some(found) = self.found(key) {
            return Ok(found);
        }
        let made = Arc::new(make()?);
        self.kept().insert(key.to_owned(), Arc::clone(&made) as Arc<dyn Any + Send + Sync>);
        Ok(made)
    }

    /// What was made for `key`, if it was.
    pub(crate) fn found<T: Send + Sync + 'static>(&self, key: &str) -> Option<Arc<T>> {
        let found = self.kept().get(key).cloned();
        found.and_then(|any| any.downcast().ok())
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<String, Arc<dyn Any + Send + Sync>>> {
        self.shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The encoded features of all rows, learned on them.
    pub(crate) fn design(&self, list: &FeatureList) -> Result<Arc<Design>, TrainError> {
        self.shared(&list.key(), || Design::learn(list, &self.rows()))
    }

    /// The features of all rows as trees take them, binned, with the encoding learned on them.
    pub(crate) fn tree_design(&self, list: &FeatureList) -> Result<Arc<TreeDesign>, TrainError> {
        self.shared(&format!("trees {}", list.key()), || TreeDesign::learn(list, &self.rows()))
    }
}

/// A selection of a panel's rows, possibly with repetitions.
#[derive(Debug, Clone)]
pub struct Rows<'p> {
    panel: &'p Panel<'p>,
    index: Vec<u32>,
}

impl<'p> Rows<'p> {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// The pool they were taken from.
    pub const fn panel(&self) -> &'p Panel<'p> {
        self.panel
    }

    /// Positions in the pool.
    pub fn index(&self) -> &[u32] {
        &self.index
    }

    /// The rows at `positions` of this selection.
    #[must_use]
    pub fn select(&self, positions: &[usize]) -> Self {
        Self { panel: self.panel, index: positions.iter().map(|&p| self.index[p]).collect() }
    }

    /// The rows at consecutive `positions` of this selection.
    pub(crate) fn part(&self, positions: Range<usize>) -> Self {
        Self { panel: self.panel, index: self.index[positions].to_vec() }
    }

    /// The rows of the pool's newest `origins`.
    #[must_use]
    pub fn newest(&self, origins: usize) -> Self {
        let first = self.panel.first_row_of_newest(origins);
        Self { panel: self.panel, index: self.index.iter().copied().filter(|row| *row >= first).collect() }
    }

    /// The rows before the pool's last origin, and those of it.
    pub fn split_last_origin(&self) -> (Self, Self) {
        let first = self.panel.first_row_of_newest(1);
        let (later, earlier) = self.index.iter().partition(|row| **row >= first);
        (Self { panel: self.panel, index: earlier }, Self { panel: self.panel, index: later })
    }

    /// At most about `most` rows: those of a fixed share of the accounts.
    #[must_use]
    pub fn thinned(&self, most: usize) -> Self {
        let every = self.len().div_ceil(most.max(1)).max(1) as u32;
        let index =
            self.index.iter().copied().filter(|row| self.panel.account[*row as usize].is_multiple_of(every)).collect();
        Self { panel: self.panel, index }
    }

    /// The same rows in the order of the pool, repeats side by side.
    #[must_use]
    pub fn in_order(&self) -> Self {
        let mut index = self.index.clone();
        index.sort_unstable();
        Self { panel: self.panel, index }
    }

    /// Whether these are all rows of the pool, in its order.
    pub(crate) fn is_whole(&self) -> bool {
        self.index.len() == self.panel.len() && self.index.iter().zip(0..).all(|(row, at)| *row == at)
    }

    /// Rows of a matrix of the whole pool.
    pub(crate) fn of_pool(&self, x: &ArcArray2<f64>) -> ArcArray2<f64> {
        if self.is_whole() {
            return x.clone();
        }
        let mut rows = Vec::with_capacity(self.len() * x.ncols());
        let values = x.as_slice().unwrap_or_default();
        for &row in &self.index {
            let start = row as usize * x.ncols();
            rows.extend_from_slice(&values[start..start + x.ncols()]);
        }
        let rows = Array2::from_shape_vec((self.len(), x.ncols()), rows);
        rows.unwrap_or_else(|_| Array2::zeros((0, x.ncols()))).into_shared()
    }

    /// Splits by account into the rows of fold `fold` of `folds` and all others.
    pub fn fold(&self, fold: u32, folds: u32) -> (Self, Self) {
        let of_fold = |row: &u32| self.panel.account[*row as usize] % folds == fold;
        let (inside, outside) = self.index.iter().partition(|row| of_fold(row));
        (Self { panel: self.panel, index: inside }, Self { panel: self.panel, index: outside })
    }

    /// A fold per row that depends on the account's id alone: in every panel, an account falls into the same one.
    pub fn fold_of_account(&self, folds: u32) -> Vec<u32> {
        let seed = Seed(0).derive("fold of the account");
        let all = self.panel.column(&format!("fold of {folds}"), |slice| {
            let ids = slice.features().accounts().iter().map(Option::unwrap_or_default);
            Ok::<Vec<u32>, TrainError>(ids.map(|id| (seed.derive(id).0 % u64::from(folds)) as u32).collect())
        });
        self.gather(&all.unwrap_or_default())
    }

    /// As many accounts drawn with replacement as there are, each with all its rows.
    #[must_use]
    pub fn resample_accounts(&self, seed: Seed) -> Self {
        use rand::Rng;
        let mut rows_of: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for &row in &self.index {
            rows_of.entry(self.panel.account[row as usize]).or_default().push(row);
        }
        let groups: Vec<Vec<u32>> = rows_of.into_values().collect();
        let mut rng = seed.rng();
        let mut index = Vec::with_capacity(self.len());
        for _ in 0..groups.len() {
            index.extend(&groups[rng.random_range(0..groups.len())]);
        }
        Self { panel: self.panel, index }
    }

    fn gather<T: Clone>(&self, column: &[T]) -> Vec<T> {
        if self.is_whole() {
            return column.to_vec();
        }
        self.index.iter().map(|&row| column[row as usize].clone()).collect()
    }

    /// Number of the account within the pool, per row.
    pub fn account(&self) -> Vec<u32> {
        self.gather(&self.panel.account)
    }

    /// ABC class at the row's origin.
    pub fn class(&self) -> Vec<AbcClass> {
        self.gather(&self.panel.class)
    }

    /// A numeric feature, unknown as NaN.
    ///
    /// # Errors
    /// If the catalogue has no such feature.
    pub fn number(&self, name: &str) -> Result<Vec<f64>, TrainError> {
        let key = format!("number {name}");
        Ok(self.gather(&self.panel.column(&key, |slice| Ok(slice.features().numbers(name)?))?))
    }

    /// A category, unknown as `None`.
    ///
    /// # Errors
    /// If the catalogue has no such category.
    pub fn category(&self, name: &str) -> Result<Vec<Option<String>>, TrainError> {
        let (levels, codes) = self.codes(name)?;
        Ok(codes.into_iter().map(|code| levels.get(code as usize).cloned()).collect())
    }

    /// A category as its levels in the pool, ascending, and a code per row; the number of levels stands for unknown.
    ///
    /// # Errors
    /// If the catalogue has no such category.
    pub fn codes(&self, name: &str) -> Result<(Arc<Vec<String>>, Vec<u32>), TrainError> {
        let levels = self.panel.shared(&format!("levels {name}"), || {
            let mut levels = Vec::new();
            for part in &self.panel.parts {
                levels.extend(part.slice.features().categories(name)?.into_iter().flatten());
                levels.sort_unstable();
                levels.dedup();
            }
            Ok::<Vec<String>, TrainError>(levels)
        })?;
        let codes = self.panel.column(&format!("codes {name}"), |slice| {
            let code = |level: Option<String>| level.and_then(|level| levels.binary_search(&level).ok());
            let unknown = levels.len();
            let categories = slice.features().categories(name)?.into_iter();
            Ok(categories.map(|level| code(level).unwrap_or(unknown) as u32).collect())
        })?;
        Ok((levels, self.gather(&codes)))
    }

    /// A baseline column.
    ///
    /// # Errors
    /// If there is no such baseline.
    pub fn baseline(&self, name: &str) -> Result<Vec<f64>, TrainError> {
        let key = format!("baseline {name}");
        Ok(self.gather(&self.panel.column(&key, |slice| Ok(slice.baselines().numbers(name)?))?))
    }

    /// The portfolio's seasonal index at the row's origin.
    pub fn seasons(&self) -> Vec<Seasons> {
        let all = self.panel.column("seasons", |slice| Ok(vec![slice.baselines().seasons(); slice.height()]));
        self.gather(&all.unwrap_or_default())
    }

    /// Whether the account has under 12 months of history.
    ///
    /// # Errors
    /// None in practice; the column exists by construction.
    pub fn is_new(&self) -> Result<Vec<bool>, TrainError> {
        Ok(self.baseline("is_new")?.into_iter().map(|flag| flag > 0.5).collect())
    }

    /// METHOD's `c`: 1 % of the portfolio's mean base at the row's origin.
    pub fn offset(&self) -> Vec<f64> {
        let all = self.panel.column("offset", |slice| Ok(vec![slice.baselines().threshold(); slice.height()]));
        self.gather(&all.unwrap_or_default())
    }

    /// A label.
    ///
    /// # Errors
    /// If a slice has no labels.
    pub fn label(&self, name: &str) -> Result<Vec<f64>, TrainError> {
        let key = format!("label {name}");
        Ok(self.gather(&self.panel.column(&key, |slice| {
            let labels = slice.labels().ok_or_else(|| TrainError::Unlabelled { as_of: slice.as_of().to_string() })?;
            Ok(labels.numbers(name)?)
        })?))
    }
}
