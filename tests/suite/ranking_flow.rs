//! From slices through backtest, registry, score and rank: the chain that a run follows after the features.

use std::collections::BTreeMap;

use headroom::{
    backtest::{Backtest, OriginPlan, Setting, Trained, run},
    domain::{AbcThresholds, Level, Month, Seed},
    features::{Slice, catalogue::schema_hash},
    rank::{Basis, Evidence, RankInput, Ranking, rank},
    registry::{Act, Registry, run_id},
    score::{Account, Forecast, Population, ScoreFrame, Standing, score},
    train::Ladder,
};
use polars::prelude::{DataType, NamedFrom, Series};
use rand::Rng;

use crate::synthetic::{Value, horizon, ids, month, slice};

const ACCOUNTS: usize = 240;
const MONTHS: usize = 84;

/// Monthly revenue per account from 2014-01 on, and what the firm is like.
struct History {
    revenue: Vec<Vec<f64>>,
    employees: Vec<f64>,
}

impl History {
    /// Accounts that order in one month of two. With a signal, size lasts and who buys little for its number of
    /// employees grows towards it; without, every month of every account is drawn from the same distribution.
    fn draw(signal: bool, seed: u64) -> Self {
        let mut rng = Seed(seed).rng();
        let (mut revenue, mut employees) = (Vec::new(), Vec::new());
        for _ in 0..ACCOUNTS {
            let size: f64 = rng.random_range(-1.5..1.5);
            let start: f64 = size + rng.random_range(-1.5..0.5);
            employees.push((20.0 * size.exp()).round().max(1.0));
            revenue.push(
                (0..MONTHS)
                    .map(|m| {
                        let level = start + (size - start) * m as f64 / MONTHS as f64;
                        let mean = if signal { 1000.0 * level.exp() } else { 1000.0 };
                        let buys = rng.random_bool(0.5);
                        let value = mean * rng.random_range(0.2..1.8);
                        if buys { value.round() } else { 0.0 }
                    })
                    .collect(),
            );
        }
        Self { revenue, employees }
    }

    fn first() -> Month {
        month("2014-01")
    }

    fn as_of() -> Month {
        Self::first().plus(MONTHS as i32 - 1)
    }

    /// Revenue from `from` months before the end of `at` to `to` months before it.
    fn sum(&self, account: usize, at: Month, from: usize, to: usize) -> f64 {
        let end = at.since(Self::first()) as usize + 1;
        self.revenue[account][end.saturating_sub(from)..end - to].iter().sum()
    }

    fn base(&self, account: usize, at: Month) -> f64 {
        0.5 * self.sum(account, at, 12, 0) + 0.25 * self.sum(account, at, 24, 0)
    }

    fn slice(&self, at: Month) -> Slice {
        let years = (at.since(Self::first()) + 1).min(24) as f64 / 12.0;
        let mean_base = (0..ACCOUNTS).map(|i| self.base(i, at)).sum::<f64>() / ACCOUNTS as f64;
        let threshold = 0.01 * mean_base;
        let portfolio = (0..ACCOUNTS).map(|i| self.sum(i, at, 12, 0)).sum::<f64>() / ACCOUNTS as f64;
        let number = |name: &str, i: usize| match name {
            "revenue_12" => Some(self.sum(i, at, 12, 0)),
            "revenue_24" => Some(self.sum(i, at, 24, 0)),
            "margin_12" => Some(0.4 * self.sum(i, at, 12, 0)),
            "margin_24" => Some(0.4 * self.sum(i, at, 24, 0)),
            "log_employees" => Some(self.employees[i].ln()),
            "months_since_first_order" => Some(f64::from(at.since(Self::first()))),
            _ => None,
        };
        let baseline = |name: &str, i: usize| {
            let revenue = match name.trim_end_matches("_revenue").trim_end_matches("_margin") {
                "portfolio_mean" => portfolio,
                "mean_24_scaled" => self.sum(i, at, 24, 0) / years,
                "base" => return self.base(i, at),
                "is_new" => return 0.0,
                _ => self.sum(i, at, 12, 0),
            };
            if name.ends_with("_margin") { 0.4 * revenue } else { revenue }
        };
        let end = at.plus(12);
        let label = |name: &str, i: usize| {
            let revenue = self.sum(i, end, 12, 0);
            let grew = revenue > self.base(i, at) + threshold.max(0.15 * self.base(i, at));
            match name {
                "revenue" => revenue,
                "margin" => 0.4 * revenue,
                "grew" => f64::from(u8::from(grew)),
                _ => f64::from(u8::from(revenue == 0.0)),
            }
        };
        let closed = end <= Self::as_of();
        let label: Option<Value<'_>> = if closed { Some(&label) } else { None };
        slice(at, threshold, &ids(ACCOUNTS), &number, &baseline, label)
    }

    fn accounts(&self, at: Month) -> Vec<Account> {
        let all = ids(ACCOUNTS).into_iter().enumerate().map(|(i, id)| {
            let revenue_last = self.sum(i, at, 12, 0);
            Account { id, standing: Standing::Active, revenue_last, margin_last: 0.4 * revenue_last }
        });
        all.collect()
    }
}

struct Outcome {
    backtest: Backtest,
    scores: ScoreFrame,
    ranking: Ranking,
}

/// Backtests, stores, loads, scores and ranks, as the pipeline does.
fn flow(history: &History, models: &std::path::Path) -> Outcome {
    let plan = OriginPlan::new(History::first(), History::as_of(), horizon());
    let panel: Vec<Slice> = plan.origins().into_iter().map(|origin| history.slice(origin)).collect();
    let ladder = Ladder::default();
    let abc = AbcThresholds::default();
    let setting = Setting { plan: &plan, ladder: &ladder, abc, seed: Seed(1), looks: 1, staff: None };
    let backtest = run(&panel, &setting).unwrap();

    let registry = Registry::open(models);
    for card in registry.register(&backtest).unwrap() {
        registry.crown(&card, Act::First, plan.as_of, "first").unwrap();
    }
    let champions: Vec<_> = (backtest.champions.iter())
        .map(|trained| registry.champion::<Trained>(trained.target, horizon(), &schema_hash()).unwrap())
        .collect();
    let model_run = run_id(champions.iter().map(|champion| champion.card().id.as_str()));
    let loaded: Vec<Trained> = champions.into_iter().map(|champion| champion.into_parts().1).collect();
    assert_eq!(loaded, backtest.champions, "a model read back is the model that was stored");

    let now = history.slice(History::as_of());
    let accounts = history.accounts(History::as_of());
    let level = backtest.report.level.as_ref().unwrap().used;
    let forecast = Forecast::of(&loaded, &now, level).unwrap();
    let scores = score(&Population::of(&now).unwrap(), &accounts, &forecast, &model_run).unwrap();
    let before = [1, 2].map(|ago| history.accounts(History::as_of().plus(-ago)));
    let ranking = rank(&RankInput {
        scores: &scores,
        slice: &now,
        before: [Some(&before[0]), Some(&before[1])],
        whitespace: None,
        overdue: &BTreeMap::new(),
        evidence: &Evidence::of(&backtest.report, &loaded, &now).unwrap(),
        thresholds: abc,
        seed: Seed(1),
    })
    .unwrap();
    Outcome { backtest, scores, ranking }
}

#[test]
fn accounts_that_last_are_ranked_with_every_figure_and_the_same_on_one_and_two_threads() {
    let history = History::draw(true, 7);
    let on = |threads: usize| {
        let home = tempfile::tempdir().unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| flow(&history, home.path()))
    };
    let one = on(1);
    assert!(one.backtest.report.verdicts.ranks.holds, "{:?}", one.backtest.report.verdicts);
    let table = one.ranking.table();
    assert_eq!(table.height(), ACCOUNTS);
    for name in ["expected_revenue", "expected_revenue_low", "stretch_revenue", "headroom_low", "growth_probability"] {
        assert_eq!(table.column(name).unwrap().null_count(), 0, "{name}");
    }
    // the list begins with accounts that can buy far more than an average one
    assert!(one.ranking.parts().basis.shows_potential(), "{}", one.ranking.parts().basis.sentence());
    let list = one.ranking.list().unwrap();
    let headroom = list.column("headroom_margin").unwrap().f64().unwrap().clone();
    let mean = |from: usize, n: usize| headroom.iter().flatten().skip(from).take(n).sum::<f64>() / n as f64;
    assert!(mean(0, 24) > 2.0 * mean(0, ACCOUNTS), "{} {}", mean(0, 24), mean(0, ACCOUNTS));
    let headline = &one.ranking.parts().headline;
    assert!(headline.expected_revenue.low.is_some() && !headline.shocks.is_empty());

    let two = on(2);
    assert!(two.ranking.table().equals_missing(table));
    assert_eq!(
        serde_json::to_string(two.ranking.parts()).unwrap(),
        serde_json::to_string(one.ranking.parts()).unwrap()
    );
    assert!(two.scores.frame().equals_missing(one.scores.frame()));
}

#[test]
fn pure_noise_gets_no_potential_and_the_list_says_why() {
    for seed in [1, 2] {
        let home = tempfile::tempdir().unwrap();
        let Outcome { backtest, ranking, .. } = flow(&History::draw(false, seed), home.path());
        let verdicts = &backtest.report.verdicts;
        assert!(!verdicts.ranks.holds && !verdicts.skill.holds && !verdicts.potential.holds, "{verdicts:?}");
        let Basis::ExpectedMargin { because } = &ranking.parts().basis else { panic!("potential is shown") };
        assert_eq!(because, &verdicts.potential.evidence);
        assert!(
            ranking.parts().basis.sentence().starts_with("ranked by expected margin; potential not shown, because")
        );
        let unknown = ranking.table().column("can_buy_more").unwrap().null_count();
        assert_eq!(unknown, ACCOUNTS);
    }
}

#[test]
fn a_reason_changes_when_the_fact_behind_it_changes() {
    let history = History::draw(true, 7);
    let home = tempfile::tempdir().unwrap();
    let outcome = flow(&history, home.path());
    let now = history.slice(History::as_of());
    let reasons = |overdue: f64| {
        let mut frame = now.features().frame().clone();
        let values: Vec<Option<f64>> = (0..ACCOUNTS).map(|i| (i == 5).then_some(overdue)).collect();
        frame.with_column(Series::new("overdue_amount".into(), values).into()).unwrap();
        frame.with_column(Series::new("payment_known".into(), vec![1.0; ACCOUNTS]).into()).unwrap();
        assert_eq!(frame.column("overdue_amount").unwrap().dtype(), &DataType::Float64);
        let features = headroom::features::FeatureFrame::new(now.as_of(), frame).unwrap();
        let changed = Slice::new(features, now.baselines().clone(), None).unwrap();
        let accounts = history.accounts(History::as_of());
        let forecast = Forecast::of(&outcome.backtest.champions, &changed, Level::Stretch).unwrap();
        let scores = score(&Population::of(&changed).unwrap(), &accounts, &forecast, "run").unwrap();
        let evidence = Evidence::of(&outcome.backtest.report, &outcome.backtest.champions, &changed).unwrap();
        let ranking = rank(&RankInput {
            scores: &scores,
            slice: &changed,
            before: [None, None],
            whitespace: None,
            overdue: &BTreeMap::new(),
            evidence: &evidence,
            thresholds: AbcThresholds::default(),
            seed: Seed(1),
        })
        .unwrap();
        serde_json::to_string(&ranking.parts().reasons[5]).unwrap()
    };
    let (paid, owing, more) = (reasons(0.0), reasons(500.0), reasons(900.0));
    assert!(!paid.contains("\"overdue\""), "{paid}");
    assert!(owing.contains("\"kind\":\"overdue\",\"amount\":500.0"), "{owing}");
    assert!(more.contains("\"amount\":900.0"), "{more}");
}
