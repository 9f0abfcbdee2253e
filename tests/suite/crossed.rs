//! Crossed random effects against statsmodels (`tests/golden/crossed.py`).

use headroom::learners::crossed::Crossed;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    row: Vec<usize>,
    column: Vec<usize>,
    answer: Vec<f64>,
    mean: f64,
    variances: GoldenVariances,
    score: Vec<f64>,
    column_effect: Vec<f64>,
}

#[derive(Deserialize)]
struct GoldenVariances {
    row: f64,
    column: f64,
    error: f64,
}

#[track_caller]
fn assert_near(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() < tolerance, "{found} against {expected}");
}

/// statsmodels stops a little before the optimum, at about four digits of the variances.
#[test]
fn variances_and_effects_are_those_of_statsmodels() {
    let golden: Golden = serde_json::from_str(include_str!("../golden/crossed.json")).unwrap();
    let found = Crossed::fit(&golden.row, &golden.column, &golden.answer).unwrap();
    assert_near(found.mean, golden.mean, 1e-3);
    assert_near(found.variances.row, golden.variances.row, 2e-3);
    assert_near(found.variances.column, golden.variances.column, 2e-3);
    assert_near(found.variances.error, golden.variances.error, 2e-3);
    found.score.iter().zip(&golden.score).for_each(|(found, expected)| assert_near(*found, *expected, 2e-3));
    found.column.iter().zip(&golden.column_effect).for_each(|(found, expected)| assert_near(*found, *expected, 2e-3));
}
