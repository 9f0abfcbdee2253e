//! Linear learners against other programs (`tests/golden/linear.py`) and against what must hold for any data.

use headroom::domain::Seed;
use headroom::learners::isotonic::IsotonicParams;
use headroom::learners::linear::{
    ElasticNetParams, LinearPredictor, LogisticError, LogisticParams, LogisticRegression, Penalty,
};
use headroom::learners::loss;
use headroom::learners::quantile::{QuantileError, QuantileParams, QuantileRegression};
use linfa::traits::{Fit, Predict};
use linfa::{Dataset, DatasetBase};
use ndarray::{Array1, Array2, Axis, array, concatenate, s};
use rand::Rng;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    x: Vec<Vec<f64>>,
    y: Vec<f64>,
    event: Vec<bool>,
    quantiles: Vec<GoldenQuantile>,
    elastic_net: GoldenLine,
    logistic: GoldenLine,
    isotonic: GoldenIsotonic,
}

#[derive(Deserialize)]
struct GoldenQuantile {
    level: f64,
    coefficients: Vec<f64>,
    intercept: f64,
    loss: f64,
}

#[derive(Deserialize)]
struct GoldenLine {
    #[serde(alias = "alpha")]
    penalty: f64,
    l1_ratio: Option<f64>,
    coefficients: Vec<f64>,
    intercept: f64,
}

#[derive(Deserialize)]
struct GoldenIsotonic {
    x: Vec<f64>,
    y: Vec<f64>,
    at: Vec<f64>,
    value: Vec<f64>,
}

fn golden() -> (Golden, Array2<f64>, Array1<f64>) {
    let golden: Golden = serde_json::from_str(include_str!("../golden/linear.json")).unwrap();
    let x = Array2::from_shape_fn((golden.x.len(), golden.x[0].len()), |(i, j)| golden.x[i][j]);
    let y = Array1::from_vec(golden.y.clone());
    (golden, x, y)
}

fn assert_line(line: &LinearPredictor, coefficients: &[f64], intercept: f64, tolerance: f64) {
    for (found, expected) in line.coefficients().iter().zip(coefficients) {
        assert!((found - expected).abs() < tolerance * (1.0 + expected.abs()), "{line:?} against {coefficients:?}");
    }
    assert!((line.intercept() - intercept).abs() < tolerance * (1.0 + intercept.abs()), "{line:?}, {intercept}");
}

fn mean_pinball(model: &QuantileRegression, column: usize, x: &Array2<f64>, y: &Array1<f64>) -> f64 {
    let line = model.lines()[column].scores(x.view());
    y.iter().zip(&line).map(|(y, f)| loss::pinball(model.levels()[column], *y, *f)).sum::<f64>() / y.len() as f64
}

/// Heteroscedastic and skewed; deterministic.
fn skewed(n: usize, p: usize, purpose: &str) -> (Array2<f64>, Array1<f64>) {
    let mut rng = Seed(3).derive(purpose).rng();
    let x = Array2::from_shape_simple_fn((n, p), || rng.random_range(-1.0..1.0));
    let y = x.rows().into_iter().map(|row| {
        let noise = -(1.0 - rng.random::<f64>()).ln();
        row[0] - 0.5 * row[p - 1] + (1.5 + row[0]) * noise
    });
    let y = y.collect();
    (x, y)
}

#[test]
fn quantile_regression_reaches_the_vertices_of_the_linear_program() {
    let (golden, x, y) = golden();
    let model = QuantileParams::default().fit(&Dataset::new(x.clone(), y.clone())).unwrap();
    for (k, expected) in golden.quantiles.iter().enumerate() {
        assert_eq!(model.levels()[k], expected.level);
        assert_line(&model.lines()[k], &expected.coefficients, expected.intercept, 1e-6);
        let loss = mean_pinball(&model, k, &x, &y);
        assert!((loss - expected.loss).abs() < 1e-8, "{loss} against {}", expected.loss);
    }
}

#[test]
fn quantiles_cover_new_rows_as_they_claim_and_never_cross() {
    let (x, y) = skewed(8000, 5, "quantile/train");
    let model = QuantileParams::default().fit(&Dataset::new(x, y)).unwrap();
    let (x, y) = skewed(8000, 5, "quantile/test");
    let predicted = model.predict(&x);
    for (k, level) in model.levels().iter().enumerate() {
        let below = y.iter().zip(predicted.column(k)).filter(|(y, q)| y <= q).count() as f64 / 8000.0;
        assert!((below - level).abs() < 0.02, "{level}: {below}");
    }
    // far outside the training range the lines do cross, and the predictions may not
    let far = model.predict(&(x * -40.0));
    assert!(far.rows().into_iter().all(|row| row[0] <= row[1] && row[1] <= row[2]));
}

#[test]
fn quantile_regression_follows_shifts_and_scales_of_both_sides() {
    let (x, y) = skewed(300, 3, "equivariance");
    let params = QuantileParams::default().levels(&[0.25, 0.8]);
    let plain = params.fit(&Dataset::new(x.clone(), y.clone())).unwrap();
    let moved = params.fit(&Dataset::new(&x * 1e-3 + 7.0, &y * 1e6 - 3.0)).unwrap();
    for (a, b) in plain.lines().iter().zip(moved.lines()) {
        let expected = a.scores(x.view()) * 1e6 - 3.0;
        let error =
            (b.scores((&x * 1e-3 + 7.0).view()) - &expected).mapv(f64::abs).sum() / expected.mapv(f64::abs).sum();
        assert!(error < 1e-6, "{error}");
    }
}

#[test]
fn a_ridge_shrinks_quantile_lines_and_solves_what_has_more_columns_than_rows() {
    let (x, y) = skewed(40, 60, "wide");
    let dataset = Dataset::new(x.clone(), y.clone());
    let error = QuantileParams::default().fit(&dataset).unwrap_err();
    assert!(matches!(error, QuantileError::Input(_)), "{error}");
    let norm = |ridge: f64| {
        let model = QuantileParams::default().levels(&[0.5]).ridge(ridge).fit(&dataset).unwrap();
        model.lines()[0].coefficients().mapv(|c| c * c).sum().sqrt()
    };
    let norms = [0.01, 0.1, 1.0, 100.0].map(norm);
    assert!(norms.windows(2).all(|pair| pair[1] < pair[0]) && norms[3] < 0.02, "{norms:?}");
}

#[test]
fn a_ridge_quantile_is_a_minimum_of_its_own_objective() {
    let (x, y) = skewed(200, 3, "ridge");
    let ridge = 0.2;
    let model = QuantileParams::default().levels(&[0.8]).ridge(ridge).fit(&Dataset::new(x.clone(), y.clone())).unwrap();
    let line = &model.lines()[0];
    let deviations = x.std_axis(Axis(0), 0.0);
    let objective = |coefficients: &Array1<f64>, intercept: f64| {
        let scores = x.dot(coefficients) + intercept;
        y.iter().zip(&scores).map(|(y, f)| loss::pinball(0.8, *y, *f)).sum::<f64>() / 200.0
            + 0.5 * ridge * (coefficients * &deviations).mapv(|c| c * c).sum()
    };
    let best = objective(line.coefficients(), line.intercept());
    let mut rng = Seed(1).derive("around").rng();
    for size in [1e-3, 1e-2, 0.1] {
        for _ in 0..50 {
            let other = line.coefficients() + &Array1::from_shape_simple_fn(3, || rng.random_range(-size..size));
            assert!(objective(&other, line.intercept() + rng.random_range(-size..size)) > best - 1e-9);
        }
    }
}

#[test]
fn collinear_and_constant_columns_do_not_change_quantiles() {
    let (x, y) = skewed(500, 3, "collinear");
    let twice = concatenate![Axis(1), x, x.slice(s![.., ..1]).to_owned() * 2.0 + 1.0, Array2::from_elem((500, 1), 4.2)];
    let plain = QuantileParams::default().fit(&Dataset::new(x.clone(), y.clone())).unwrap();
    let model = QuantileParams::default().fit(&Dataset::new(twice.clone(), y.clone())).unwrap();
    for k in 0..3 {
        let (a, b) = (mean_pinball(&plain, k, &x, &y), mean_pinball(&model, k, &twice, &y));
        assert!((a - b).abs() < 1e-8, "{a} against {b}");
    }
    assert_eq!(model.lines()[0].coefficients()[4], 0.0);
}

#[test]
fn half_the_outcomes_at_zero_do_not_stop_quantile_regression() {
    let (x, y) = skewed(2000, 4, "zeros");
    let y = y.mapv(|v| v.max(1.0) - 1.0);
    let model = QuantileParams::default().fit(&Dataset::new(x.clone(), y.clone())).unwrap();
    for k in 0..3 {
        let constant = model.lines()[k].scores(x.view());
        assert!(constant.iter().all(|v| v.is_finite()));
        let slightly = |c: f64| {
            let scores = &constant + c;
            y.iter().zip(&scores).map(|(y, f)| loss::pinball(model.levels()[k], *y, *f)).sum::<f64>()
        };
        assert!(slightly(0.0) <= slightly(0.01).min(slightly(-0.01)) + 1e-6);
    }
}

#[test]
fn elastic_net_agrees_with_scikit_learn() {
    let (golden, x, y) = golden();
    let expected = &golden.elastic_net;
    let params = ElasticNetParams::default().penalty(Penalty::Fixed(expected.penalty)).tolerance(1e-12);
    let model = params.l1_ratio(expected.l1_ratio.unwrap()).fit(&Dataset::new(x, y)).unwrap();
    assert_line(model.predictor(), &expected.coefficients, expected.intercept, 1e-5);
}

#[test]
fn the_default_elastic_net_finds_signal_and_leaves_nothing_of_noise() {
    let mut rng = Seed(5).derive("noise").rng();
    let x = Array2::from_shape_simple_fn((400, 30), || rng.random_range(-1.0..1.0));
    let noise = Array1::from_shape_simple_fn(400, || rng.random_range(-1.0..1.0));
    let signal = &x.column(3) * 2.0 + &noise;
    let kept = |y: Array1<f64>| {
        let model = ElasticNetParams::default().fit(&Dataset::new(x.clone(), y)).unwrap();
        model.predictor().coefficients().clone()
    };
    // an l1 share of one half leaves a few columns of noise in, but next to nothing of them
    let of_noise = kept(noise.clone());
    assert!(of_noise.iter().all(|c| c.abs() < 0.1), "{of_noise}");
    let of_signal = kept(signal);
    assert!((1.5..2.0).contains(&of_signal[3]), "{of_signal}");
    assert!(of_signal.iter().enumerate().all(|(j, c)| j == 3 || c.abs() < 0.15), "{of_signal}");
}

#[test]
fn elastic_net_takes_wide_constant_and_shifted_input() {
    let (x, y) = skewed(30, 50, "net/wide");
    let x = concatenate![Axis(1), x * 1e4 + 1e6, Array2::from_elem((30, 1), 3.0)];
    let model = ElasticNetParams::default().fit(&Dataset::new(x.clone(), y.clone())).unwrap();
    assert_eq!(model.predictor().coefficients()[50], 0.0);
    assert!((model.predictor().at_means() - y.mean().unwrap()).abs() < 1e-9);
    let constant = ElasticNetParams::default().fit(&Dataset::new(x, Array1::from_elem(30, 8.0))).unwrap();
    assert!((constant.predictor().at_means() - 8.0).abs() < 1e-12);
}

#[test]
fn logistic_regression_agrees_with_scikit_learn_though_events_are_the_minority() {
    let (golden, x, _) = golden();
    let expected = &golden.logistic;
    let event = Array1::from_vec(golden.event.clone());
    let model = LogisticParams::default().alpha(expected.penalty).tolerance(1e-8).fit(&Dataset::new(x, event)).unwrap();
    assert_line(model.predictor(), &expected.coefficients, expected.intercept, 1e-5);
}

#[test]
fn turning_the_outcome_round_turns_the_log_odds_round() {
    let (golden, x, _) = golden();
    let event = Array1::from_vec(golden.event.clone());
    let fit = |y: Array1<bool>| LogisticParams::default().fit(&Dataset::new(x.clone(), y)).unwrap();
    let (rare, common) = (fit(event.clone()), fit(event.mapv(|e| !e)));
    let sum = rare.predict(&x) + common.predict(&x);
    assert!(sum.iter().all(|s| (s - 1.0).abs() < 1e-6));
    // with a free intercept the mean probability is the base rate
    let rate = event.iter().filter(|e| **e).count() as f64 / event.len() as f64;
    assert!((rare.predict(&x).mean().unwrap() - rate).abs() < 1e-5);
}

#[test]
fn a_single_class_is_an_error_and_perfect_separation_is_not() {
    let x = array![[1.0], [2.0], [3.0], [4.0]];
    let single = LogisticParams::default().fit(&Dataset::new(x.clone(), Array1::from_elem(4, true)));
    assert_eq!(single.unwrap_err(), LogisticError::SingleClass { rows: 4, outcome: true });
    let separated = Dataset::new(x.clone(), array![false, false, true, true]);
    let p = LogisticParams::default().fit(&separated).unwrap().predict(&x);
    assert!(p.windows(2).into_iter().all(|pair| pair[0] < pair[1]) && p[0] > 0.0 && p[3] < 1.0, "{p}");
}

#[test]
fn missing_values_are_refused_with_row_and_column() {
    let x = array![[1.0, 2.0], [3.0, f64::NAN], [4.0, 5.0]];
    let error = ElasticNetParams::default().fit(&Dataset::new(x, array![1.0, 2.0, 3.0])).unwrap_err();
    assert_eq!(error.to_string(), "elastic net: records has NaN in row 1, column 1, expected a finite number");
    assert!(error.hint().unwrap().contains("impute"));
}

#[test]
fn contributions_and_the_value_at_the_means_sum_to_the_score() {
    let (golden, x, y) = golden();
    let net = ElasticNetParams::default().fit(&Dataset::new(x.clone(), y)).unwrap();
    let sums = net.contributions(x.view()).sum_axis(Axis(1)) + net.predictor().at_means();
    assert!((sums - net.predict(&x)).iter().all(|d| d.abs() < 1e-10));
    let event = Array1::from_vec(golden.event);
    let logistic = LogisticParams::default().fit(&Dataset::new(x.clone(), event)).unwrap();
    let sums = logistic.contributions(x.view()).sum_axis(Axis(1)) + logistic.predictor().at_means();
    assert!((sums.mapv(loss::logistic) - logistic.predict(&x)).iter().all(|d| d.abs() < 1e-12));
}

#[test]
fn stored_models_predict_the_same_bits() {
    let (golden, x, y) = golden();
    let model = QuantileParams::default().fit(&Dataset::new(x.clone(), y)).unwrap();
    let restored: QuantileRegression = serde_json::from_str(&serde_json::to_string(&model).unwrap()).unwrap();
    assert_eq!(restored.predict(&x), model.predict(&x));
    let event = Array1::from_vec(golden.event);
    let model = LogisticParams::default().fit(&Dataset::new(x.clone(), event)).unwrap();
    let restored: LogisticRegression = serde_json::from_str(&serde_json::to_string(&model).unwrap()).unwrap();
    assert_eq!(restored.predict(&x), model.predict(&x));
}

#[test]
fn isotonic_regression_of_unsorted_ties_agrees_with_scikit_learn() {
    let expected = golden().0.isotonic;
    let column = |values: &[f64]| Array2::from_shape_vec((values.len(), 1), values.to_vec()).unwrap();
    let model = IsotonicParams.fit(&DatasetBase::new(column(&expected.x), Array1::from_vec(expected.y))).unwrap();
    let found = model.predict(&column(&expected.at));
    assert!(found.iter().zip(&expected.value).all(|(f, e)| (f - e).abs() < 1e-12), "{found}");
}
