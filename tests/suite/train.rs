//! Encoding and selections of rows, through the public interface and on made-up companies.

use std::{collections::BTreeSet, fs};

use headroom::{
    backtest::metrics::{Order, ranking::spearman},
    domain::{AbcThresholds, Horizon, Seed, Target},
    features::{LabelFrame, Seasons, Slice},
    train::{Encoder, FeatureList, FitContext, FittedModel, Ladder, Panel, TreeEncoder, fit},
};

use polars::prelude::*;

use crate::{
    binary::{Project, company},
    slices::{Company, SIGNAL},
};

fn slices(months: usize, back: &[i32]) -> Vec<Slice> {
    let company = Company::new(200, months, SIGNAL, 3);
    back.iter().map(|back| company.slice(company.last().plus(-back), Horizon::new(6).unwrap())).collect()
}

fn list(features: &[&str]) -> FeatureList {
    FeatureList { features: features.iter().map(|f| (*f).into()).collect(), baselines: Vec::new(), anchor: None }
}

#[test]
fn columns_are_standard_on_the_rows_they_were_learned_on_and_clipped_on_all() {
    let slices = slices(60, &[12, 6]);
    let panel = Panel::new(&slices.iter().collect::<Vec<_>>(), AbcThresholds::default()).unwrap();
    let list = list(&["days_since_last_order", "order_gap_mean_24", "industry", "nps_score"]);
    let encoder = Encoder::learn(&list, &panel.rows()).unwrap();
    let names = encoder.names();
    assert!(names.contains(&"order_gap_mean_24?".into()), "single orders have no gap: {names:?}");
    assert!(names.contains(&"industry=trade".into()), "{names:?}");
    assert!(!names.iter().any(|name| name.starts_with("nps")), "a feature nobody has is left out: {names:?}");
    let x = encoder.transform(&panel.rows()).unwrap();
    assert_eq!(x.dim(), (panel.len(), names.len()));
    for column in x.columns() {
        assert!(column.iter().all(|v| v.is_finite() && v.abs() <= 4.0));
        assert!(column.mean().unwrap().abs() < 0.2, "{column:?}");
    }
}

#[test]
fn what_was_learned_does_not_change_with_the_rows_it_is_applied_to() {
    let slices = slices(60, &[12, 6, 0]);
    let train = Panel::new(&[&slices[0]], AbcThresholds::default()).unwrap();
    let encoder = Encoder::learn(&list(&["days_since_last_order", "log_employees"]), &train.rows()).unwrap();
    let alone = Panel::new(&[&slices[1]], AbcThresholds::default()).unwrap();
    let among = Panel::new(&[&slices[1], &slices[2]], AbcThresholds::default()).unwrap();
    let rows = among.origin_rows(0);
    assert_eq!(encoder.transform(&alone.rows()).unwrap(), encoder.transform(&rows).unwrap());
}

#[test]
fn a_sample_keeps_or_leaves_an_account_in_all_slices() {
    let slices = slices(60, &[12, 6, 0]);
    let of: Vec<&Slice> = slices.iter().collect();
    let all = Panel::new(&of, AbcThresholds::default()).unwrap();
    let some = Panel::sampled(&of, AbcThresholds::default(), all.len() / 2, Seed(1)).unwrap();
    assert!(some.len() < all.len() * 2 / 3 && some.len() > all.len() / 3, "{} of {}", some.len(), all.len());
    let rows_per_account = |panel: &Panel<'_>| panel.len() as f64 / panel.accounts() as f64;
    assert!((rows_per_account(&some) / rows_per_account(&all) - 1.0).abs() < 0.1);
}

#[test]
fn no_account_is_on_both_sides_of_a_fold() {
    let slices = slices(60, &[12, 6]);
    let panel = Panel::new(&slices.iter().collect::<Vec<_>>(), AbcThresholds::default()).unwrap();
    let rows = panel.rows();
    let mut seen = 0;
    for fold in 0..3 {
        let (inside, outside) = rows.fold(fold, 3);
        let set = |accounts: Vec<u32>| accounts.into_iter().collect::<BTreeSet<u32>>();
        assert!(set(inside.account()).is_disjoint(&set(outside.account())));
        seen += inside.len();
    }
    assert_eq!(seen, rows.len());
}

#[test]
fn a_bootstrap_draws_as_many_accounts_each_with_all_its_rows() {
    let slices = slices(60, &[12, 6]);
    let panel = Panel::new(&slices.iter().collect::<Vec<_>>(), AbcThresholds::default()).unwrap();
    let rows = panel.rows();
    let drawn = rows.resample_accounts(Seed(5));
    assert_eq!(drawn.index(), rows.resample_accounts(Seed(5)).index());
    assert_ne!(drawn.index(), rows.resample_accounts(Seed(6)).index());
    let count = |accounts: &[u32], account: u32| accounts.iter().filter(|a| **a == account).count();
    let (all, drawn) = (rows.account(), drawn.account());
    for account in 0..panel.accounts() as u32 {
        assert_eq!(count(&drawn, account) % count(&all, account), 0);
    }
}

#[test]
fn trees_take_unknown_numbers_as_they_are_and_categories_as_codes() {
    let slices = slices(60, &[12, 6]);
    let panel = Panel::new(&slices.iter().collect::<Vec<_>>(), AbcThresholds::default()).unwrap();
    let list = list(&["order_gap_mean_24", "industry", "nps_score"]);
    let encoder = TreeEncoder::learn(&list, &panel.rows()).unwrap();
    assert_eq!(encoder.names(), list.features);
    let x = encoder.transform(&panel.rows()).unwrap();
    let gaps = panel.rows().number("order_gap_mean_24").unwrap();
    assert!(x.column(0).iter().zip(&gaps).all(|(x, gap)| x == gap || (x.is_nan() && gap.is_nan())));
    let industries = panel.rows().category("industry").unwrap();
    for (code, industry) in x.column(1).iter().zip(industries) {
        assert_eq!(["crafts", "industry", "trade"][*code as usize], industry.unwrap());
    }
    assert!(x.column(2).iter().all(|v| v.is_nan()), "a feature that nobody has stays unknown");
}

fn fitted(rung: &str, target: Target) -> (FittedModel, Slice) {
    let slices = slices(72, &[18, 12, 6]);
    let ladder = Ladder::default();
    let candidates = ladder.candidates(target);
    let find = |name: &str| candidates.iter().find(|candidate| candidate.name == name).unwrap();
    let context = FitContext { anchor: candidates[0].clone(), abc: AbcThresholds::default(), seed: Seed(1) };
    let model = fit(find(rung), target, &slices.iter().collect::<Vec<_>>(), &context).unwrap();
    let company = Company::new(200, 72, SIGNAL, 3);
    (model, company.slice(company.last(), Horizon::new(6).unwrap()))
}

#[test]
fn contributions_of_trees_add_up_to_the_log_odds() {
    let (model, now) = fitted("boosting", Target::Growth);
    let log_odds: Vec<f64> = model.predict(&now).unwrap().iter().map(|p| (p / (1.0 - p)).ln()).collect();
    let contributions = model.contributions(&now).unwrap().unwrap();
    let sums: Vec<f64> = contributions.values.rows().into_iter().map(|row| row.sum()).collect();
    let base = log_odds[0] - sums[0];
    assert!(log_odds.iter().zip(&sums).all(|(score, sum)| (score - sum - base).abs() < 1e-9));
    assert!(sums.iter().any(|sum| (sum - sums[0]).abs() > 0.1), "accounts differ");
}

#[test]
fn every_rung_of_expected_revenue_meets_the_total_it_was_fitted_on_and_is_stored_bit_for_bit() {
    for rung in ["elastic_net", "glm", "boosting", "tweedie_boosting", "average"] {
        let (model, now) = fitted(rung, Target::ExpectedRevenue);
        let predicted = model.predict(&now).unwrap();
        assert!(predicted.iter().all(|p| p.is_finite() && *p >= 0.0), "{rung}");
        let stored: FittedModel = serde_json::from_str(&serde_json::to_string(&model).unwrap()).unwrap();
        assert_eq!(stored.predict(&now).unwrap(), predicted, "{rung}");
        let past = slices(72, &[18, 12, 6]);
        let (mut total, mut actual) = (0.0, 0.0);
        for slice in &past {
            total += model.predict(slice).unwrap().iter().sum::<f64>();
            actual += slice.labels().unwrap().numbers("revenue").unwrap().iter().sum::<f64>();
        }
        assert!((total / actual - 1.0).abs() < 0.1, "{rung}: {total} for {actual}");
    }
}

#[test]
fn an_average_is_the_mean_of_its_members() {
    let of = |rung: &str| {
        let (model, now) = fitted(rung, Target::Growth);
        model.predict(&now).unwrap()
    };
    let (average, logistic, boosting) = (of("average_odds"), of("logistic"), of("boosting"));
    for i in 0..average.len() {
        assert!((average[i] - 0.5 * (logistic[i] + boosting[i])).abs() < 1e-12);
    }
}

#[test]
fn what_the_models_see_is_written_as_one_table_an_origin() {
    let project = Project::simulated(&company(80, 40, 5));
    let out = project.path().join("seen");
    project.run(&["features", "--horizon", "3", "--out", out.to_str().unwrap()]);
    let mut roles = BTreeSet::new();
    for file in fs::read_dir(&out).unwrap() {
        let table = ParquetReader::new(fs::File::open(file.unwrap().path()).unwrap()).finish().unwrap();
        let role = table.column("role").unwrap().str().unwrap().get(0).unwrap().to_owned();
        let labelled = table.column("outcome/revenue").is_ok();
        assert_eq!(labelled, role != "now");
        assert!(table.column("days_since_last_order").is_ok() && table.column("baseline/base_revenue").is_ok());
        roles.insert(role);
    }
    assert_eq!(roles.into_iter().collect::<Vec<_>>(), ["calibrate", "choose", "locked", "now", "train"]);
}

#[test]
fn every_model_of_money_follows_the_season_of_the_portfolio() {
    for rung in ["shrinkage", "bg_nbd", "elastic_net", "glm", "boosting", "tweedie_boosting", "average_lifetime"] {
        let (model, now) = fitted(rung, Target::ExpectedRevenue);
        let seasons = Seasons { last: 1.0, next: 1.5 };
        let baselines = now.baselines().clone().with_seasons(seasons);
        let before_high_months = Slice::new(now.features().clone(), baselines, None).unwrap();
        let total = |slice: &Slice| model.predict(slice).unwrap().iter().sum::<f64>();
        let rise = total(&before_high_months) / total(&now);
        // neither what stands for accounts without any level nor the offset of a ratio has a season
        assert!((1.4..=1.51).contains(&rise), "{rung}: {rise}");
    }
}

/// The slice with the outcome of its first account of a name multiplied.
fn with_outcome_of(slice: &Slice, account: &str, times: f64) -> Slice {
    let labels = slice.labels().unwrap();
    let ids: Vec<&str> = slice.features().accounts().iter().flatten().collect();
    let revenue: Vec<f64> = (labels.numbers("revenue").unwrap().into_iter().zip(&ids))
        .map(|(revenue, id)| if *id == account { times * (revenue + 100.0) } else { revenue })
        .collect();
    let mut frame = labels.frame().clone();
    frame.with_column(Column::new("revenue".into(), revenue)).unwrap();
    let known_by = slice.as_of().at().plus(slice.horizon().months());
    let labels = LabelFrame::new(slice.as_of(), slice.horizon(), known_by, frame).unwrap();
    Slice::new(slice.features().clone(), slice.baselines().clone(), Some(labels)).unwrap()
}

#[test]
fn what_an_account_buys_moves_its_peers_and_never_its_own_peer_level() {
    let slices = slices(60, &[18, 12]);
    let account = slices[0].features().accounts().get(7).unwrap().to_owned();
    let other: Vec<Slice> = slices.iter().map(|slice| with_outcome_of(slice, &account, 500.0)).collect();
    let at = slices[1].features().accounts().iter().position(|id| id == Some(account.as_str())).unwrap();
    for candidate in Ladder::default().candidates(Target::PeerLevel) {
        if candidate.name == "portfolio_quantile" {
            continue;
        }
        let context = FitContext { anchor: candidate.clone(), abc: AbcThresholds::default(), seed: Seed(1) };
        let level = |slices: &[Slice]| {
            let model = fit(&candidate, Target::PeerLevel, &slices.iter().collect::<Vec<_>>(), &context).unwrap();
            model.predict(&slices[1]).unwrap()
        };
        let (before, after) = (level(&slices), level(&other));
        assert_eq!(before[at], after[at], "{}", candidate.name);
        assert_ne!(before, after, "{}: nobody else moved", candidate.name);
    }
}

#[test]
fn the_size_of_the_company_tells_its_peer_level_and_its_own_history_does_not() {
    let slices = slices(60, &[18, 12]);
    let ladder = Ladder::default().candidates(Target::PeerLevel);
    let candidate = ladder.iter().find(|candidate| candidate.name == "peer_linear").unwrap();
    let context = FitContext { anchor: ladder[0].clone(), abc: AbcThresholds::default(), seed: Seed(1) };
    let model = fit(candidate, Target::PeerLevel, &slices.iter().collect::<Vec<_>>(), &context).unwrap();
    let level = model.predict(&slices[1]).unwrap();
    let employees = slices[1].features().numbers("log_employees").unwrap();
    let rank = |values: &[f64]| Order::descending(values);
    let ones = vec![1.0; level.len()];
    assert!(spearman(&rank(&level), &rank(&employees), &ones) > 0.8);
    let share_above = (slices[1].labels().unwrap().numbers("revenue").unwrap().iter())
        .zip(&level)
        .filter(|(revenue, level)| revenue > level)
        .count() as f64
        / level.len() as f64;
    assert!((0.05..=0.15).contains(&share_above), "a tenth lies above: {share_above}");
}
