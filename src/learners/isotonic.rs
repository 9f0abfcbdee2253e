//! Isotonic regression: the non-decreasing function of one column that is nearest to the targets.
//!
//! R. E. Barlow et al., "Statistical Inference under Order Restrictions" (1972): pool adjacent violators on sorted
//! input, ties in `x` averaged first. linfa's own is wrong on unsorted input. Records are `(n, 1)`; predictions
//! interpolate linearly between the fitted points, and are constant outside them.

use linfa::DatasetBase;
use linfa::traits::{Fit, PredictInplace};
use ndarray::{Array1, ArrayBase, Data, Ix1, Ix2};
use serde::{Deserialize, Serialize};

use super::input::{self, InputError};

/// Hyperparameters of [`IsotonicRegression`]: there are none to set, hence none to check.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IsotonicParams;

/// A fitted non-decreasing function: `x` strictly ascending, `y` non-decreasing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IsotonicRegression {
    x: Vec<f64>,
    y: Vec<f64>,
}

struct Block {
    first: f64,
    last: f64,
    rows: f64,
    sum: f64,
}

impl<D, S> Fit<ArrayBase<D, Ix2>, ArrayBase<S, Ix1>, InputError> for IsotonicParams
where
    D: Data<Elem = f64>,
    S: Data<Elem = f64>,
{
    type Object = IsotonicRegression;

    /// # Errors
    /// If records are not one column of finite values, or targets are not finite.
    fn fit(
        &self,
        dataset: &DatasetBase<ArrayBase<D, Ix2>, ArrayBase<S, Ix1>>,
    ) -> Result<IsotonicRegression, InputError> {
        let (records, targets) = (dataset.records(), dataset.targets());
        input::finite_records(records)?;
        input::same_columns("records", records.ncols(), 1)?;
        input::finite_target(targets.view(), records.nrows())?;
        let mut pairs: Vec<(f64, f64)> = records.column(0).iter().copied().zip(targets.iter().copied()).collect();
        // by target too, so that the order of the input cannot change the rounding of a sum
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let mut blocks: Vec<Block> = Vec::new();
        for (x, y) in pairs {
            match blocks.last_mut() {
                // -0 and 0 are the same place
                Some(block) if block.last == x => {
                    block.rows += 1.0;
                    block.sum += y;
                }
                _ => blocks.push(Block { first: x, last: x, rows: 1.0, sum: y }),
            }
        }
        let mut pooled: Vec<Block> = Vec::with_capacity(blocks.len());
        for mut block in blocks {
            while let Some(before) = pooled.pop_if(|before| before.sum * block.rows >= block.sum * before.rows) {
                block.first = before.first;
                block.rows += before.rows;
                block.sum += before.sum;
            }
            pooled.push(block);
        }
        let mut model = IsotonicRegression { x: Vec::new(), y: Vec::new() };
        for block in pooled {
            let value = block.sum / block.rows;
            model.push(block.first, value);
            if block.last > block.first {
                model.push(block.last, value);
            }
        }
        Ok(model)
    }
}

impl IsotonicRegression {
    fn push(&mut self, x: f64, y: f64) {
        // the mean of a later block may round below that of an earlier one
        let y = self.y.last().map_or(y, |before| y.max(*before));
        self.x.push(x);
        self.y.push(y);
    }

    /// The corners of the function.
    pub fn points(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.x.iter().copied().zip(self.y.iter().copied())
    }

    /// The value at `x`.
    pub fn value(&self, x: f64) -> f64 {
        let above = self.x.partition_point(|corner| *corner < x);
        if above == 0 {
            return self.y[0];
        }
        if above == self.x.len() {
            return self.y[above - 1];
        }
        let (x0, x1, y0, y1) = (self.x[above - 1], self.x[above], self.y[above - 1], self.y[above]);
        // within [y0, y1] whatever the rounding
        (y0 + (y1 - y0) * ((x - x0) / (x1 - x0))).clamp(y0, y1)
    }
}

impl<D: Data<Elem = f64>> PredictInplace<ArrayBase<D, Ix2>, Array1<f64>> for IsotonicRegression {
    fn predict_inplace(&self, x: &ArrayBase<D, Ix2>, y: &mut Array1<f64>) {
        assert_eq!((x.nrows(), x.ncols()), (y.len(), 1), "one column, one target per row");
        for (value, at) in y.iter_mut().zip(x.column(0)) {
            *value = self.value(*at);
        }
    }

    fn default_target(&self, x: &ArrayBase<D, Ix2>) -> Array1<f64> {
        Array1::zeros(x.nrows())
    }
}

#[cfg(test)]
mod tests {
    use linfa::traits::Predict;
    use ndarray::{Array2, array};
    use proptest::prelude::*;

    use super::*;

    fn fit(x: &[f64], y: &[f64]) -> IsotonicRegression {
        let records = Array2::from_shape_vec((x.len(), 1), x.to_vec()).unwrap();
        IsotonicParams.fit(&DatasetBase::new(records, Array1::from_vec(y.to_vec()))).unwrap()
    }

    #[test]
    fn unsorted_input_with_ties_agrees_with_scikit_learn() {
        // scikit-learn 1.7, IsotonicRegression(out_of_bounds="clip"); tests/golden/isotonic.py
        let model = fit(&[5.0, 1.0, 3.0, 1.0, 2.0, 4.0, 3.0], &[6.0, 2.0, 1.0, 0.0, 4.0, 5.0, 3.0]);
        let predicted = model.predict(&array![[0.0], [1.0], [1.5], [2.0], [3.0], [3.5], [4.0], [5.0], [9.0]]);
        let expected = [
            1.0,
            1.0,
            1.833_333_333_333_333_3,
            2.666_666_666_666_666_5,
            2.666_666_666_666_666_5,
            3.833_333_333_333_333,
            5.0,
            6.0,
            6.0,
        ];
        for (p, e) in predicted.iter().zip(expected) {
            assert!((p - e).abs() < 1e-12, "{predicted}");
        }
    }

    proptest! {
        #[test]
        fn the_fit_is_monotone_keeps_the_mean_and_ignores_the_order_of_rows(
            rows in prop::collection::vec((0i8..12, -5.0..5.0f64), 1..60), turn in 0usize..60,
        ) {
            let x: Vec<f64> = rows.iter().map(|row| f64::from(row.0)).collect();
            let y: Vec<f64> = rows.iter().map(|row| row.1).collect();
            let model = fit(&x, &y);
            let at_rows: Vec<f64> = x.iter().map(|x| model.value(*x)).collect();
            prop_assert!(model.points().zip(model.points().skip(1)).all(|(a, b)| a.0 < b.0 && a.1 <= b.1));
            prop_assert!((at_rows.iter().sum::<f64>() - y.iter().sum::<f64>()).abs() < 1e-9);
            let turned = |v: &[f64]| { let mut v = v.to_vec(); v.rotate_left(turn % rows.len()); v };
            prop_assert_eq!(fit(&turned(&x), &turned(&y)), model);
        }

        #[test]
        fn no_other_monotone_step_function_is_nearer(
            rows in prop::collection::vec((0i8..6, -5i8..5), 1..12), other in prop::collection::vec(-5.0..5.0f64, 6),
        ) {
            let x: Vec<f64> = rows.iter().map(|row| f64::from(row.0)).collect();
            let y: Vec<f64> = rows.iter().map(|row| f64::from(row.1)).collect();
            let model = fit(&x, &y);
            let mut other = other;
            other.sort_by(f64::total_cmp);
            let squares = |f: &dyn Fn(f64) -> f64| x.iter().zip(&y).map(|(x, y)| (y - f(*x)).powi(2)).sum::<f64>();
            prop_assert!(squares(&|x| model.value(x)) <= squares(&|x| other[x as usize]) + 1e-9);
        }
    }
}
