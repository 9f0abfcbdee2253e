//! What the published models say of each account of the population, and what their bootstrap refits say.
//!
//! A figure that cannot be had (no model for want of history) is absent as a whole, never zero.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::{Population, ScoreError};
use crate::{
    backtest::{LevelInputs, Trained, level_revenue},
    domain::{Level, Target},
    features::{Parts, Slice},
    train::{FittedModel, Interval, IntervalModel},
};

/// What one refit of the chosen rungs, on accounts drawn with replacement, says of the same accounts.
#[derive(Debug, Clone, PartialEq)]
pub struct Refit {
    /// Expected revenue over the horizon `(n)`, in the report currency.
    pub expected_revenue: Vec<f64>,
    /// The level that headroom is measured against `(n)`.
    pub level_revenue: Vec<f64>,
}

/// Forecasts over the horizon, one entry per account of the population, ascending by id.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// Expected net revenue.
    pub expected_revenue: Vec<f64>,
    /// Lower and upper bound of the 80 % prediction interval of realised revenue.
    pub interval: Option<(Vec<f64>, Vec<f64>)>,
    /// Expected contribution margin; may be negative.
    pub expected_margin: Vec<f64>,
    /// 0.9 quantile of revenue.
    pub stretch_revenue: Option<Vec<f64>>,
    /// 0.9 quantile of revenue given only what our own share cannot have shaped.
    pub peer_revenue: Option<Vec<f64>>,
    /// The level that headroom is measured against.
    pub level: Option<(Level, Vec<f64>)>,
    /// Probability of growth beyond the base by more than d.
    pub growth: Option<Vec<f64>>,
    /// Probability of no order.
    pub inactivity: Option<Vec<f64>>,
    /// At least [`Forecast::FEWEST_REFITS`] refits; fewer give no estimation interval.
    pub refits: Vec<Refit>,
}

impl Forecast {
    /// Refits below which 10th and 90th percentile say nothing.
    pub const FEWEST_REFITS: usize = 20;

    /// What the champions say of the accounts of `slice`; `None` for the figures of targets without a champion.
    /// Headroom is measured against `level`, or against stretch where what `level` is made from is not known.
    ///
    /// # Errors
    /// If expected revenue or margin has no champion, or a model does not fit the slice.
    pub fn of(models: &[Trained], slice: &Slice, level: Level) -> Result<Self, ScoreError> {
        Ok(Self::with_population(models, slice, level)?.0)
    }

    /// The same of accounts whose features are had part by part, with what else scores need of them.
    ///
    /// # Errors
    /// As [`Self::of`]; also if features cannot be put together.
    pub fn with_population(
        models: &[Trained],
        parts: &impl Parts,
        level: Level,
    ) -> Result<(Self, Population), ScoreError> {
        let find = |target: Target| models.iter().find(|model| model.target == target);
        let required = |target: Target| find(target).ok_or(ScoreError::NoModel { target });
        let (revenue, _) = (required(Target::ExpectedRevenue)?, required(Target::ExpectedMargin)?);
        let refits_of = |target: Target| {
            let refits = find(target).map_or(&[][..], |model| model.refits.as_slice());
            (1..).zip(refits).map(move |(version, refit)| ((target, version), refit))
        };
        let champions = models.iter().map(|model| ((model.target, CHAMPION), &model.model));
        let above = above(level, find(Target::PeerLevel).is_some());
        let asked = champions.chain(refits_of(Target::ExpectedRevenue)).chain(refits_of(above));
        let (mut said, population) = Answers::ask(&asked.collect::<Vec<_>>(), revenue.interval.as_ref(), parts)?;
        let mut of = |target: Target| said.by_model.remove(&(target, CHAMPION));
        let expected_revenue = of(Target::ExpectedRevenue).unwrap_or_default();
        let expected_margin = of(Target::ExpectedMargin).unwrap_or_default();
        let (stretch_revenue, peer_revenue) = (of(Target::Stretch), of(Target::PeerLevel));
        let (growth, inactivity) = (of(Target::Growth), of(Target::Inactivity));
        let baselines = parts.baselines();
        let last_12 = baselines.numbers("last_12_scaled_revenue")?;
        let inputs = LevelInputs {
            expected: &expected_revenue,
            last_12: &last_12,
            stretch: stretch_revenue.as_deref(),
            peers: peer_revenue.as_deref(),
            offset: baselines.threshold(),
            stated: population.feature("stated_share"),
            believe: true,
        };
        let level = [level, Level::Stretch]
            .into_iter()
            .find_map(|level| level_revenue(level, &inputs).map(|revenue| (level, revenue)));
        let mut refits = Vec::new();
        if let Some((level, _)) = &level {
            let used = self::above(*level, peer_revenue.is_some());
            if used != above {
                let (more, _) = Answers::ask(&refits_of(used).collect::<Vec<_>>(), None, parts)?;
                said.by_model.extend(more.by_model);
            }
            refits = said.refits(used, *level, &inputs);
        }
        let around =
            |interval: Interval| expected_revenue.iter().enumerate().map(|(row, e)| interval.around(row, *e)).unzip();
        let forecast = Self {
            interval: said.interval.map(around),
            expected_margin,
            stretch_revenue,
            peer_revenue,
            level,
            growth,
            inactivity,
            refits,
            expected_revenue,
        };
        Ok((forecast, population))
    }

    /// Refuses forecasts of another number of accounts.
    pub(super) fn check(&self, accounts: usize) -> Result<(), ScoreError> {
        let mut columns: Vec<(&'static str, usize)> =
            vec![("expected_revenue", self.expected_revenue.len()), ("expected_margin", self.expected_margin.len())];
        if let Some((low, high)) = &self.interval {
            columns.extend([("expected_revenue_low", low.len()), ("expected_revenue_high", high.len())]);
        }
        let optional = [
            ("stretch_revenue", &self.stretch_revenue),
            ("peer_revenue", &self.peer_revenue),
            ("growth_probability", &self.growth),
            ("inactivity_probability", &self.inactivity),
        ];
        columns.extend(optional.iter().filter_map(|(name, values)| Some((*name, values.as_ref()?.len()))));
        columns.extend(self.level.as_ref().map(|(_, level)| ("level_revenue", level.len())));
        for refit in &self.refits {
            columns.push(("expected_revenue of a refit", refit.expected_revenue.len()));
            columns.push(("level_revenue of a refit", refit.level_revenue.len()));
        }
        match columns.into_iter().find(|(_, found)| *found != accounts) {
            None => Ok(()),
            Some((column, found)) => Err(ScoreError::Length { column, found, expected: accounts }),
        }
    }
}

/// A model of a target: its champion, or from 1 on one of the champion's refits.
type Version = (Target, usize);

const CHAMPION: usize = 0;

/// The target whose refits say how sure a level is.
const fn above(level: Level, has_peers: bool) -> Target {
    match level {
        Level::Peer | Level::Blend if has_peers => Target::PeerLevel,
        _ => Target::Stretch,
    }
}

/// What models say of each account of a population.
#[derive(Debug, Default)]
struct Answers {
    by_model: BTreeMap<Version, Vec<f64>>,
    interval: Option<Interval>,
}

impl Answers {
    /// Asks block by block of accounts: what a model makes of their features is larger than the features, and is gone
    /// before the next block comes.
    fn ask(
        models: &[(Version, &FittedModel)],
        interval: Option<&IntervalModel>,
        parts: &impl Parts,
    ) -> Result<(Self, Population), ScoreError> {
        let n = parts.height();
        let room = || Vec::with_capacity(n);
        let mut population = Population::without_features(parts);
        let mut answers = Self {
            by_model: models.iter().map(|(version, _)| (*version, room())).collect(),
            interval: interval.map(|_| Interval { low: room(), median: room(), high: room() }),
        };
        for (group, alike) in alike(models).into_iter().enumerate() {
            let &[(_, first), ..] = alike.as_slice() else { continue };
            let has_interval = alike.iter().any(|(version, _)| *version == (Target::ExpectedRevenue, CHAMPION));
            let class = first.classes(parts.baselines())?;
            for start in (0..n).step_by(parts.at_a_time()) {
                let rows = start..n.min(start + parts.at_a_time());
                let part = parts.part(rows.clone())?;
                // features pass by once a group
                if group == 0 {
                    population.keep(&part)?;
                }
                // columns are read and encoded once for all models and their refits
                let pool = first.pool(&part, class[rows].to_vec())?;
                FittedModel::share(&alike.iter().map(|(_, model)| *model).collect::<Vec<_>>(), &pool)?;
                let rows = pool.rows();
                let said = |(version, model): &(Version, &FittedModel)| Ok((*version, model.predict_rows(&rows)?));
                for (version, said) in alike.par_iter().map(said).collect::<Result<Vec<_>, ScoreError>>()? {
                    answers.by_model.entry(version).or_default().extend(said);
                }
                if let (true, Some(model), Some(all)) = (has_interval, interval, &mut answers.interval) {
                    let said = model.predict_rows(&rows)?;
                    all.low.extend(said.low);
                    all.median.extend(said.median);
                    all.high.extend(said.high);
                }
            }
        }
        Ok((answers, population))
    }

    /// Moves out what the refits of expected revenue say, each with the level that a refit of `above` gives.
    fn refits(&mut self, above: Target, level: Level, inputs: &LevelInputs<'_>) -> Vec<Refit> {
        let pair = |version: usize| {
            let expected = self.by_model.remove(&(Target::ExpectedRevenue, version))?;
            Some((expected, self.by_model.remove(&(above, version))?))
        };
        let pairs: Vec<_> = (1..).map_while(pair).collect();
        let refit = |(expected_revenue, above): (Vec<f64>, Vec<f64>)| {
            let inputs =
                LevelInputs { expected: &expected_revenue, stretch: Some(&above), peers: Some(&above), ..*inputs };
            let level_revenue = level_revenue(level, &inputs)?;
            Some(Refit { expected_revenue, level_revenue })
        };
        pairs.into_par_iter().map(refit).collect::<Option<_>>().unwrap_or_default()
    }
}

/// Those that take the same rows, together.
fn alike<'m>(models: &[(Version, &'m FittedModel)]) -> Vec<Vec<(Version, &'m FittedModel)>> {
    let mut groups: Vec<Vec<(Version, &FittedModel)>> = Vec::new();
    for &(version, model) in models {
        match groups.iter_mut().find(|group| group[0].1.pools_as(model)) {
            Some(group) => group.push((version, model)),
            None => groups.push(vec![(version, model)]),
        }
    }
    groups
}
