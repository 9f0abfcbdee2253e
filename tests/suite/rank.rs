//! The list people act on: its order, its classes, and what it may not say.

use std::collections::BTreeMap;

use headroom::{
    backtest::FirstPurchase,
    domain::{AbcClass, AbcThresholds, Seed},
    rank::{Basis, Evidence, RankError, RankInput, Ranking, RankingParts, ReasonKind, Stance, rank},
    score::{Account, Shock, Standing, whitespace},
};
use polars::prelude::*;
use proptest::prelude::*;

use crate::synthetic::{Sketch, accounts_of, evidence, ids, month, scores_of, slice_of};

fn ranked(sketches: &[Sketch], evidence: &Evidence) -> Ranking {
    rank(&RankInput {
        scores: &scores_of(sketches),
        slice: &slice_of(sketches),
        before: [None, None],
        whitespace: None,
        overdue: &BTreeMap::new(),
        evidence,
        thresholds: AbcThresholds::default(),
        seed: Seed(1),
    })
    .unwrap()
}

/// A column over the population, in order of id.
fn texts(ranking: &Ranking, name: &str) -> Vec<Option<String>> {
    let table = ranking.table();
    let scored = table.filter(table.column("population").unwrap().bool().unwrap()).unwrap();
    let column = scored.column(name).unwrap().cast(&DataType::String).unwrap();
    column.str().unwrap().iter().map(|text| text.map(str::to_owned)).collect()
}

fn ranks(ranking: &Ranking) -> Vec<u32> {
    texts(ranking, "rank").into_iter().map(|rank| rank.unwrap().parse().unwrap()).collect()
}

#[test]
fn scores_have_the_columns_of_the_method_in_order_and_type() {
    let ranking = ranked(&[Sketch::of(100.0)], &evidence(true, true));
    let columns: Vec<String> =
        ranking.table().columns().iter().map(|c| format!("{}: {}", c.name(), c.dtype())).collect();
    insta::assert_snapshot!(columns.join("\n"), @"
    customer_id: str
    as_of: date
    horizon_months: i32
    population: bool
    revenue_last: f64
    margin_last: f64
    expected_revenue: f64
    expected_revenue_low: f64
    expected_revenue_high: f64
    expected_margin: f64
    stretch_revenue: f64
    peer_revenue: f64
    level_used: str
    headroom_revenue: f64
    headroom_low: f64
    headroom_high: f64
    headroom_margin: f64
    growth_probability: f64
    inactivity_probability: f64
    can_buy_more: bool
    abc_class: str
    abc_class_revenue: str
    potential_band: str
    service_level: str
    rank: u32
    model_run: str
    ");
}

#[test]
fn the_rank_follows_headroom_in_margin_times_growth_then_margin_then_id() {
    let mut sketches = vec![Sketch::of(100.0); 5];
    sketches[1].growth = 0.9;
    sketches[2].stretch = 100.0;
    sketches[3].stretch = 100.0;
    sketches[3].margin = 41.0;
    assert_eq!(ranks(&ranked(&sketches, &evidence(true, true))), [2, 1, 5, 4, 3]);
}

#[test]
fn without_the_third_verdict_the_list_follows_expected_margin_and_says_why() {
    let sketches = [Sketch::of(100.0), Sketch { stretch: 900.0, ..Sketch::of(50.0) }, Sketch::of(200.0)];
    let ranking = ranked(&sketches, &evidence(false, true));
    assert_eq!(ranks(&ranking), [2, 3, 1]);
    for column in ["potential_band", "service_level", "can_buy_more"] {
        assert_eq!(ranking.table().column(column).unwrap().null_count(), ranking.table().height(), "{column}");
    }
    let parts = ranking.parts();
    assert_eq!(
        parts.basis.sentence(),
        "ranked by expected margin; potential not shown, because the list by headroom grew less than the biggest accounts"
    );
    assert!(
        parts.matrix.is_none() && parts.headline.can_buy_more.is_none() && parts.headline.headroom_revenue.is_none()
    );
    assert!(parts.notices.iter().any(|notice| notice.code == "potential-not-shown"));
    assert!(
        parts
            .reasons
            .iter()
            .flat_map(|account| &account.reasons)
            .all(|reason| { !matches!(reason.kind, headroom::rank::ReasonKind::Headroom { .. }) })
    );
}

#[test]
fn who_can_buy_more_needs_headroom_beyond_d_and_growth_above_its_base_rate() {
    // refits put a good year at 135 to 165, its 10th percentile at 138: at least 38 of headroom against d = 15
    let enough = Sketch { growth: 0.31, ..Sketch::of(100.0) };
    let slow = Sketch { growth: 0.30, ..enough.clone() };
    let uncertain = Sketch { stretch: 124.0, growth: 0.9, ..enough.clone() };
    let sketches = [enough, slow, uncertain];
    let can = |growth_has_skill| texts(&ranked(&sketches, &evidence(true, growth_has_skill)), "can_buy_more");
    let flags = |flags: [bool; 3]| flags.map(|flag| Some(flag.to_string()));
    assert_eq!(can(true), flags([true, false, false]));
    assert_eq!(can(false), flags([true, true, false]));
    let ranking = ranked(&sketches, &evidence(true, false));
    assert!(ranking.parts().notices.iter().any(|notice| notice.code == "growth-without-skill"));
    assert_eq!(ranking.parts().headline.can_buy_more, Some(2));
}

#[test]
fn first_purchases_beyond_d_stand_in_for_growth_and_are_given_as_a_reason() {
    let slow = Sketch { growth: 0.1, ..Sketch::of(100.0) };
    let sketches = [slow.clone(), slow];
    let (slice, scores) = (slice_of(&sketches), scores_of(&sketches));
    let purchase = |account, spend| FirstPurchase { account, group: 0, probability: 0.2, spend, peers: Some(8) };
    // d is 15: expected first purchases of 20 are beyond it, those of 10 are not
    let found = [purchase(0, 100.0), purchase(1, 50.0)];
    let money = whitespace(&found, None, &["glue".to_owned()], &slice, &scores).unwrap();
    let ranking = rank(&RankInput {
        scores: &scores,
        slice: &slice,
        before: [None, None],
        whitespace: Some(&money),
        overdue: &BTreeMap::new(),
        evidence: &evidence(true, true),
        thresholds: AbcThresholds::default(),
        seed: Seed(1),
    })
    .unwrap();
    assert_eq!(texts(&ranking, "can_buy_more"), [Some("true".into()), Some("false".into())]);
    assert!(ranking.parts().reasons[0].reasons.iter().any(|reason| matches!(
        &reason.kind,
        ReasonKind::FirstPurchase { product_group, peers: 8, of: 20, .. } if product_group == "glue"
    )));
    assert_eq!(ranking.parts().whitespace.as_ref().unwrap().height(), 2);
}

#[test]
fn an_overdue_a_account_pays_first_and_an_overdue_c_account_does_not() {
    let mut sketches = vec![Sketch::of(1000.0), Sketch::of(10.0), Sketch::of(10.0)];
    sketches[0].overdue = Some(1.0);
    sketches[1].overdue = Some(1.0);
    let ranking = ranked(&sketches, &evidence(true, true));
    let levels: Vec<String> = texts(&ranking, "service_level").into_iter().flatten().collect();
    assert_eq!(levels[0], "secure_payment_first");
    assert_ne!(levels[1], "secure_payment_first");
    let reasons = &ranking.parts().reasons[0].reasons;
    assert!(reasons.iter().any(|r| r.stance == Stance::Against), "{reasons:?}");
    sketches[0].overdue = Some(0.0);
    let ranking = ranked(&sketches, &evidence(true, true));
    assert_eq!(texts(&ranking, "service_level")[0].as_deref(), Some("develop"));
    assert!(ranking.parts().reasons[0].reasons.iter().all(|r| r.stance == Stance::For));
}

#[test]
fn a_late_payer_has_less_headroom_than_the_same_account_that_pays() {
    let sketches = [
        Sketch { overdue: Some(0.0), ..Sketch::of(100.0) },
        Sketch { overdue: Some(60.0), ..Sketch::of(100.0) },
        Sketch { overdue: Some(0.0), ..Sketch::of(100.0) },
    ];
    let headroom = scores_of(&sketches).numbers("headroom_revenue");
    let of = |i: usize| headroom[i + 2].unwrap();
    // the portfolio loses 20 %; halfway to it, 10 % for who pays and 40 % for who does not
    assert!((of(0) - 45.0).abs() < 1e-9 && (of(1) - 30.0).abs() < 1e-9 && of(2) == of(0), "{headroom:?}");
}

#[test]
fn accounts_that_are_no_customers_are_listed_apart_and_never_ranked() {
    let ranking = ranked(&[Sketch::of(100.0)], &evidence(true, true));
    let parts = ranking.parts();
    let apart: Vec<(&str, Standing)> = parts.apart.iter().map(|a| (a.customer_id.as_str(), a.standing)).collect();
    assert_eq!(apart, [("A cash", Standing::Collective), ("Z own shop", Standing::Internal)]);
    assert_eq!((parts.headline.accounts, parts.headline.population), (4, 1));
    let table = ranking.table();
    for name in ["revenue_last", "expected_revenue", "abc_class", "rank", "headroom_low", "can_buy_more"] {
        assert_eq!(table.column(name).unwrap().null_count(), 3, "{name}");
    }
    assert_eq!(table.column("customer_id").unwrap().null_count(), 0);
}

#[test]
fn without_margin_or_with_a_negative_one_an_account_is_c_flagged_and_without_headroom_in_margin() {
    let mut sketches = vec![Sketch::of(100.0), Sketch::of(100.0), Sketch::of(100.0)];
    sketches[1].margin = -40.0;
    sketches[2].margin = 0.0;
    let ranking = ranked(&sketches, &evidence(true, true));
    assert_eq!(ranking.parts().unprofitable, ["K001", "K002"]);
    let letters: Vec<String> = texts(&ranking, "abc_class").into_iter().flatten().collect();
    assert_eq!(letters, ["A", "C", "C"]);
    assert_eq!(texts(&ranking, "headroom_margin")[1].as_deref(), Some("0.0"));
}

#[test]
fn one_account_all_negative_all_equal_and_nobody_at_all_are_ranked_too() {
    for potential in [true, false] {
        let of = |sketches: &[Sketch]| ranked(sketches, &evidence(potential, true));
        assert_eq!(ranks(&of(&[Sketch::of(100.0)])), [1]);
        let equal = of(&vec![Sketch::of(100.0); 4]);
        assert_eq!(ranks(&equal), [1, 2, 3, 4]);
        let negative = Sketch { margin: -5.0, revenue: -10.0, expected: 0.0, stretch: 0.0, ..Sketch::of(0.0) };
        let ranking = of(&vec![negative; 3]);
        assert_eq!(ranks(&ranking), [1, 2, 3]);
        assert_eq!(texts(&ranking, "abc_class"), vec![Some("C".to_owned()); 3]);
        assert!(ranking.parts().abc.iter().all(|class| class.share == 0.0));
        // nothing was sold, so there is no margin rate, and headroom in margin cannot be had
        assert!(!ranking.parts().basis.shows_potential());
        let nobody = of(&[]);
        assert_eq!((nobody.table().height(), ranks(&nobody).len()), (3, 0));
        assert_eq!(nobody.parts().headline.population, 0);
    }
}

#[test]
fn totals_have_an_interval_from_past_origins_and_none_without() {
    let sketches = vec![Sketch::of(100.0); 200];
    let mut evidence = evidence(true, true);
    assert_eq!(ranked(&sketches, &evidence).parts().headline.expected_revenue.low, None);
    let shock = |origin: &str, ratio| Shock { origin: month(origin), ratio };
    evidence.shocks = vec![shock("2018-10", 0.9), shock("2019-10", 1.0), shock("2020-10", 1.1)];
    let headline = ranked(&sketches, &evidence).parts().headline.clone();
    let close = |found: Option<f64>, expected: f64| (found.unwrap() - expected).abs() < 1e-6 * expected;
    let expected = headline.expected_revenue;
    assert!(close(Some(expected.value), 20_000.0) && close(expected.low, 18_000.0) && close(expected.high, 22_000.0));
    // refits move all accounts together: 35 to 65 of headroom each, times the shock, and no sum of bounds
    let headroom = headline.headroom_revenue.unwrap();
    assert!(close(Some(headroom.value), 10_000.0), "{headroom:?}");
    assert!(headroom.low.unwrap() < 8_500.0 && headroom.high.unwrap() > 11_500.0, "{headroom:?}");
}

#[test]
fn a_movement_is_reported_from_the_classes_of_three_months() {
    let sketches = [Sketch::of(900.0), Sketch::of(100.0)];
    let at = |margins: [f64; 2]| -> Vec<Account> {
        let mut accounts = accounts_of(&sketches);
        for (account, margin) in accounts.iter_mut().filter(|a| a.standing == Standing::Active).zip(margins) {
            account.margin_last = margin;
        }
        accounts
    };
    let (last, earlier) = (at([360.0, 40.0]), at([40.0, 360.0]));
    let ranking = rank(&RankInput {
        scores: &scores_of(&sketches),
        slice: &slice_of(&sketches),
        before: [Some(&last), Some(&earlier)],
        whitespace: None,
        overdue: &BTreeMap::new(),
        evidence: &evidence(true, true),
        thresholds: AbcThresholds::default(),
        seed: Seed(1),
    })
    .unwrap();
    let moved: Vec<_> = ranking.parts().movements.iter().map(|m| (m.customer_id.as_str(), m.from, m.to)).collect();
    assert_eq!(moved, [("K000", AbcClass::B, AbcClass::A), ("K001", AbcClass::A, AbcClass::B)]);
}

#[test]
fn a_ranking_that_says_more_than_it_may_is_refused() {
    let parts = ranked(&[Sketch::of(100.0), Sketch::of(200.0)], &evidence(true, true)).parts().clone();
    let with = |change: &dyn Fn(&mut RankingParts)| {
        let mut parts = parts.clone();
        change(&mut parts);
        Ranking::new(parts).unwrap_err()
    };
    let because = || Basis::ExpectedMargin { because: "of nothing".into() };
    assert!(matches!(with(&|p| p.basis = because()), RankError::Potential { .. }));
    assert!(matches!(with(&|p| p.matrix = None), RankError::Potential { .. }));
    assert!(matches!(with(&|p| p.abc[0].share += 0.1), RankError::Shares { what: "margin", .. }));
    let ranks = |ranks: [Option<u32>; 5]| {
        move |p: &mut RankingParts| {
            p.table.with_column(Column::new("rank".into(), ranks)).unwrap();
        }
    };
    assert!(matches!(with(&ranks([None, None, Some(1), Some(1), None])), RankError::Rank { .. }));
    assert!(matches!(with(&ranks([None, None, Some(1), Some(3), None])), RankError::Rank { .. }));
    assert!(matches!(with(&ranks([None, Some(1), Some(2), None, None])), RankError::Rank { .. }));
    assert!(matches!(with(&ranks([None, None, Some(1), Some(2), None])), RankError::Order { .. }));
    let equal = |p: &mut RankingParts| {
        for name in ["headroom_margin", "growth_probability", "margin_last", "revenue_last"] {
            p.table.with_column(Column::new(name.into(), vec![None, None, Some(0.5), Some(0.5), None])).unwrap();
        }
        p.table.with_column(Column::new("customer_id".into(), ["A", "B", "K", "K", "Z"])).unwrap();
    };
    assert!(matches!(with(&equal), RankError::Order { why: "nothing decides their order", .. }));
}

#[test]
fn scores_of_another_population_are_refused() {
    let (one, two) = ([Sketch::of(1.0)], [Sketch::of(1.0), Sketch::of(2.0)]);
    let refused = rank(&RankInput {
        scores: &scores_of(&one),
        slice: &slice_of(&two),
        before: [None, None],
        whitespace: None,
        overdue: &BTreeMap::new(),
        evidence: &evidence(true, true),
        thresholds: AbcThresholds::default(),
        seed: Seed(1),
    });
    assert!(matches!(refused, Err(RankError::Misaligned { scores: 1, slice: 2, .. })));
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let amount = prop_oneof![Just(0.0), Just(100.0), -1e3..1e5f64];
    (amount.clone(), amount, 0.0..1e5f64, 0.0..2e5f64, 0.0..=1.0f64, proptest::option::of(0.0..1e4f64)).prop_map(
        |(margin, revenue, expected, stretch, growth, overdue)| Sketch {
            margin,
            revenue,
            expected,
            stretch,
            growth,
            overdue,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_company_has_a_strict_order_monotone_classes_and_totals_that_add_up(
        sketches in proptest::collection::vec(sketch(), 0..25),
        potential: bool,
        skill: bool,
    ) {
        let evidence = evidence(potential, skill);
        let ranking = ranked(&sketches, &evidence);
        let places = ranks(&ranking);
        let mut sorted = places.clone();
        sorted.sort_unstable();
        prop_assert!(sorted.into_iter().eq(1..=sketches.len() as u32));

        // slow, obvious oracle: an account is preceded by exactly those that beat it
        let scores = scores_of(&sketches);
        let by_potential = ranking.parts().basis.shows_potential();
        let column = |name: &str| scores.numbers(name)[2..2 + sketches.len()].to_vec();
        let (headroom, growth) = (column("headroom_margin"), column("growth_probability"));
        let names = ids(sketches.len());
        let key = |i: usize| if by_potential { headroom[i].unwrap() * growth[i].unwrap() } else { sketches[i].margin };
        for i in 0..sketches.len() {
            let better = (0..sketches.len()).filter(|&j| {
                key(j) > key(i) || key(j) == key(i) && (sketches[j].margin > sketches[i].margin
                    || sketches[j].margin == sketches[i].margin && names[j] < names[i])
            });
            prop_assert_eq!(places[i] as usize, 1 + better.count());
        }

        let classes = texts(&ranking, "abc_class");
        for i in 0..sketches.len() {
            for j in 0..sketches.len() {
                if sketches[i].margin > sketches[j].margin {
                    prop_assert!(classes[i] <= classes[j], "more margin, worse class");
                }
            }
            if sketches[i].margin <= 0.0 {
                prop_assert_eq!(classes[i].as_deref(), Some("C"));
            }
        }

        let parts = ranking.parts();
        prop_assert_eq!(parts.abc.iter().map(|class| class.accounts).sum::<usize>(), sketches.len());
        if let Some(matrix) = &parts.matrix {
            prop_assert_eq!(matrix.iter().map(|cell| cell.accounts).sum::<usize>(), sketches.len());
            let total: f64 = headroom.iter().flatten().sum();
            let cells: f64 = matrix.iter().map(|cell| cell.headroom_margin).sum();
            prop_assert!((total - cells).abs() <= 1e-9 * total.max(1.0));
        }
        for account in &parts.reasons {
            let count = |stance| account.reasons.iter().filter(|r| r.stance == stance).count();
            prop_assert!(count(Stance::For) <= 3 && count(Stance::Against) <= 2);
        }
    }
}
