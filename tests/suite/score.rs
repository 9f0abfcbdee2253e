//! The table of scores: every account has its row, and no impossible figure passes.

use headroom::{
    backtest::FirstPurchase,
    domain::Level,
    score::{Account, Forecast, Population, ScoreError, ScoreFrame, Standing, score, whitespace},
};
use polars::prelude::*;

use crate::synthetic::{Sketch, accounts_of, forecast_of, scores_of, slice_of};

fn sketches() -> Vec<Sketch> {
    vec![Sketch::of(100.0), Sketch::of(200.0)]
}

/// The scores of two accounts, with one change.
fn changed(name: &str, values: [Option<f64>; 5]) -> Result<ScoreFrame, ScoreError> {
    let mut frame = scores_of(&sketches()).frame().clone();
    frame.with_column(Column::new(name.into(), values)).unwrap();
    ScoreFrame::new(&accounts_of(&sketches()), frame)
}

#[test]
fn every_account_has_a_row_and_only_the_population_has_figures() {
    let scores = scores_of(&sketches());
    assert_eq!(scores.accounts(), ["A cash", "B gone", "K000", "K001", "Z own shop"]);
    assert_eq!(scores.population(), [false, false, true, true, false]);
    assert_eq!(scores.numbers("headroom_revenue"), [None, None, Some(50.0), Some(100.0), None]);
    assert_eq!(scores.numbers("headroom_margin"), [None, None, Some(20.0), Some(40.0), None]);
    assert_eq!(scores.texts("level_used"), [None, None, Some("stretch"), Some("stretch"), None]);
    assert_eq!(scores.numbers("peer_revenue"), [None; 5]);
    let (low, high) = (scores.numbers("headroom_low")[2].unwrap(), scores.numbers("headroom_high")[2].unwrap());
    assert!((low - 38.0).abs() < 1e-9 && (high - 62.0).abs() < 1e-9, "{low} {high}");
}

#[test]
fn first_purchases_together_never_exceed_headroom_and_keep_their_proportions() {
    let (slice, scores) = (slice_of(&sketches()), scores_of(&sketches()));
    let purchase =
        |account, group, probability, spend| FirstPurchase { account, group, probability, spend, peers: Some(7) };
    // headroom is 50 and 100; the first account's groups are worth 60 and 40, the second's 30
    let found = [purchase(0, 0, 0.5, 120.0), purchase(0, 1, 0.1, 400.0), purchase(1, 0, 0.3, 100.0)];
    let groups = ["bolts".to_owned(), "glue".to_owned()];
    let money = whitespace(&found, None, &groups, &slice, &scores).unwrap();
    assert_eq!(money.total, [50.0, 30.0]);
    let column = |name: &str| money.table.column(name).unwrap().f64().unwrap().to_vec();
    assert_eq!(column("expected_revenue"), [Some(30.0), Some(20.0), Some(30.0)]);
    assert_eq!(column("expected_margin"), [Some(12.0), Some(8.0), Some(12.0)]);
    let best = money.best[0].as_ref().unwrap();
    assert_eq!((best.product_group.as_str(), best.peers), ("bolts", Some(7)));
}

#[test]
fn figures_that_cannot_be_are_refused_with_their_account_and_column() {
    let refused = |name: &str, values| match changed(name, values).unwrap_err() {
        ScoreError::Value { account, column, value, .. } => format!("{account} {column} {value}"),
        other => panic!("{other}"),
    };
    let one = |value: f64| [None, None, Some(0.5), Some(value), None];
    assert_eq!(refused("growth_probability", one(1.2)), "K001 growth_probability 1.2");
    assert_eq!(refused("growth_probability", one(f64::NAN)), "K001 growth_probability NaN");
    assert_eq!(refused("expected_revenue", one(f64::INFINITY)), "K001 expected_revenue inf");
    assert_eq!(refused("headroom_revenue", one(-1.0)), "K001 headroom_revenue -1");
    assert!(refused("headroom_low", one(500.0)).starts_with("K001 headroom_low 500, above its upper bound"));
    assert!(refused("expected_revenue_high", one(1.0)).starts_with("K000 expected_revenue_low"));
    assert_eq!(refused("expected_margin", [None, None, Some(0.5), None, None]), "K001 expected_margin null");
    assert_eq!(
        refused("expected_margin", [None, Some(1.0), Some(0.5), Some(1.0), None]),
        "B gone expected_margin known"
    );
    assert!(changed("growth_probability", one(1.0)).is_ok());
}

#[test]
fn a_lost_or_doubled_account_is_refused() {
    let frame = scores_of(&sketches()).frame().clone();
    let mut accounts = accounts_of(&sketches());
    assert!(ScoreFrame::new(&accounts, frame.clone()).is_ok());
    let lost = ScoreFrame::new(&accounts, frame.slice(0, 4)).unwrap_err();
    assert!(matches!(&lost, ScoreError::LostAccount { row: 4, expected, .. } if expected == "Z own shop"), "{lost}");
    accounts[3].id = "K000".into();
    assert!(matches!(ScoreFrame::new(&accounts, frame), Err(ScoreError::LostAccount { row: 3, .. })));
}

#[test]
fn another_column_or_type_is_refused() {
    let frame = scores_of(&sketches()).frame().clone();
    let accounts = accounts_of(&sketches());
    let refused = ScoreFrame::new(&accounts, frame.drop("stretch_revenue").unwrap()).unwrap_err();
    assert!(
        matches!(&refused, ScoreError::Columns { expected, .. } if expected == "stretch_revenue: f64"),
        "{refused}"
    );
    let mut integers = frame;
    integers.with_column(Column::new("margin_last".into(), [None, None, Some(1i64), Some(2), None])).unwrap();
    assert!(matches!(ScoreFrame::new(&accounts, integers), Err(ScoreError::Columns { .. })));
}

#[test]
fn scores_read_back_from_parquet_are_the_same_scores() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("scores.parquet");
    let scores = scores_of(&sketches());
    headroom::atomic::write_parquet(&path, scores.frame()).unwrap();
    let back = ParquetReader::new(std::fs::File::open(&path).unwrap()).finish().unwrap();
    let back = ScoreFrame::new(&accounts_of(&sketches()), back).unwrap();
    assert!(back.frame().equals_missing(scores.frame()));
    assert_eq!(back.refit_headroom().len(), 21);
}

#[test]
fn what_has_no_model_is_null_and_never_zero() {
    let slice = slice_of(&sketches());
    let bare = Forecast {
        interval: None,
        stretch_revenue: None,
        level: None,
        growth: None,
        inactivity: None,
        refits: Vec::new(),
        ..forecast_of(&sketches())
    };
    let scores = score(&Population::of(&slice).unwrap(), &accounts_of(&sketches()), &bare, "run").unwrap();
    for name in ["expected_revenue_low", "stretch_revenue", "headroom_revenue", "headroom_low", "headroom_margin"] {
        assert_eq!(scores.numbers(name), [None; 5], "{name}");
    }
    assert_eq!(scores.texts("level_used"), [None; 5]);
    let few = Forecast { refits: forecast_of(&sketches()).refits[..19].to_vec(), ..forecast_of(&sketches()) };
    let scores = score(&Population::of(&slice).unwrap(), &accounts_of(&sketches()), &few, "run").unwrap();
    assert_eq!(scores.numbers("headroom_low"), [None; 5]);
    assert!(scores.numbers("headroom_revenue")[2].is_some());
}

#[test]
fn headroom_follows_the_level_that_is_used() {
    let (slice, forecast) = (slice_of(&sketches()), forecast_of(&sketches()));
    let peers = vec![130.0, 170.0];
    let by_peers = Forecast { peer_revenue: Some(peers.clone()), level: Some((Level::Peer, peers)), ..forecast };
    let scores = score(&Population::of(&slice).unwrap(), &accounts_of(&sketches()), &by_peers, "run").unwrap();
    assert_eq!(scores.numbers("headroom_revenue"), [None, None, Some(30.0), Some(0.0), None]);
    assert_eq!(scores.numbers("peer_revenue")[2..4], [Some(130.0), Some(170.0)]);
    assert_eq!(scores.numbers("stretch_revenue")[2], Some(150.0), "stretch is told all the same");
    assert_eq!(scores.texts("level_used")[2], Some("peer"));
}

#[test]
fn a_forecast_of_another_population_is_refused() {
    let one = [Sketch::of(1.0)];
    let refused =
        score(&Population::of(&slice_of(&sketches())).unwrap(), &accounts_of(&sketches()), &forecast_of(&one), "run")
            .unwrap_err();
    assert!(matches!(refused, ScoreError::Length { column: "expected_revenue", found: 1, expected: 2 }));
    let stranger: Vec<Account> = accounts_of(&sketches()).into_iter().filter(|a| a.id != "K001").collect();
    let refused = score(&Population::of(&slice_of(&sketches())).unwrap(), &stranger, &forecast_of(&sketches()), "run")
        .unwrap_err();
    assert!(matches!(refused, ScoreError::UnknownAccount { account } if account == "K001"));
    assert!(accounts_of(&one).iter().any(|a| a.standing == Standing::Blocked));
}
