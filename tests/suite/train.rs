//! Encoding and selections of rows, through the public interface and on made-up companies.

use std::collections::BTreeSet;

use headroom::{
    domain::{AbcThresholds, Horizon, Seed},
    features::Slice,
    train::{Encoder, FeatureList, Panel},
};

use crate::slices::{Company, SIGNAL};

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
