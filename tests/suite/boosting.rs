//! Gradient boosting against another implementation (forust) and against what must hold for any data.

use forust_ml::gradientbooster::GradientBooster;
use forust_ml::objective::ObjectiveType;
use headroom::domain::Seed;
use headroom::learners::boosting::{
    BoostedQuantilesParams, BoostingError, GradientBoosting, GradientBoostingParams, GroupedTargets, Loss, Monotone,
};
use headroom::learners::loss;
use linfa::traits::{Fit, Predict};
use linfa::{Dataset, DatasetBase};
use ndarray::{Array1, Array2, ArrayView1, Axis, array, concatenate, s};
use proptest::prelude::*;
use rand::Rng;

const LOSSES: [Loss; 4] = [Loss::Squared, Loss::Tweedie { power: 1.5 }, Loss::Logistic, Loss::Pinball { level: 0.8 }];

/// Interactions, a jump, missing values, a code with seven values, and zeros; deterministic.
fn company(n: usize, purpose: &str) -> (Array2<f64>, Array1<f64>) {
    let (x, _, y) = company_with_truth(n, purpose);
    (x, y)
}

/// Also the scale of each row: `y` is 0 with probability .3, else exponential with this mean.
fn company_with_truth(n: usize, purpose: &str) -> (Array2<f64>, Array1<f64>, Array1<f64>) {
    let mut rng = Seed(11).derive(purpose).rng();
    let mut x = Array2::from_shape_simple_fn((n, 6), || rng.random_range(-1.0..1.0));
    x.column_mut(5).mapv_inplace(|_| f64::from(rng.random_range(0..7u8)));
    let scale = |r: ArrayView1<'_, f64>| {
        (r[0] + r[1] * r[2] + if r[3] > 0.3 { 0.8 } else { 0.0 } + 0.4 * ((r[5] * 5.0) % 7.0) - 1.0).exp()
    };
    let scales: Array1<f64> = x.rows().into_iter().map(scale).collect();
    let y =
        scales.mapv(|scale| if rng.random::<f64>() < 0.3 { 0.0 } else { -scale * (1.0 - rng.random::<f64>()).ln() });
    for value in x.column_mut(1).iter_mut().step_by(9) {
        *value = f64::NAN;
    }
    (x, scales, y)
}

/// The prediction of who knows the truth.
fn oracle(loss: Loss, scale: f64) -> f64 {
    match loss {
        Loss::Squared | Loss::Tweedie { .. } => 0.7 * scale,
        Loss::Logistic => 0.7 * (-1.0 / scale).exp(),
        Loss::Pinball { level } => -scale * ((1.0 - level) / 0.7).ln(),
    }
}

fn targets(loss: Loss, y: &Array1<f64>) -> Array1<f64> {
    match loss {
        Loss::Logistic => y.mapv(|y| f64::from(u8::from(y > 1.0))),
        _ => y.clone(),
    }
}

fn mean_loss(loss: Loss, y: &Array1<f64>, predicted: &Array1<f64>) -> f64 {
    let of = |y: f64, f: f64| match loss {
        Loss::Squared => loss::squared(y, f),
        Loss::Tweedie { power } => loss::tweedie_deviance(power, y, f),
        Loss::Logistic => loss::log_loss(y > 0.5, f),
        Loss::Pinball { level } => loss::pinball(level, y, f),
    };
    y.iter().zip(predicted).map(|(y, f)| of(*y, *f)).sum::<f64>() / y.len() as f64
}

fn fit(params: &GradientBoostingParams, x: &Array2<f64>, y: &Array1<f64>) -> GradientBoosting {
    params.fit(&Dataset::new(x.clone(), y.clone())).unwrap()
}

#[test]
fn every_loss_learns_most_of_what_can_be_known() {
    let (x, y) = company(20_000, "train");
    let (x_later, scales, y_later) = company_with_truth(20_000, "test");
    for loss in LOSSES {
        let params = GradientBoostingParams::new(loss).trees(60).leaves(12).categorical(&[5]);
        let model = fit(&params, &x, &targets(loss, &y));
        let constant = fit(&params.trees(1).leaves(2).learning_rate(1e-9), &x, &targets(loss, &y));
        let y_later = targets(loss, &y_later);
        let [ours, nothing, all] =
            [model.predict(&x_later), constant.predict(&x_later), scales.mapv(|scale| oracle(loss, scale))]
                .map(|predicted| mean_loss(loss, &y_later, &predicted));
        let learned = (nothing - ours) / (nothing - all);
        assert!((0.75..1.05).contains(&learned), "{loss:?}: {learned}");
    }
}

/// The same hyperparameters in both programs: exact growth differs (forust bins by weighted quantiles, grows by depth
/// or by gain), so losses are compared and not bits.
#[test]
fn squared_and_logistic_loss_are_as_low_as_those_of_forust() {
    let (x, y) = company(6000, "oracle/train");
    let (x_later, y_later) = company(6000, "oracle/test");
    for (loss, objective) in [(Loss::Squared, ObjectiveType::SquaredLoss), (Loss::Logistic, ObjectiveType::LogLoss)] {
        let (y, y_later) = (targets(loss, &y), targets(loss, &y_later));
        let ours = GradientBoostingParams::new(loss).trees(80).leaves(16).learning_rate(0.1).l2(1.0).min_leaf_rows(1);
        let ours = mean_loss(loss, &y_later, &fit(&ours, &x, &y).predict(&x_later));

        let mut oracle = GradientBooster::default()
            .set_objective_type(objective)
            .set_iterations(80)
            .set_max_leaves(16)
            .set_max_depth(20)
            .set_learning_rate(0.1)
            .set_l2(1.0)
            .set_initialize_base_score(true)
            .set_parallel(false);
        let column_major = |x: &Array2<f64>| x.t().iter().copied().collect::<Vec<f64>>();
        let data = column_major(&x);
        oracle.fit_unweighted(&forust_ml::data::Matrix::new(&data, x.nrows(), x.ncols()), &y.to_vec(), None).unwrap();
        let data = column_major(&x_later);
        let scores = oracle.predict(&forust_ml::data::Matrix::new(&data, x_later.nrows(), x.ncols()), false);
        let theirs = scores.into_iter().map(|s| if loss == Loss::Logistic { loss::logistic(s) } else { s }).collect();
        let theirs = mean_loss(loss, &y_later, &theirs);
        assert!(ours < 1.02 * theirs, "{loss:?}: {ours} against {theirs}");
    }
}

#[test]
fn bytes_do_not_depend_on_the_number_of_threads() {
    // more rows than any limit below which one thread does the work
    let (x, y) = company(100_000, "threads");
    let groups = Array1::from_shape_fn(y.len(), |i| i / 5);
    for loss in LOSSES {
        let params =
            GradientBoostingParams::new(loss).trees(2).row_fraction(0.8).column_fraction(0.7).categorical(&[5]);
        let dataset = DatasetBase::new(x.clone(), GroupedTargets { y: targets(loss, &y), groups: groups.clone() });
        let bytes = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| serde_json::to_string(&params.fit(&dataset).unwrap()).unwrap())
        };
        let one = bytes(1);
        assert!(one == bytes(2) && one == bytes(5), "{loss:?}");
    }
}

#[test]
fn a_stored_model_predicts_the_same_bits() {
    let (x, y) = company(2000, "stored");
    let model = fit(&GradientBoostingParams::new(LOSSES[1]).trees(20).categorical(&[5]), &x, &y);
    let restored: GradientBoosting = serde_json::from_str(&serde_json::to_string(&model).unwrap()).unwrap();
    assert_eq!(restored.predict(&x), model.predict(&x));
}

#[test]
fn contributions_and_their_base_sum_to_the_score() {
    let (x, y) = company(3000, "shap");
    for loss in LOSSES {
        let params = GradientBoostingParams::new(loss).trees(40).categorical(&[5]);
        let model = fit(&params, &x, &targets(loss, &y));
        let some = x.slice(s![..200, ..]);
        let contributions = model.contributions(some);
        let sums = contributions.values.sum_axis(Axis(1)) + contributions.base;
        let error = (sums - model.scores(some)).mapv(f64::abs).into_iter().fold(0.0, f64::max);
        assert!(error < 1e-9, "{loss:?}: {error}");
        // column 4 is noise, column 0 is not
        let size = contributions.values.mapv(f64::abs).sum_axis(Axis(0));
        assert!(size[4] < 0.5 * size[0], "{loss:?}: {size}");
    }
}

#[test]
fn monotone_columns_move_predictions_one_way_only() {
    let (x, y) = company(3000, "monotone");
    // column 3 rises by truth; column 0 rises too and is forced down, which must hold all the same
    let directions = [(3, Monotone::Increasing), (0, Monotone::Decreasing)];
    for loss in LOSSES {
        let y = targets(loss, &y);
        let model = fit(&GradientBoostingParams::new(loss).trees(40).monotone(&directions), &x, &y);
        for (column, sign) in [(3, 1.0), (0, -1.0)] {
            let mut before: Option<Array1<f64>> = None;
            for step in -10..=10 {
                let mut at = x.slice(s![..300, ..]).to_owned();
                at.column_mut(column).fill(f64::from(step) / 10.0);
                let scores = model.scores(at.view()) * sign;
                if let Some(before) = before {
                    let least = (&scores - &before).into_iter().fold(f64::INFINITY, f64::min);
                    assert!(least >= -1e-12, "{loss:?}, column {column}: {least}");
                }
                before = Some(scores);
            }
        }
    }
}

#[test]
fn missing_values_and_categories_carry_signal() {
    let mut rng = Seed(2).derive("missing").rng();
    let x = Array2::from_shape_fn((2000, 2), |(_, column)| match column {
        0 if rng.random::<f64>() < 0.5 => f64::NAN,
        0 => rng.random_range(-1.0..1.0),
        _ => f64::from(rng.random_range(0..40u8)),
    });
    // known against missing, and an arbitrary half of the codes: no threshold separates either
    let special = |code: f64| (code * 17.0) % 40.0 % 2.0 == 1.0;
    let y: Array1<f64> = x
        .rows()
        .into_iter()
        .map(|r| 3.0 * f64::from(u8::from(r[0].is_nan())) + f64::from(u8::from(special(r[1]))))
        .collect();
    let params = GradientBoostingParams::new(Loss::Squared).trees(60).learning_rate(0.3).leaves(4).categorical(&[1]);
    let model = fit(&params, &x, &y);
    let worst = (model.predict(&x) - &y).mapv(f64::abs).into_iter().fold(0.0, f64::max);
    assert!(worst < 0.05, "{worst}");
    // a code that training has not seen and one that is no code are predicted, and alike
    let unseen = model.predict(&array![[0.1, 77.0], [0.1, -3.5]]);
    assert_eq!(unseen[0], unseen[1]);
}

#[test]
fn quantiles_cover_later_rows_and_never_cross() {
    let (x, y) = company(20_000, "quantiles/train");
    let groups = Array1::from_shape_fn(y.len(), |i| i / 4);
    let shared = GradientBoostingParams::new(Loss::Squared).trees(60).leaves(8).min_leaf_rows(100).categorical(&[5]);
    let params = BoostedQuantilesParams::new(&[0.1, 0.5, 0.9], shared);
    let model = params.fit(&DatasetBase::new(x, GroupedTargets { y, groups })).unwrap();
    let (x, y) = company(20_000, "quantiles/test");
    let predicted = model.predict(&x);
    assert!(predicted.rows().into_iter().all(|row| row[0] <= row[1] && row[1] <= row[2]));
    // a third of the outcomes are exactly 0, so the lowest quantile can only be met at or below
    for (column, level, tolerance) in [(1, 0.5, 0.03), (2, 0.9, 0.02)] {
        let below = y.iter().zip(predicted.column(column)).filter(|(y, q)| y <= q).count() as f64 / y.len() as f64;
        assert!((below - level).abs() < tolerance, "{level}: {below}");
    }
    let strictly_below = y.iter().zip(predicted.column(0)).filter(|(y, q)| y < q).count() as f64 / y.len() as f64;
    assert!(strictly_below < 0.11, "{strictly_below}");
}

#[test]
fn early_stopping_ends_where_later_rows_stop_improving() {
    let (x, y) = company(600, "stop/train");
    let (x_later, y_later) = company(3000, "stop/later");
    let groups = Array1::from_shape_fn(y.len(), |i| i);
    let train = DatasetBase::new(x, GroupedTargets { y, groups });
    let later = DatasetBase::new(x_later.clone(), y_later.clone());
    let params = GradientBoostingParams::new(Loss::Squared).trees(400).learning_rate(0.2);
    let params = linfa::ParamGuard::check(params).unwrap();
    let stopped = params.fit_validated(&train, &later).unwrap();
    let all = params.fit(&train).unwrap();
    assert!((1..200).contains(&stopped.trees()) && all.trees() == 400, "{} of {}", stopped.trees(), all.trees());
    let loss = mean_loss(Loss::Squared, &y_later, &stopped.predict(&x_later));
    assert!((loss - stopped.validation_loss().unwrap()).abs() < 1e-9);
    assert!(loss < mean_loss(Loss::Squared, &y_later, &all.predict(&x_later)));
}

#[test]
fn on_noise_early_stopping_keeps_next_to_nothing() {
    let mut rng = Seed(4).derive("noise").rng();
    let mut noise = |n: usize| {
        let x = Array2::from_shape_simple_fn((n, 5), || rng.random_range(-1.0..1.0));
        (x, Array1::from_shape_simple_fn(n, || rng.random_range(-1.0..1.0)))
    };
    let ((x, y), (x_later, y_later)) = (noise(500), noise(2000));
    let groups = Array1::from_shape_fn(y.len(), |i| i);
    let params = linfa::ParamGuard::check(GradientBoostingParams::new(Loss::Squared)).unwrap();
    let model = params
        .fit_validated(&DatasetBase::new(x, GroupedTargets { y, groups }), &DatasetBase::new(x_later, y_later))
        .unwrap();
    assert!(model.trees() <= 3, "{}", model.trees());
}

#[test]
fn rows_are_drawn_by_group_or_not_at_all() {
    let (x, y) = company(400, "draw");
    let params = GradientBoostingParams::new(Loss::Squared).trees(5).row_fraction(0.5);
    let error = params.fit(&Dataset::new(x.clone(), y.clone())).unwrap_err();
    assert_eq!(error, BoostingError::Ungrouped { row_fraction: 0.5 });
    // one group: a tree sees all rows or none, so every tree that exists has the cover of all
    let one = GroupedTargets { y: y.clone(), groups: Array1::zeros(400) };
    let drawn = params.fit(&DatasetBase::new(x.clone(), one)).unwrap();
    let whole = fit(&params.row_fraction(1.0).trees(drawn.trees()), &x, &y);
    assert!(drawn.trees() < 5, "{}", drawn.trees());
    assert_eq!(drawn.predict(&x), whole.predict(&x));
}

#[test]
fn a_column_that_says_nothing_changes_nothing() {
    let (x, y) = company(1000, "constant");
    let wider = concatenate![Axis(1), x, Array2::from_elem((1000, 1), 3.0), Array2::from_elem((1000, 1), f64::NAN)];
    let params = GradientBoostingParams::new(Loss::Squared).trees(10);
    let (narrow, wide) = (fit(&params, &x, &y), fit(&params, &wider, &y));
    assert_eq!(narrow.predict(&x), wide.predict(&wider));
    assert_eq!(wide.splits()[6..], [0, 0]);
}

#[test]
fn input_that_cannot_be_learned_from_is_refused_by_name() {
    let (x, y) = company(50, "refused");
    let refused = |params: GradientBoostingParams, x: &Array2<f64>, y: &Array1<f64>| {
        params.fit(&Dataset::new(x.clone(), y.clone())).unwrap_err().to_string()
    };
    let squared = GradientBoostingParams::new(Loss::Squared);
    let mut infinite = x.clone();
    infinite[[7, 2]] = f64::INFINITY;
    assert!(refused(squared.clone(), &infinite, &y).contains("inf in row 7, column 2"));
    assert!(refused(squared.clone().categorical(&[0]), &x, &y).contains("expected a whole number from 0"));
    assert!(refused(squared.clone().monotone(&[(9, Monotone::Increasing)]), &x, &y).contains("column 9"));
    assert!(refused(squared.learning_rate(0.0), &x, &y).contains("learning_rate is 0"));
    let tweedie = GradientBoostingParams::new(LOSSES[1]);
    assert!(refused(tweedie, &x, &(&y - 1.0)).contains("zero or a positive number"));
    assert!(refused(GradientBoostingParams::new(Loss::Logistic), &x, &y).contains("expected 0 or 1"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn raw_values_and_bins_decide_alike_so_one_tree_at_full_step_predicts_leaf_means(
        rows in prop::collection::vec((-4i8..4, 0u8..5, any::<bool>()), 30..200), leaves in 2usize..12,
    ) {
        let x = Array2::from_shape_fn((rows.len(), 2), |(i, j)| match (j, rows[i].2) {
            (0, true) => f64::NAN,
            (0, false) => f64::from(rows[i].0) * 0.1,
            _ => f64::from(rows[i].1),
        });
        let y: Array1<f64> = rows.iter().map(|r| f64::from(r.0) * f64::from(r.1) + f64::from(u8::from(r.2))).collect();
        let params = GradientBoostingParams::new(Loss::Squared)
            .trees(1).learning_rate(1.0).l2(0.0).min_leaf_rows(2).leaves(leaves).categorical(&[1]);
        let model = fit(&params, &x, &y);
        let predicted = model.predict(&x);
        // rows with the same prediction share a leaf (or leaves of equal mean): their mean is the prediction
        for value in &predicted {
            let same: Vec<f64> = y.iter().zip(&predicted).filter(|(_, p)| *p == value).map(|(y, _)| *y).collect();
            let mean = same.iter().sum::<f64>() / same.len() as f64;
            prop_assert!((mean - value).abs() < 1e-4, "{} {}", mean, value);
            prop_assert!(model.trees() == 0 || same.len() >= 2);
        }
        let error = |p: &Array1<f64>| (p - &y).mapv(|e| e * e).sum();
        prop_assert!(error(&predicted) <= error(&Array1::from_elem(y.len(), y.mean().unwrap())) + 1e-6);
    }
}
