//! The two files of METHOD section 11: `backtest.parquet` and `backtest_predictions.parquet`.
//!
//! Segments are all accounts, the ABC classes, for stretch and peer level also quintiles of spend, and for headroom (expected revenue
//! to the level used) deciles of it. In the first file, `ci_low` and `ci_high` bound the paired difference `value - baseline_value` at 90 %, by account, on
//! the very rows of the segment; they are null where the difference is zero by construction.

use std::collections::BTreeMap;

use polars::prelude::*;
use rayon::prelude::*;

use super::{
    bootstrap::{Bootstrap, interval},
    levels::Candidate,
    losses::Measured,
    track::Track,
    verdicts::{Listing, quintiles},
};
use crate::{
    domain::{AbcClass, Horizon, Level, Month, Seed, Target},
    features::Slice,
};

/// Replicates behind an interval of the table.
const REPLICATES: usize = 200;
/// From so many rows on, fewer replicates do.
const MANY_ROWS: usize = 20_000;
const FEW_REPLICATES: usize = 50;

struct Figure {
    target: &'static str,
    origin: String,
    rung: String,
    segment: &'static str,
    metric: &'static str,
    value: f64,
    baseline_value: f64,
    bounds: Option<(f64, f64)>,
    n: usize,
}

/// All metrics of the published rung and the baseline by ABC class, and of the other rungs overall.
pub(super) fn metrics(
    tracks: &[Track],
    levels: &[Candidate],
    listings: &[Listing],
    rungs: &BTreeMap<&'static str, (String, String)>,
    horizon: Horizon,
    seed: Seed,
) -> PolarsResult<DataFrame> {
    let figures: Vec<Figure> = tracks
        .par_iter()
        .map(|track| {
            let (published, baseline) = &rungs[track.target.name()];
            let mut figures = Vec::new();
            for (segment, rows) in segments(track) {
                if rows.is_empty() {
                    continue;
                }
                let part = Part::new(track, &rows, segment);
                figures.extend(part.figures(baseline, &track.baseline, false, seed));
                if published != baseline {
                    figures.extend(part.figures(published, &track.published, true, seed));
                }
                if segment == ALL {
                    for (rung, predicted) in &track.others {
                        figures.extend(part.figures(rung, predicted, false, seed));
                    }
                }
            }
            figures
        })
        .collect::<Vec<_>>()
        .into_iter()
        .flatten()
        .chain(levels.iter().flat_map(|c| c.listings.iter().map(|listing| order(c.level, listing))))
        .chain(listings.iter().flat_map(headroom))
        .collect();
    let text = |of: &dyn Fn(&Figure) -> String| figures.iter().map(of).collect::<Vec<String>>();
    let numbers = |of: &dyn Fn(&Figure) -> f64| {
        figures.iter().map(of).map(|v| v.is_finite().then_some(v)).collect::<Vec<Option<f64>>>()
    };
    df! {
        "target" => text(&|f| f.target.into()),
        "origin" => text(&|f| f.origin.clone()),
        "horizon_months" => vec![horizon.months(); figures.len()],
        "rung" => text(&|f| f.rung.clone()),
        "segment" => text(&|f| f.segment.into()),
        "metric" => text(&|f| f.metric.into()),
        "value" => numbers(&|f| f.value),
        "baseline_value" => numbers(&|f| f.baseline_value),
        "ci_low" => numbers(&|f| f.bounds.map_or(f64::NAN, |b| b.0)),
        "ci_high" => numbers(&|f| f.bounds.map_or(f64::NAN, |b| b.1)),
        "n" => figures.iter().map(|f| f.n as i64).collect::<Vec<_>>(),
    }
}

const ALL: &str = "all";
const SPEND: [&str; 5] = ["spend_1", "spend_2", "spend_3", "spend_4", "spend_5"];
const HEADROOM: [&str; 10] = [
    "headroom_1",
    "headroom_2",
    "headroom_3",
    "headroom_4",
    "headroom_5",
    "headroom_6",
    "headroom_7",
    "headroom_8",
    "headroom_9",
    "headroom_10",
];

/// Name and rows of each segment: all, the ABC classes, and for stretch and peer level the quintiles of spend, lowest first.
fn segments(track: &Track) -> Vec<(&'static str, Vec<usize>)> {
    let n = track.actual.len();
    let mut segments = vec![(ALL, (0..n).collect())];
    for class in AbcClass::ALL {
        segments.push((class.name(), (0..n).filter(|&i| track.class[i] == class).collect()));
    }
    if matches!(track.target, Target::Stretch | Target::PeerLevel) {
        segments.extend(SPEND.into_iter().zip(quintiles(&track.spend)));
    }
    segments
}

/// What the choice of the level goes by, for each level that could be used.
fn order(level: Level, listing: &Listing) -> Figure {
    Figure {
        target: "headroom",
        origin: listing.origin.to_string(),
        rung: level.name().into(),
        segment: ALL,
        metric: "spearman_within_spend",
        value: listing.order_within_spend(),
        baseline_value: 0.0,
        bounds: None,
        n: listing.headroom.len(),
    }
}

/// Beside a mean gain stands that of all accounts, which a random list would have.
fn headroom(listing: &Listing) -> Vec<Figure> {
    let gain = listing.gain();
    let mean = gain.iter().sum::<f64>() / gain.len().max(1) as f64;
    let figure = |segment, metric, value, baseline_value, n| Figure {
        target: "headroom",
        origin: listing.origin.to_string(),
        rung: "level_used".into(),
        segment,
        metric,
        value,
        baseline_value,
        bounds: None,
        n,
    };
    let deciles = HEADROOM.into_iter().zip(listing.gain_by_decile());
    deciles.map(|(segment, (gain, n))| figure(segment, "mean_gain", gain, mean, n)).collect()
}

/// The rows of one segment of a track.
struct Part<'a> {
    track: &'a Track,
    rows: &'a [usize],
    segment: &'static str,
    account: Vec<u32>,
    actual: Vec<f64>,
    baseline: Vec<f64>,
}

impl<'a> Part<'a> {
    fn new(track: &'a Track, rows: &'a [usize], segment: &'static str) -> Self {
        // accounts are numbered anew, so that a bootstrap of a class draws as many as the class has
        let mut known: Vec<u32> = rows.iter().map(|&i| track.account[i]).collect();
        known.sort_unstable();
        known.dedup();
        let number = |account: u32| known.partition_point(|&k| k < account) as u32;
        Self {
            track,
            rows,
            segment,
            account: rows.iter().map(|&i| number(track.account[i])).collect(),
            actual: rows.iter().map(|&i| track.actual[i]).collect(),
            baseline: rows.iter().map(|&i| track.baseline[i]).collect(),
        }
    }

    fn figures(&self, rung: &str, predicted: &[f64], bounded: bool, seed: Seed) -> Vec<Figure> {
        let target = self.track.target;
        let predicted: Vec<f64> = self.rows.iter().map(|&i| predicted[i]).collect();
        let own = Measured::new(target, &predicted, &self.actual);
        let base = Measured::new(target, &self.baseline, &self.actual);
        let ones = vec![1.0; self.rows.len()];
        let (values, baselines) = (own.all(&ones), base.all(&ones));
        let draws = if bounded {
            let accounts = self.account.iter().max().map_or(0, |&last| last as usize + 1);
            let replicates = if self.rows.len() > MANY_ROWS { FEW_REPLICATES } else { REPLICATES };
            let purpose = format!("table/{target}/{}/{}", self.track.origin, self.segment);
            Bootstrap::new(accounts, replicates, seed.derive(&purpose)).draw(&self.account, |weight| {
                own.all(weight).iter().zip(base.all(weight)).map(|(a, b)| a.1 - b.1).collect::<Vec<f64>>()
            })
        } else {
            Vec::new()
        };
        values
            .into_iter()
            .zip(baselines)
            .enumerate()
            .map(|(at, ((metric, value), (_, baseline_value)))| Figure {
                target: target.name(),
                origin: self.track.origin.to_string(),
                rung: rung.into(),
                segment: self.segment,
                metric,
                value,
                baseline_value,
                bounds: (!draws.is_empty()).then(|| {
                    let bounds = interval(value - baseline_value, draws.iter().map(|draw| draw[at]).collect());
                    (bounds.low, bounds.high)
                }),
                n: self.rows.len(),
            })
            .collect()
    }
}

/// One row per target, test origin, account and rung (published and baseline).
pub(super) fn predictions(
    tracks: &[Track],
    rungs: &BTreeMap<&'static str, (String, String)>,
    slices: &BTreeMap<Month, &Slice>,
    horizon: Horizon,
) -> PolarsResult<DataFrame> {
    let (mut target, mut origin, mut customer, mut rung) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut predicted, mut low, mut high, mut actual) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for track in tracks {
        let Some(slice) = slices.get(&track.origin) else { continue };
        let accounts: Vec<&str> = slice.features().accounts().iter().map(Option::unwrap_or_default).collect();
        let (published, baseline) = &rungs[track.target.name()];
        let month = track.origin.to_string();
        let mut forecasts = vec![(published, &track.published, true)];
        if published != baseline {
            forecasts.push((baseline, &track.baseline, false));
        }
        for (name, values, is_published) in forecasts {
            for (i, &row) in track.row.iter().enumerate() {
                target.push(track.target.name());
                origin.push(month.clone());
                customer.push(accounts[row]);
                rung.push(name.clone());
                predicted.push(values[i]);
                let bounds = if is_published { track.bounds(i) } else { None };
                low.push(bounds.map(|(low, _)| low));
                high.push(bounds.map(|(_, high)| high));
                actual.push(track.actual[i]);
            }
        }
    }
    let n = target.len();
    df! {
        "target" => target,
        "origin" => origin,
        "horizon_months" => vec![horizon.months(); n],
        "customer_id" => customer,
        "rung" => rung,
        "predicted" => predicted,
        "low" => low,
        "high" => high,
        "actual" => actual,
    }
}
