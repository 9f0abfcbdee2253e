//! Standardisation and imputation, learned on training rows and applied to all.
//!
//! linfa's elastic net does not centre, its logistic regression penalises the scale of a column, and neither accepts
//! a missing value. Constant columns are mapped to zero, so that their coefficient is zero instead of infinite.

use linfa::traits::{Fit, Transformer};
use linfa::{DatasetBase, ParamGuard};
use ndarray::{Array1, Array2, ArrayBase, ArrayView1, ArrayView2, Axis, Data, Ix2};
use serde::{Deserialize, Serialize};

use super::input::{self, InputError};
use super::linear::LinearPredictor;

/// Hyperparameters of a [`StandardScaler`]: there are none to set, hence none to check.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandardScalerParams;

/// Column means and standard deviations: `z = (x - mean) / sd`, and 0 for constant columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StandardScaler {
    means: Array1<f64>,
    deviations: Array1<f64>,
}

impl<D: Data<Elem = f64>, T> Fit<ArrayBase<D, Ix2>, T, InputError> for StandardScalerParams {
    type Object = StandardScaler;

    /// # Errors
    /// If records are empty or a value is not finite.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<StandardScaler, InputError> {
        StandardScaler::of(dataset.records().view())
    }
}

impl StandardScaler {
    pub(super) fn of(records: ArrayView2<'_, f64>) -> Result<Self, InputError> {
        input::finite_records(&records)?;
        let n = records.nrows() as f64;
        let means = records.sum_axis(Axis(0)) / n;
        let mut squares = Array1::<f64>::zeros(records.ncols());
        for row in records.rows() {
            for ((square, value), mean) in squares.iter_mut().zip(row).zip(&means) {
                *square += (value - mean) * (value - mean);
            }
        }
        let mut deviations = squares.mapv(|square| (square / n).sqrt());
        // rounding gives a constant column a spread of a few units in the last place of its mean
        for (deviation, mean) in deviations.iter_mut().zip(&means) {
            if *deviation <= 1e-12 * mean.abs() {
                *deviation = 0.0;
            }
        }
        Ok(Self { means, deviations })
    }

    /// Column means.
    pub const fn means(&self) -> &Array1<f64> {
        &self.means
    }

    /// Column standard deviations (divisor `n`); zero for constant columns.
    pub const fn deviations(&self) -> &Array1<f64> {
        &self.deviations
    }

    /// Whether every column is constant.
    pub fn is_constant(&self) -> bool {
        self.deviations.iter().all(|deviation| *deviation == 0.0)
    }

    /// Standardised records, row-major.
    pub(super) fn standardise(&self, records: ArrayView2<'_, f64>) -> Array2<f64> {
        let mut z = Array2::zeros(records.dim());
        for (mut row, from) in z.rows_mut().into_iter().zip(records.rows()) {
            for (((to, value), mean), deviation) in row.iter_mut().zip(from).zip(&self.means).zip(&self.deviations) {
                *to = if *deviation > 0.0 { (value - mean) / deviation } else { 0.0 };
            }
        }
        z
    }

    /// The line on the original scale of one fitted on standardised columns.
    pub(super) fn unscale(&self, coefficients: ArrayView1<'_, f64>, intercept: f64) -> LinearPredictor {
        let original = coefficients
            .iter()
            .zip(&self.deviations)
            .map(|(c, deviation)| if *deviation > 0.0 { c / deviation } else { 0.0 })
            .collect::<Array1<f64>>();
        let intercept = intercept - original.dot(&self.means);
        LinearPredictor::new(original, intercept, self.means.clone())
    }
}

impl<D: Data<Elem = f64>> Transformer<&ArrayBase<D, Ix2>, Array2<f64>> for StandardScaler {
    fn transform(&self, x: &ArrayBase<D, Ix2>) -> Array2<f64> {
        assert_eq!(x.ncols(), self.means.len(), "as many columns as in training");
        self.standardise(x.view())
    }
}

/// Checked hyperparameters; see [`ImputerParams`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImputerValidParams {
    indicators: bool,
}

/// Hyperparameters of an [`Imputer`].
///
/// | name | default | meaning |
/// |---|---|---|
/// | `indicators` | true | append a 0/1 column for every column that had missing values in training |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImputerParams(ImputerValidParams);

impl Default for ImputerParams {
    fn default() -> Self {
        Self(ImputerValidParams { indicators: true })
    }
}

impl ImputerParams {
    /// Whether missing values are marked by columns of their own.
    #[must_use]
    pub const fn indicators(mut self, indicators: bool) -> Self {
        self.0.indicators = indicators;
        self
    }
}

impl ParamGuard for ImputerParams {
    type Checked = ImputerValidParams;
    type Error = InputError;

    fn check_ref(&self) -> Result<&Self::Checked, InputError> {
        Ok(&self.0)
    }

    fn check(self) -> Result<Self::Checked, InputError> {
        Ok(self.0)
    }
}

/// Column medians that stand in for missing values (NaN), and the columns that are marked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Imputer {
    medians: Vec<f64>,
    marked: Vec<usize>,
}

impl<D: Data<Elem = f64>, T> Fit<ArrayBase<D, Ix2>, T, InputError> for ImputerValidParams {
    type Object = Imputer;

    /// Learns medians; a column without any value gets 0 and no indicator, since it tells rows apart in no way.
    ///
    /// # Errors
    /// If records are empty or a value is infinite.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<Imputer, InputError> {
        let records = dataset.records();
        if records.nrows() == 0 {
            return Err(InputError::Empty { what: "records", axis: "rows" });
        }
        if let Some(((row, column), &value)) = records.indexed_iter().find(|(_, value)| value.is_infinite()) {
            return Err(InputError::NonFinite { what: "records", row, column, value });
        }
        let mut marked = Vec::new();
        let mut medians = Vec::with_capacity(records.ncols());
        for (j, column) in records.columns().into_iter().enumerate() {
            let mut known: Vec<f64> = column.iter().copied().filter(|value| !value.is_nan()).collect();
            if self.indicators && !known.is_empty() && known.len() < column.len() {
                marked.push(j);
            }
            medians.push(median(&mut known).unwrap_or(0.0));
        }
        Ok(Imputer { medians, marked })
    }
}

impl Imputer {
    /// Columns (positions in the records) that have an indicator, in the order of the appended columns.
    pub fn marked(&self) -> &[usize] {
        &self.marked
    }

    /// Number of columns after imputation.
    pub const fn columns(&self) -> usize {
        self.medians.len() + self.marked.len()
    }
}

impl<D: Data<Elem = f64>> Transformer<&ArrayBase<D, Ix2>, Array2<f64>> for Imputer {
    /// `(n, p)` with NaN to `(n, p + marked)` without.
    fn transform(&self, x: &ArrayBase<D, Ix2>) -> Array2<f64> {
        assert_eq!(x.ncols(), self.medians.len(), "as many columns as in training");
        let p = x.ncols();
        Array2::from_shape_fn((x.nrows(), self.columns()), |(row, column)| {
            if column < p {
                let value = x[[row, column]];
                if value.is_nan() { self.medians[column] } else { value }
            } else {
                f64::from(u8::from(x[[row, self.marked[column - p]]].is_nan()))
            }
        })
    }
}

/// The median of finite values; `None` of none.
fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some(0.5 * (values[middle - 1] + values[middle])),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn scaled_columns_have_mean_zero_and_deviation_one_and_constants_vanish() {
        let x = array![[1.0, 0.1, 1e9], [2.0, 0.1, 1e9 + 1.0], [6.0, 0.1, 1e9 + 2.0]];
        let scaler = StandardScalerParams.fit(&DatasetBase::from(x.clone())).unwrap();
        let z = scaler.transform(&x);
        for j in [0, 2] {
            assert!(z.column(j).sum().abs() < 1e-9 && (z.column(j).mapv(|v| v * v).sum() - 3.0).abs() < 1e-9, "{z}");
        }
        assert_eq!(z.column(1).to_vec(), [0.0; 3]);
    }

    #[test]
    fn missing_values_become_medians_and_are_marked_where_training_had_some() {
        let nan = f64::NAN;
        let x = array![[1.0, nan, 5.0], [nan, nan, 6.0], [3.0, nan, 9.0], [4.0, nan, 7.0]];
        let imputer = ImputerParams::default().fit(&DatasetBase::from(x.clone())).unwrap();
        assert_eq!(imputer.marked(), [0]);
        let expected = array![[1.0, 0.0, 5.0, 0.0], [3.0, 0.0, 6.0, 1.0], [3.0, 0.0, 9.0, 0.0], [4.0, 0.0, 7.0, 0.0]];
        assert_eq!(imputer.transform(&x), expected);
        assert_eq!(imputer.transform(&array![[nan, 1.0, nan]]), array![[3.0, 1.0, 6.5, 1.0]]);
    }
}
