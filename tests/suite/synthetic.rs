//! Slices, scores and evidence made by hand, for the stages that begin after the features.

use headroom::{
    backtest::Verdict,
    domain::{AsOf, Horizon, Level, Month},
    features::{
        ACCOUNT_ID, BASELINE_COLUMNS, BaselineFrame, FeatureFrame, LABEL_COLUMNS, LabelFrame, Slice, catalogue,
    },
    rank::Evidence,
    score::{Account, Forecast, Population, Refit, ScoreFrame, Standing, score},
};
use polars::prelude::*;

pub fn month(text: &str) -> Month {
    text.parse().unwrap()
}

pub fn horizon() -> Horizon {
    Horizon::new(12).unwrap()
}

/// A figure by column and row.
pub type Value<'a> = &'a dyn Fn(&str, usize) -> f64;

/// A slice whose figures are given by name and row; what `number` does not know is unknown, categories are unknown.
pub fn slice(
    at: Month,
    threshold: f64,
    ids: &[String],
    number: &dyn Fn(&str, usize) -> Option<f64>,
    baseline: Value<'_>,
    label: Option<Value<'_>>,
) -> Slice {
    let n = ids.len();
    let key = || Column::new(ACCOUNT_ID.into(), ids);
    let features = std::iter::once(key()).chain(catalogue::features().iter().map(|feature| match feature.kind {
        catalogue::Kind::Number => {
            Column::new(feature.name.into(), (0..n).map(|i| number(feature.name, i)).collect::<Vec<Option<f64>>>())
        }
        catalogue::Kind::Category => Column::new(feature.name.into(), vec![None::<&str>; n]),
    }));
    let numbers = |names: &[&str], value: Value<'_>| {
        let columns =
            names.iter().map(|name| Column::new((*name).into(), (0..n).map(|i| value(name, i)).collect::<Vec<f64>>()));
        DataFrame::new(n, std::iter::once(key()).chain(columns).collect()).unwrap()
    };
    let as_of = AsOf::end_of(at);
    let features = FeatureFrame::new(as_of, DataFrame::new(n, features.collect()).unwrap()).unwrap();
    let baselines = BaselineFrame::new(as_of, horizon(), threshold, numbers(&BASELINE_COLUMNS, baseline)).unwrap();
    let labels = label.map(|label| {
        LabelFrame::new(as_of, horizon(), at.plus(horizon().months()), numbers(&LABEL_COLUMNS, label)).unwrap()
    });
    Slice::new(features, baselines, labels).unwrap()
}

/// One account of the population as ranking sees it.
#[derive(Debug, Clone)]
pub struct Sketch {
    pub margin: f64,
    pub revenue: f64,
    pub expected: f64,
    pub stretch: f64,
    pub growth: f64,
    pub overdue: Option<f64>,
}

impl Sketch {
    /// Margin 40 % of revenue, as much again expected, a good year half as much more.
    pub fn of(revenue: f64) -> Self {
        Self { margin: 0.4 * revenue, revenue, expected: revenue, stretch: 1.5 * revenue, growth: 0.5, overdue: None }
    }
}

pub fn ids(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("K{i:03}")).collect()
}

/// What the sketches know of themselves at the end of October 2021.
pub fn slice_of(sketches: &[Sketch]) -> Slice {
    let number = |name: &str, i: usize| match name {
        "revenue_12" => Some(sketches[i].revenue),
        "revenue_24" => Some(2.0 * sketches[i].revenue),
        "margin_12" => Some(sketches[i].margin),
        "margin_24" => Some(2.0 * sketches[i].margin),
        "overdue_amount" => sketches[i].overdue,
        "payment_known" => Some(f64::from(u8::from(sketches[i].overdue.is_some()))),
        _ => None,
    };
    let baseline = |name: &str, i: usize| if name == "base_revenue" { sketches[i].revenue.max(0.0) } else { 0.0 };
    slice(month("2021-10"), 1.0, &ids(sketches.len()), &number, &baseline, None)
}

/// The sketches' forecast; 21 refits whose stretch lies 10 % around the point, so that headroom has an interval.
pub fn forecast_of(sketches: &[Sketch]) -> Forecast {
    let all = |of: fn(&Sketch) -> f64| sketches.iter().map(of).collect::<Vec<f64>>();
    let (expected, stretch) = (all(|s| s.expected), all(|s| s.stretch));
    let refits = (0..21)
        .map(|k| Refit {
            expected_revenue: expected.clone(),
            level_revenue: stretch.iter().map(|s| s * (0.9 + 0.01 * f64::from(k))).collect(),
        })
        .collect();
    Forecast {
        interval: Some((all(|s| 0.5 * s.expected), all(|s| 2.0 * s.expected))),
        expected_margin: all(|s| s.margin),
        growth: Some(all(|s| s.growth)),
        inactivity: Some(vec![0.1; sketches.len()]),
        level: Some((Level::Stretch, stretch.clone())),
        stretch_revenue: Some(stretch),
        peer_revenue: None,
        expected_revenue: expected,
        refits,
    }
}

/// The sketches as accounts, between a blocked, a collective and an internal one.
pub fn accounts_of(sketches: &[Sketch]) -> Vec<Account> {
    let outside = |id: &str, standing| Account { id: id.into(), standing, revenue_last: 7.0, margin_last: 3.0 };
    let mut accounts = vec![outside("A cash", Standing::Collective), outside("B gone", Standing::Blocked)];
    accounts.extend(sketches.iter().zip(ids(sketches.len())).map(|(sketch, id)| Account {
        id,
        standing: Standing::Active,
        revenue_last: sketch.revenue,
        margin_last: sketch.margin,
    }));
    accounts.push(outside("Z own shop", Standing::Internal));
    accounts
}

pub fn scores_of(sketches: &[Sketch]) -> ScoreFrame {
    score(&Population::of(&slice_of(sketches)).unwrap(), &accounts_of(sketches), &forecast_of(sketches), "run").unwrap()
}

/// What a backtest allows: potential or not, growth with skill or not.
pub fn evidence(potential: bool, growth_has_skill: bool) -> Evidence {
    let evidence = "the list by headroom grew less than the biggest accounts".to_owned();
    Evidence {
        potential: Verdict { holds: potential, figure: None, evidence },
        growth_has_skill,
        growth_base_rate: Some(0.3),
        shocks: Vec::new(),
        explanation: None,
    }
}
