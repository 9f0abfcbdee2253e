//! Generalised linear models against statsmodels and scikit-learn (`tests/golden/glm.py`), and at their limits.

use std::collections::BTreeMap;

use headroom::domain::Seed;
use headroom::learners::glm::{Family, Glm, GlmError, GlmParams};
use linfa::Dataset;
use linfa::traits::{Fit, Predict};
use ndarray::{Array1, Array2, Axis, array};
use rand::Rng;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    x: Vec<Vec<f64>>,
    targets: BTreeMap<String, Vec<f64>>,
    fits: Vec<GoldenFit>,
}

#[derive(Deserialize)]
struct GoldenFit {
    family: String,
    penalty: f64,
    l1_ratio: f64,
    coefficients: Vec<f64>,
    intercept: f64,
}

fn golden() -> (Golden, Array2<f64>) {
    let golden: Golden = serde_json::from_str(include_str!("../golden/glm.json")).unwrap();
    let x = Array2::from_shape_fn((golden.x.len(), golden.x[0].len()), |(i, j)| golden.x[i][j]);
    (golden, x)
}

fn family(name: &str) -> Family {
    match name {
        "poisson" => Family::Poisson,
        "gamma" => Family::Gamma,
        _ => Family::Tweedie { power: 1.5 },
    }
}

#[test]
fn estimates_agree_with_statsmodels_and_scikit_learn() {
    let (golden, x) = golden();
    assert_eq!(golden.fits.len(), 7);
    for expected in &golden.fits {
        let y = Array1::from_vec(golden.targets[&expected.family].clone());
        let params = GlmParams::new(family(&expected.family)).penalty(expected.penalty).l1_ratio(expected.l1_ratio);
        let model = params.fit(&Dataset::new(x.clone(), y)).unwrap();
        let line = model.predictor();
        for (found, wanted) in line.coefficients().iter().zip(&expected.coefficients) {
            assert!((found - wanted).abs() < 2e-6 * (1.0 + wanted.abs()), "{} {line:?}", expected.family);
        }
        assert!((line.intercept() - expected.intercept).abs() < 1e-5, "{} {line:?}", expected.family);
    }
}

#[test]
fn a_poisson_fit_without_penalty_keeps_the_total_and_a_unit_changes_only_the_intercept() {
    let (golden, x) = golden();
    let y = Array1::from_vec(golden.targets["poisson"].clone());
    let model = GlmParams::new(Family::Poisson).penalty(0.0).fit(&Dataset::new(x.clone(), y.clone())).unwrap();
    assert!((model.predict(&x).sum() - y.sum()).abs() < 1e-5);
    let y = Array1::from_vec(golden.targets["tweedie"].clone());
    let fit = |y: Array1<f64>| GlmParams::new(family("tweedie")).fit(&Dataset::new(x.clone(), y)).unwrap();
    let ratio = fit(&y * 1e6).predict(&x) / fit(y).predict(&x);
    assert!(ratio.iter().all(|r| (r / 1e6 - 1.0).abs() < 1e-9));
}

#[test]
fn a_lasso_of_noise_keeps_nothing_and_a_strong_penalty_leaves_the_mean() {
    let mut rng = Seed(8).derive("glm").rng();
    let x = Array2::from_shape_simple_fn((300, 20), || rng.random_range(-1.0..1.0));
    let y = Array1::from_shape_simple_fn(300, || rng.random_range(0.0..2.0));
    for family in [Family::Poisson, Family::Gamma, family("tweedie")] {
        let model = GlmParams::new(family).penalty(0.2).l1_ratio(1.0).fit(&Dataset::new(x.clone(), y.clone())).unwrap();
        assert!(model.predictor().coefficients().iter().all(|c| *c == 0.0), "{family:?}");
        assert!((model.predict(&x)[0] - y.mean().unwrap()).abs() < 1e-6);
    }
}

#[test]
fn separated_zeros_have_no_estimate_without_a_penalty_and_one_with_it() {
    let x = array![[0.0], [0.0], [0.0], [1.0], [1.0], [1.0]];
    let data = Dataset::new(x, array![0.0, 0.0, 0.0, 2.0, 3.0, 4.0]);
    let error =
        GlmParams::new(Family::Poisson).penalty(0.0).tolerance(1e-12).max_iterations(20).fit(&data).unwrap_err();
    assert!(matches!(error, GlmError::NotConverged { .. }) && error.hint().unwrap().contains("penalty"), "{error}");
    assert!(GlmParams::new(Family::Poisson).fit(&data).is_ok());
}

#[test]
fn collinear_wide_and_extreme_input_converges_under_the_default_penalty() {
    let mut rng = Seed(8).derive("glm/wide").rng();
    let mut x = Array2::from_shape_simple_fn((40, 60), || rng.random_range(-1.0..1.0) * 1e5);
    let twin = x.column(0).to_owned();
    x.column_mut(1).assign(&twin);
    x.column_mut(2).fill(7.0);
    // one account a million times larger than the rest
    let mut y = Array1::from_shape_simple_fn(40, || rng.random_range(0.0..1.0));
    y[3] = 1e6;
    for family in [Family::Poisson, family("tweedie")] {
        let model = GlmParams::new(family).fit(&Dataset::new(x.clone(), y.clone())).unwrap();
        assert!(model.predict(&x).iter().all(|m| m.is_finite() && *m >= 0.0), "{family:?}");
        let twins = model.predictor().coefficients();
        assert!((twins[0] - twins[1]).abs() < 1e-9 && twins[2] == 0.0, "{family:?}");
    }
}

#[test]
fn targets_outside_the_family_are_refused_by_row() {
    let x = array![[1.0], [2.0], [3.0]];
    let refused = |family: Family, y: Array1<f64>| GlmParams::new(family).fit(&Dataset::new(x.clone(), y)).unwrap_err();
    assert!(matches!(refused(Family::Gamma, array![1.0, 0.0, 2.0]), GlmError::Target { row: 1, .. }));
    assert!(matches!(refused(family("tweedie"), array![1.0, 0.0, -2.0]), GlmError::Target { row: 2, .. }));
    assert!(matches!(refused(Family::Poisson, array![0.0, 0.0, 0.0]), GlmError::Target { .. }));
}

#[test]
fn contributions_sum_to_the_log_mean_and_a_stored_model_predicts_the_same_bits() {
    let (golden, x) = golden();
    let y = Array1::from_vec(golden.targets["gamma"].clone());
    let model = GlmParams::new(Family::Gamma).fit(&Dataset::new(x.clone(), y)).unwrap();
    let sums = model.contributions(x.view()).sum_axis(Axis(1)) + model.predictor().at_means();
    assert!((sums - model.predict(&x).mapv(f64::ln)).iter().all(|d| d.abs() < 1e-10));
    let restored: Glm = serde_json::from_str(&serde_json::to_string(&model).unwrap()).unwrap();
    assert_eq!(restored.predict(&x), model.predict(&x));
}
