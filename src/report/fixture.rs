//! Reports for tests: a wholesaler with potential, the same without, and the corners of the page.
//!
//! All figures are made up by a fixed rule; none stands for a result.

use super::model::{
    About, Account, ApartAccount, LeftOut, Moved, Movement, NamedMover, ParetoPoint, Population, Ranged, Report, Source,
};
use crate::{
    analysis::{Assessed, Evaluation, Misses, Mover, Part},
    backtest::{
        Assessment, CalibrationBin, Coverage, Estimate, OriginPlan, Realised, RungResult, TargetReport, Verdict,
        Verdicts,
    },
    config::Language,
    domain::{
        AbcClass, AbcThresholds, Horizon, Level, Month, Notice, PotentialBand, ServiceLevel, Target,
        cumulative_classes, cumulative_shares,
    },
    features::Overdue,
    rank::{self, Basis, Cell, ClassSummary, Headline, Reason, ReasonKind, Stance},
    score::Total,
    survey::{
        AccountScore, Agreement, CustomerSurvey, Disagreement, Disagreements, Kind, Nps, Question, QuestionSummary,
        Satisfaction, Score, StaffRound, Surveys,
    },
};

/// Accounts on the page.
const SHOWN: usize = 25;

const NAMES: [&str; 12] = [
    "Bergmann Fördertechnik GmbH",
    "Nordlicht Elektro KG",
    "Atelier Dubois",
    "Hansen & Sons Ltd",
    "Kaltwasser Anlagenbau",
    "Meier Verpackungen",
    "Öresund Marine AB",
    "Stadtwerke Lindenau",
    "Tischlerei Holm",
    "Vogel Präzisionsteile GmbH & Co. KG",
    "Weststadt Logistik",
    "Zeller Maschinen",
];

fn estimate(value: f64, low: f64, high: f64) -> Estimate {
    Estimate { value, low, high }
}

fn months(from: &str, n: i32) -> Vec<Month> {
    let first: Month = from.parse().unwrap();
    (0..n).map(|i| first.plus(i)).collect()
}

fn reasons(i: usize, expected: f64, headroom: f64, growth: f64) -> Vec<Reason> {
    let headroom_reason =
        ReasonKind::Headroom { expected, used: Level::Stretch, level: expected + headroom, at_least: headroom * 0.4 };
    let mut reasons = vec![Reason { stance: Stance::For, kind: headroom_reason }];
    reasons.push(match i % 3 {
        0 => Reason {
            stance: Stance::For,
            kind: ReasonKind::Rhythm { days_since_last_order: 9.0, usual_gap_days: 14.0 },
        },
        1 => Reason { stance: Stance::For, kind: ReasonKind::Trend { last_12: expected, before_12: expected * 0.8 } },
        _ => Reason {
            stance: Stance::For,
            kind: ReasonKind::Model {
                target: Target::Growth,
                family: "assortment".into(),
                feature: "groups_12".into(),
                value: 3.0,
                typical: 5.0,
                contribution: 0.2,
            },
        },
    });
    if growth < 0.5 {
        reasons.push(Reason {
            stance: Stance::Against,
            kind: ReasonKind::Overdue {
                amount: expected * 0.05,
                invoices: Some(Overdue { invoices: 2, mean_days: 19.0 }),
            },
        });
    }
    reasons
}

/// `n` accounts of a wholesaler, the larger ones first in margin.
fn accounts(n: usize) -> Vec<Account> {
    let mut state = 7_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1_u32 << 31)
    };
    let mut accounts: Vec<Account> = (0..n)
        .map(|i| {
            let revenue = 420_000.0 / (i as f64 + 1.5).powf(0.9) * (0.6 + random());
            let expected = revenue * (0.75 + 0.5 * random());
            let headroom = expected * (0.08 + 0.5 * random() * random());
            let margin = revenue * (0.18 + 0.2 * random());
            let growth = 0.15 + 0.7 * random();
            Account {
                rank: 0,
                customer_id: format!("K-{:05}", 10_000 + i * 37),
                name: (i % 9 != 8).then(|| match i / NAMES.len() {
                    0 => NAMES[i].to_owned(),
                    k => format!("{} {}", NAMES[i % NAMES.len()], k + 1),
                }),
                revenue_last: revenue,
                margin_last: margin,
                expected_revenue: Ranged { value: expected, low: Some(expected * 0.55), high: Some(expected * 1.6) },
                expected_margin: expected * margin / revenue,
                stretch_revenue: Some(expected + headroom),
                peer_revenue: None,
                headroom_revenue: Some(Ranged {
                    value: headroom,
                    low: Some(headroom * (0.3 + 0.4 * random())),
                    high: Some(headroom * (1.2 + 0.6 * random())),
                }),
                headroom_margin: Some(headroom * margin / revenue),
                growth_probability: Some(growth),
                inactivity_probability: Some(0.5 * random() * random()),
                can_buy_more: Some(growth > 0.4),
                abc_class: AbcClass::C,
                abc_class_revenue: AbcClass::C,
                potential_band: None,
                service_level: None,
                reasons: reasons(i, expected, headroom, growth),
            }
        })
        .collect();
    let classes = |of: fn(&Account) -> f64, accounts: &[Account]| {
        cumulative_classes(&accounts.iter().map(of).collect::<Vec<_>>(), AbcThresholds::default())
    };
    let by_margin = classes(|a| a.margin_last, &accounts);
    let by_revenue = classes(|a| a.revenue_last, &accounts);
    let by_headroom = classes(|a| a.headroom_margin.unwrap_or(0.0), &accounts);
    for (i, account) in accounts.iter_mut().enumerate() {
        account.abc_class = by_margin[i];
        account.abc_class_revenue = by_revenue[i];
        account.potential_band = Some(by_headroom[i].into());
        account.service_level = Some(ServiceLevel::of(by_margin[i], by_headroom[i].into()));
    }
    accounts.sort_by(|a, b| {
        let key = |a: &Account| a.headroom_margin.unwrap_or(0.0) * a.growth_probability.unwrap_or(0.0);
        key(b).total_cmp(&key(a))
    });
    for (i, account) in accounts.iter_mut().enumerate() {
        account.rank = i + 1;
    }
    accounts
}

fn pareto(accounts: &[Account]) -> Vec<ParetoPoint> {
    let shares = cumulative_shares(&accounts.iter().map(|a| a.margin_last).collect::<Vec<_>>());
    shares.into_iter().enumerate().map(|(i, share)| ParetoPoint { accounts: i + 1, share }).collect()
}

fn total(value: f64, spread: f64) -> Total {
    Total { value, low: Some(value * (1.0 - spread)), high: Some(value * (1.0 + spread)) }
}

fn target(target: Target, skill: Option<Estimate>, claimed: bool, step: u8) -> TargetReport {
    let published = if step == 0 { "last_12_seasonal_revenue_recalibrated" } else { "elastic_net" };
    let share = matches!(target, Target::Growth | Target::Inactivity);
    let bins = (0..10).map(|i| {
        let predicted = if share { 0.05 + 0.09 * f64::from(i) } else { 90.0 * 2.6_f64.powi(i) };
        let actual = predicted * (0.9 + 0.05 * f64::from((i * 7) % 5));
        CalibrationBin { predicted, actual: if i == 0 && !share { 0.0 } else { actual }, n: 87 }
    });
    let coverage = [None, Some(AbcClass::A), Some(AbcClass::B), Some(AbcClass::C)];
    TargetReport {
        target,
        metric: if share { "log_loss" } else { "tweedie_deviance" }.into(),
        baseline: "last_12_seasonal_revenue_recalibrated".into(),
        published: published.into(),
        step,
        claimed,
        skill,
        ranking: skill.map(|skill| estimate(skill.value / 10.0, skill.low / 10.0, skill.high / 10.0)),
        rungs: [("last_12_seasonal_revenue_recalibrated", 0, 0.0), ("shrinkage", 1, 0.06), ("elastic_net", 3, 0.14)]
            .map(|(rung, step, value)| RungResult {
                rung: rung.into(),
                step,
                loss: 0.4312 * (1.0 - value),
                skill: estimate(value, value - 0.04, value + 0.05),
                outcome: if rung == published { "simplest within one standard error" } else { "worse" }.into(),
            })
            .into(),
        calibration: if target == Target::Stretch || skill.is_none() { Vec::new() } else { bins.collect() },
        coverage: if target != Target::ExpectedRevenue || skill.is_none() {
            Vec::new()
        } else {
            coverage
                .into_iter()
                .enumerate()
                .map(|(i, class)| Coverage {
                    class,
                    below: 0.06 + 0.02 * i as f64,
                    above: 0.11 + 0.015 * i as f64,
                    width: 48_000.0 / (i as f64 + 1.0),
                    interval_score: 61_000.0 / (i as f64 + 1.0),
                    baseline_interval_score: 74_000.0 / (i as f64 + 1.0),
                    n: 870 / (i + 1),
                })
                .collect()
        },
        verdict: "beats the baseline on the locked origin and on every origin before it".into(),
    }
}

fn verdict(holds: bool, figure: Option<Estimate>, evidence: &str) -> Verdict {
    Verdict { holds, figure, evidence: evidence.into() }
}

/// Both surveys, with one account on each list of disagreements.
fn surveys(ranking: &[Account]) -> Surveys {
    let nps = |value: f64, answers| Nps { answers, value, low: value - 9.0, high: value + 9.0 };
    let score = |value| Some(Score { value, standard_error: 0.6, raters: 4 });
    let summary = |question, strictness, one, several| QuestionSummary {
        question,
        answers: 412,
        mean: 6.2,
        strictness,
        reliability_of_one: Some(one),
        reliability: Some(several),
        raters: 4,
    };
    let entry = |kind, place: usize| Disagreement {
        kind,
        customer_id: ranking[place].customer_id.clone(),
        name: ranking[place].name.clone(),
        abc_class: ranking[place].abc_class,
        margin: ranking[place].headroom_margin.unwrap_or(ranking[place].expected_margin),
        potential: Some(7.4),
        suggested: Some(5.1),
        relationship: Some(4.3),
    };
    Surveys {
        customers: Some(CustomerSurvey {
            accounts: 88,
            nps: Some(nps(31.4, 121)),
            nps_by_class: AbcClass::ALL.map(|class| (class, nps(20.0, 40))).into(),
            satisfaction: Some(Satisfaction { answers: 119, value: 7.6, low: Some(7.4), high: Some(7.8) }),
        }),
        staff: Some(StaffRound {
            round: "autumn 2021".into(),
            from: "2021-09".parse().unwrap(),
            raters: 12,
            accounts: 96,
            too_few: 11,
            questions: vec![
                summary(Question::Potential, 0.9, 0.52, 0.81),
                summary(Question::Relationship, 0.7, 0.41, 0.74),
                summary(Question::Willingness, 1.1, 0.33, 0.66),
            ],
            scores: ranking[..85]
                .iter()
                .map(|account| AccountScore {
                    customer_id: account.customer_id.clone(),
                    potential: score(6.1),
                    relationship: score(7.0),
                })
                .collect(),
        }),
        running: vec!["spring 2022".into()],
        disagreements: Some(Disagreements {
            potential_shown: true,
            agreement: Some(Agreement { accounts: 85, spearman: 0.43 }),
            list: vec![entry(Kind::PoorRelationship, 1), entry(Kind::StaffAbove, 7), entry(Kind::StaffBelow, 3)],
        }),
    }
}

/// A wholesaler whose data support all three verdicts.
pub(crate) fn with_potential() -> Report {
    let ranking = accounts(140);
    let cells = AbcClass::ALL.iter().flat_map(|&class| PotentialBand::ALL.map(|band| (class, band)));
    let matrix = cells
        .map(|(class, band)| {
            let inside = || ranking.iter().filter(|a| a.abc_class == class && a.potential_band == Some(band));
            Cell {
                class,
                band,
                service_level: ServiceLevel::of(class, band),
                accounts: inside().count(),
                margin_last: inside().map(|a| a.margin_last).sum(),
                headroom_revenue: inside().filter_map(|a| a.headroom_revenue).map(|h| h.value).sum(),
                headroom_margin: inside().filter_map(|a| a.headroom_margin).sum(),
            }
        })
        .collect();
    let of_class = |class| ranking.iter().filter(move |a: &&Account| a.abc_class == class);
    let margin: f64 = ranking.iter().map(|a| a.margin_last).sum();
    let classes: Vec<ClassSummary> = AbcClass::ALL
        .map(|class| ClassSummary {
            class,
            share: of_class(class).map(|a| a.margin_last).sum::<f64>() / margin,
            accounts: of_class(class).count(),
            revenue_last: of_class(class).map(|a| a.revenue_last).sum(),
            margin_last: of_class(class).map(|a| a.margin_last).sum(),
            expected_revenue: of_class(class).map(|a| a.expected_revenue.value).sum(),
            expected_margin: of_class(class).map(|a| a.expected_margin).sum(),
        })
        .into();
    let can = || ranking.iter().filter(|a| a.can_buy_more == Some(true));
    let headroom: f64 = can().filter_map(|a| a.headroom_revenue).map(|h| h.value).sum();
    let expected: f64 = ranking.iter().map(|a| a.expected_revenue.value).sum();
    Report {
        about: About {
            company: "Rheintal Industriebedarf".into(),
            as_of: "2021-10".parse().unwrap(),
            horizon: Horizon::new(12).unwrap(),
            currency: "EUR".into(),
            language: Language::En,
            margin_is_revenue: false,
            level: Some(Level::Stretch),
            abc_a: 0.8,
            abc_b: 0.95,

            model_run: "2021-10-4f1c".into(),
            version: "0.1.0".into(),
        },
        basis: Basis::Potential { growth_counts: true },
        headline: Headline {
            accounts: 212,
            population: ranking.len(),
            new: 4,
            can_buy_more: Some(can().count()),
            expected_revenue: total(expected, 0.07),
            expected_margin: total(ranking.iter().map(|a| a.expected_margin).sum(), 0.08),
            headroom_revenue: Some(total(headroom, 0.22)),
            headroom_margin: Some(total(can().filter_map(|a| a.headroom_margin).sum(), 0.22)),
            shocks: Vec::new(),
        },
        verdicts: Verdicts {
            ranks: verdict(true, Some(estimate(0.71, 0.66, 0.75)), "Gini .71 against 0 of the portfolio mean"),
            skill: verdict(true, Some(estimate(0.14, 0.08, 0.19)), "deviance 14 % lower on the locked origin"),
            potential: verdict(
                true,
                Some(estimate(4_100.0, 900.0, 7_300.0)),
                "top decile grew more than random and the biggest",
            ),
        },
        matrix,
        classes_by_revenue: classes.clone(),
        classes,
        pareto: pareto(&ranking),
        unprofitable: 6,
        movements: [(3, AbcClass::B, AbcClass::A), (30, AbcClass::A, AbcClass::B), (41, AbcClass::C, AbcClass::B)]
            .map(|(i, from, to)| Movement {
                name: ranking[i].name.clone(),
                change: rank::Movement {
                    customer_id: ranking[i].customer_id.clone(),
                    from,
                    to,
                    margin_before: ranking[i].margin_last * 0.7,
                    margin_now: ranking[i].margin_last,
                },
            })
            .into(),
        moved: Some(moved(&ranking)),
        came_true: Some(came_true()),
        surveys: Some(surveys(&ranking)),
        apart: vec![ApartAccount {
            customer_id: "CASH".into(),
            name: Some("Counter sales".into()),
            status: "collective".into(),
            revenue_last: 81_204.4,
            margin_last: 20_118.1,
        }],
        targets: vec![
            target(Target::ExpectedRevenue, Some(estimate(0.14, 0.08, 0.19)), true, 3),
            target(Target::ExpectedMargin, Some(estimate(0.11, 0.03, 0.18)), true, 3),
            target(Target::Stretch, Some(estimate(0.05, -0.01, 0.1)), false, 3),
            target(Target::Growth, Some(estimate(0.08, 0.02, 0.13)), true, 3),
            target(Target::Inactivity, Some(estimate(0.0, 0.0, 0.0)), false, 0),
        ],
        origins: OriginPlan {
            as_of: "2021-10".parse().unwrap(),
            horizon: Horizon::new(12).unwrap(),
            first: "2016-01".parse().unwrap(),
            train: months("2017-12", 10),
            calibrate: months("2018-10", 2),
            choose: months("2019-10", 6),
            locked: Some("2020-10".parse().unwrap()),
        },
        looks: 3,
        realised: Some(Realised {
            origin: "2020-10".parse().unwrap(),
            list: 0.31,
            random: 0.17,
            growth_list: estimate(9_400.0, 3_800.0, 15_200.0),
            growth_random: -400.0,
            growth_biggest: 2_100.0,
            growth_below_mean: 3_300.0,
            n: 14,
        }),
        sources: vec![
            Source {
                table: "order_lines".into(),
                file: "data/order_lines.csv".into(),

                rows_in: 184_332,
                rows_loaded: 184_318,
                rows_quarantined: 14,
                recognised: vec!["encoding: windows-1252".into(), "delimiter: ;".into()],
            },
            Source {
                table: "customers".into(),
                file: "data/customers.csv".into(),

                rows_in: 212,
                rows_loaded: 212,
                rows_quarantined: 0,
                recognised: Vec::new(),
            },
        ],
        population: Population {
            accounts: 212,
            ranked: ranking.len(),
            left_out: [("dormant", 61), ("blocked", 7), ("insolvent", 3), ("collective", 1)]
                .map(|(reason, accounts)| LeftOut { reason: reason.into(), accounts })
                .into(),
        },
        notices: vec![
            Notice::info("encoding", "data/order_lines.csv was read as windows-1252 with semicolons"),
            Notice::warning(
                "peer-level",
                "peer level needs two informative columns; headroom is measured against stretch",
            ),
        ],
        accounts: ranking.into_iter().take(SHOWN).collect(),
    }
}

/// The same wholesaler where no potential may be shown: the output of METHOD section 7 for that case.
pub(crate) fn without_potential() -> Report {
    let mut report = with_potential();
    let why = "the interval includes zero";
    report.verdicts.skill = verdict(false, Some(estimate(0.0, 0.0, 0.0)), why);
    report.verdicts.potential = verdict(false, Some(estimate(300.0, -2_100.0, 2_600.0)), why);
    report.basis = Basis::ExpectedMargin { because: why.into() };
    report.about.level = None;
    report.matrix.clear();
    report.headline.can_buy_more = None;
    report.headline.headroom_revenue = None;
    report.headline.headroom_margin = None;
    report.targets[0] = target(Target::ExpectedRevenue, Some(estimate(0.0, 0.0, 0.0)), false, 0);
    report.accounts.sort_by(|a, b| b.expected_margin.total_cmp(&a.expected_margin));
    for (i, account) in report.accounts.iter_mut().enumerate() {
        account.rank = i + 1;
        account.headroom_revenue = None;
        account.headroom_margin = None;
        account.can_buy_more = None;
        account.potential_band = None;
        account.service_level = None;
        account.reasons.retain(|reason| !matches!(reason.kind, ReasonKind::Headroom { .. }));
    }
    report
}

/// Too little history for any test.
pub(crate) fn untested() -> Report {
    let mut report = without_potential();
    report.verdicts.ranks = verdict(false, None, "no origin has a complete label window");
    report.verdicts.skill = verdict(false, None, "no origin has a complete label window");
    report.verdicts.potential = verdict(false, None, "no origin has a complete label window");
    report.targets = Target::ALL.map(|name| target(name, None, false, 0)).into();
    report.targets.iter_mut().for_each(|target| target.rungs.clear());
    report.origins.train.clear();
    report.origins.calibrate.clear();
    report.origins.choose.clear();
    report.origins.locked = None;
    report.looks = 0;
    report.realised = None;
    report.moved = None;
    report.came_true = None;
    report.surveys = None;
    report.movements.clear();
    for account in &mut report.accounts {
        account.growth_probability = None;
        account.expected_revenue.low = None;
        account.expected_revenue.high = None;
    }
    report.headline.expected_revenue.low = None;
    report.headline.expected_revenue.high = None;
    report
}

/// Nobody to rank.
pub(crate) fn empty() -> Report {
    let mut report = untested();
    report.accounts.clear();
    report.pareto.clear();
    report.apart.clear();
    report.sources.clear();
    report.notices.clear();
    report.population = Population { accounts: 0, ranked: 0, left_out: Vec::new() };
    report.headline.population = 0;
    report.headline.expected_margin = Total { value: 0.0, low: None, high: None };
    report.headline.expected_revenue = Total { value: 0.0, low: None, high: None };
    for class in &mut report.classes {
        *class = ClassSummary {
            class: class.class,
            accounts: 0,
            revenue_last: 0.0,
            margin_last: 0.0,
            share: 0.0,
            expected_revenue: 0.0,
            expected_margin: 0.0,
        };
    }
    report
}

/// One account that only returned goods, with a name that tries to break out of the page.
pub(crate) fn hostile() -> Report {
    let mut report = without_potential();
    report.about.company = "\"><script>alert('company')</script>".into();
    report.about.currency = "CHF".into();
    report.accounts.truncate(1);
    report.pareto.clear();
    let account = &mut report.accounts[0];
    account.name = Some(format!("</td><script>alert(\"name\")</script> {{{{ 7*7 }}}} {}", "very long ".repeat(30)));
    account.customer_id = "a\"b'c<d>&e".into();
    account.revenue_last = -4.2e11;
    account.margin_last = -1.3e11;
    account.expected_revenue = Ranged { value: -2.0e11, low: Some(-3.0e11), high: Some(0.0) };
    account.expected_margin = -1.0e11;
    report.headline.population = 1;
    report.headline.expected_revenue = Total { value: -2.0e11, low: None, high: None };
    report.classes[0].accounts = 0;
    report.classes[1].accounts = 0;
    report.classes[2].accounts = 1;
    report.population.ranked = 1;
    report.sources[0].file = "data/<img src=x onerror=alert(1)>.csv".into();
    report.notices.push(Notice::warning("test", "a notice with <b>markup</b> & an ampersand"));
    report.targets[0].rungs[0].outcome = "<i>worse</i>".into();
    report
}

/// `report` in another language.
pub(crate) fn in_language(mut report: Report, language: Language) -> Report {
    report.about.language = language;
    report
}

fn moved(ranking: &[Account]) -> Moved {
    let movers = [(5, 800.0), (0, -650.0), (2, 90.0)].map(|(i, by)| {
        let after = ranking[i].expected_revenue.value;
        NamedMover {
            name: ranking[i].name.clone(),
            mover: Mover {
                customer_id: ranking[i].customer_id.clone(),
                part: Part { before: after - by, data: 0.1 * by, behaviour: 0.7 * by, model: 0.2 * by, after },
            },
        }
    });
    let total = Part { before: 900_000.0, data: 1_200.0, behaviour: -9_000.0, model: 300.0, after: 892_500.0 };
    Moved { total, has_old_models: true, movers: movers.into() }
}

fn came_true() -> Evaluation {
    let assessment = Assessment {
        target: Target::ExpectedRevenue,
        n: 133,
        skill: estimate(0.09, 0.01, 0.16),
        measures: Vec::new(),
        calibration: Vec::new(),
    };
    Evaluation {
        as_of: "2020-10".parse().unwrap(),
        horizon: Horizon::new(12).unwrap(),
        accounts: 133,
        unknown: 2,
        said: 1_000_000.0,
        came: 1_040_000.0,
        figures: vec![Assessed { assessment, baseline: "last_12_seasonal_revenue".into() }],
        misses: vec![Misses { class: None, below: 0.08, above: 0.13, n: 133 }],
        listed: 31,
        by_potential: true,
        gain_listed: Some(9_000.0),
        gain_all: Some(-300.0),
        realised: Some(0.28),
    }
}
