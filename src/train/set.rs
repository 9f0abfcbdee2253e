//! Features and outcome of one fit, checked once: what a learner sees.
//!
//! It holds numbers and the number of the account each row belongs to, nothing that names a customer or a date.

use ndarray::{Array1, Array2};

use super::TrainError;

/// `x` of shape `(n, p)`, row-major, and `y` of length `n`; rows of one account share a group number.
#[derive(Debug, Clone)]
pub struct TrainingSet {
    x: Array2<f64>,
    y: Array1<f64>,
    account: Vec<u32>,
}

impl TrainingSet {
    /// Checks and joins the two halves by position. Missing features are NaN; linear rungs get them imputed by the
    /// [encoder](super::Encoder), so only trees ever see one.
    ///
    /// # Errors
    /// If the halves hold different accounts or another order, if `x` has an infinite value, or `y` one that is not
    /// finite.
    pub fn new(
        names: &[String],
        x: Array2<f64>,
        accounts_of_x: &[u32],
        y: Vec<f64>,
        accounts_of_y: &[u32],
    ) -> Result<Self, TrainError> {
        let misaligned = |row, found: String, expected: String| TrainError::Misaligned { row, found, expected };
        for n in [accounts_of_x.len(), y.len(), accounts_of_y.len()] {
            if n != x.nrows() {
                return Err(misaligned(n.min(x.nrows()), format!("{} rows", x.nrows()), format!("{n} rows")));
            }
        }
        if let Some(row) = accounts_of_x.iter().zip(accounts_of_y).position(|(a, b)| a != b) {
            return Err(misaligned(
                row,
                format!("account {}", accounts_of_x[row]),
                format!("account {}", accounts_of_y[row]),
            ));
        }
        if let Some(((row, column), &value)) = x.indexed_iter().find(|(_, value)| value.is_infinite()) {
            let column = names.get(column).cloned().unwrap_or_else(|| format!("column {column}"));
            return Err(TrainError::NonFinite { column, row, value, expected: "a finite number or NaN for missing" });
        }
        if let Some(row) = y.iter().position(|value| !value.is_finite()) {
            return Err(TrainError::NonFinite { column: "y".into(), row, value: y[row], expected: "a finite number" });
        }
        // linfa's folds want row-major; `from_shape_vec` of the standard layout is
        let x = if x.is_standard_layout() { x } else { x.as_standard_layout().into_owned() };
        Ok(Self { x, y: Array1::from(y), account: accounts_of_x.to_vec() })
    }

    /// Features, `(n, p)`.
    pub const fn x(&self) -> &Array2<f64> {
        &self.x
    }

    /// Outcome, `(n)`.
    pub const fn y(&self) -> &Array1<f64> {
        &self.y
    }

    /// Number of the account per row.
    pub fn account(&self) -> &[u32] {
        &self.account
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(x: [f64; 2], y: [f64; 2], of_x: &[u32], of_y: &[u32]) -> Result<TrainingSet, TrainError> {
        let x = Array2::from_shape_vec((2, 1), x.to_vec()).unwrap();
        TrainingSet::new(&["recency".into()], x, of_x, y.to_vec(), of_y)
    }

    #[test]
    fn accounts_in_another_order_are_refused() {
        let error = set([1.0, 2.0], [0.0, 0.0], &[0, 1], &[1, 0]).unwrap_err();
        assert!(error.to_string().contains("row 0"), "{error}");
        assert!(set([1.0, 2.0], [0.0, 0.0], &[0, 1], &[0]).is_err());
    }

    #[test]
    fn a_missing_feature_passes_and_an_infinite_one_or_a_missing_label_does_not() {
        assert!(set([f64::NAN, 2.0], [0.0, 1.0], &[0, 1], &[0, 1]).is_ok());
        let error = set([f64::INFINITY, 2.0], [0.0, 1.0], &[0, 1], &[0, 1]).unwrap_err();
        assert!(error.to_string().contains("`recency`"), "{error}");
        assert!(set([1.0, 2.0], [0.0, f64::NAN], &[0, 1], &[0, 1]).is_err());
    }
}
