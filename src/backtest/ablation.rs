//! What does each family of features add, out of time?
//!
//! Per target the linear rung is fitted twice on the training and calibration origins: on the ladder's features without
//! the family, and on these with all of the family's. Both are judged on the same accounts of the later origins,
//! paired, with a bootstrap by account. A family adds skill only if the lower bound lies above 0 after all comparisons
//! are allowed for. What the ladder sees is not changed by this: it informs the decision of what to put in.

use polars::prelude::*;
use rayon::prelude::*;

use super::{
    BacktestError, Setting,
    bootstrap::{Bootstrap, interval, lower_bound},
    contest::training_rows,
    losses::{counted, losses, outcome},
    metrics::{mean, skill},
    planned,
    report::{Estimate, OriginPlan},
};
use crate::{
    domain::{Month, Target},
    features::{
        Slice,
        catalogue::{Feature, features},
    },
    train::{Candidate, MAX_ROWS, Panel, Rows, Task, TrainError, fit_rows},
};

/// Replicates behind a verdict.
const REPLICATES: usize = 1000;
/// The step of the ladder whose rungs take any list of features and can be fitted in seconds.
const LINEAR_STEP: u8 = 3;

/// What one family adds to one target.
#[derive(Debug, Clone, PartialEq)]
pub struct FamilyGain {
    /// The target.
    pub target: Target,
    /// The family.
    pub family: String,
    /// The rung it was tried with.
    pub rung: String,
    /// Losses without and with the family and what it takes off, with its 90 % interval; or why there is none.
    pub outcome: Result<Gain, String>,
}

/// Losses without and with a family, on the same accounts.
#[derive(Debug, Clone, PartialEq)]
pub struct Gain {
    /// Mean loss without the family.
    pub without: f64,
    /// Mean loss with it.
    pub with: f64,
    /// `1 - with / without`, with its 90 % interval.
    pub skill: Estimate,
    /// Whether the lower bound, allowing for all comparisons made, lies above 0.
    pub adds: bool,
    /// Rows judged: accounts times origins.
    pub n: usize,
}

/// What every family adds to every target.
#[derive(Debug, Clone, PartialEq)]
pub struct Ablation {
    /// Origins trained on, and origins judged on.
    pub origins: (Vec<Month>, Vec<Month>),
    /// By target, then family as asked.
    pub gains: Vec<FamilyGain>,
}

/// Compares each target's linear rung with and without each of `families`.
///
/// # Errors
/// If a family does not exist, a slice is missing, or the history leaves no origin to judge on.
pub fn ablate(panel: &[Slice], setting: &Setting<'_>, families: &[String]) -> Result<Ablation, BacktestError> {
    setting.plan.check()?;
    let families: Vec<String> = families.iter().map(|name| family(name)).collect::<Result<_, _>>()?;
    let slices = planned(panel, setting.plan)?;
    let plan = setting.plan;
    let judged: Vec<Month> = plan.choose.iter().chain(&plan.locked).copied().collect();
    let trained = OriginPlan::newest(plan.train.iter().chain(&plan.calibrate).copied().collect());
    if judged.is_empty() || trained.is_empty() {
        return Err(BacktestError::NothingToJudge { as_of: plan.as_of, horizon: plan.horizon });
    }
    let of = |origins: &[Month]| -> Vec<&Slice> {
        origins.iter().filter_map(|origin| slices.get(origin).copied()).collect()
    };
    let train = Panel::sampled(&of(&trained), setting.abc, MAX_ROWS, setting.seed.derive("sample of accounts"))?;
    let test = Panel::new(&of(&judged), setting.abc)?;
    let (train, test) = (train.rows(), test.rows());
    let _span = tracing::info_span!("ablate", rows = train.len(), tests = test.len()).entered();
    let comparisons = (families.len() * Target::ALL.len()) as f64;
    let gains: Vec<Vec<FamilyGain>> = Target::ALL
        .into_par_iter()
        .map(|target| Contestant::new(target, setting, &train, &test)?.against(&families, comparisons))
        .collect::<Result<_, BacktestError>>()?;
    Ok(Ablation { origins: (trained, judged), gains: gains.into_iter().flatten().collect() })
}

/// The family of this name, whether in singular or plural.
fn family(name: &str) -> Result<String, BacktestError> {
    let stem = |name: &str| name.trim_end_matches('s').to_owned();
    let found = families().into_iter().find(|family| stem(family) == stem(name));
    found.map(str::to_owned).ok_or_else(|| BacktestError::UnknownFamily { name: name.to_owned() })
}

/// The names of all families, in the order of the catalogue.
pub fn families() -> Vec<&'static str> {
    let mut names: Vec<&'static str> = features().iter().map(|feature| feature.family).collect();
    names.dedup();
    names
}

/// One target's linear rung, and the rows it is fitted and judged on.
struct Contestant<'a, 'p> {
    target: Target,
    setting: &'a Setting<'a>,
    candidate: Candidate,
    anchor: Candidate,
    train: Rows<'p>,
    test: Rows<'p>,
    actual: Vec<f64>,
}

impl<'a, 'p> Contestant<'a, 'p> {
    fn new(target: Target, setting: &'a Setting<'a>, train: &Rows<'p>, test: &Rows<'p>) -> Result<Self, BacktestError> {
        let train = training_rows(target, train)?;
        let test = test.select(&counted(target, test)?);
        let candidates = setting.ladder.candidates(target);
        let candidate = candidates
            .iter()
            .find(|candidate| candidate.step == LINEAR_STEP && !candidate.features.is_empty())
            .ok_or(BacktestError::NoLinearRung { target })?;
        let outcomes = outcome(target, &train)?;
        let mut best: Option<(f64, Candidate)> = None;
        for baseline in candidates.iter().filter(|candidate| candidate.step == 0) {
            let task =
                Task { candidate: baseline, target, horizon: setting.plan.horizon, anchor: baseline, calibrate: None };
            let predicted = fit_rows(&task, &train)?.predict_rows(&train)?;
            let loss = losses(target, &predicted, &outcomes).iter().sum::<f64>();
            if best.as_ref().is_none_or(|(least, _)| loss < *least) {
                best = Some((loss, baseline.clone()));
            }
        }
        let (_, anchor) = best.ok_or(BacktestError::NoBaseline { target })?;
        Ok(Self { target, setting, candidate: candidate.clone(), anchor, actual: outcome(target, &test)?, train, test })
    }

    fn against(&self, families: &[String], comparisons: f64) -> Result<Vec<FamilyGain>, BacktestError> {
        families
            .iter()
            .map(|family| {
                let outcome = match self.gain(family, comparisons) {
                    Ok(gain) => gain,
                    Err(error) if error.is_of_the_rung() => Err(error.to_string()),
                    Err(error) => return Err(error.into()),
                };
                let rung = self.candidate.name.clone();
                Ok(FamilyGain { target: self.target, family: family.clone(), rung, outcome })
            })
            .collect()
    }

    fn gain(&self, family: &str, comparisons: f64) -> Result<Result<Gain, String>, TrainError> {
        let may_see = |feature: &Feature| self.target != Target::PeerLevel || feature.own_share_free;
        let of_family: Vec<String> = features()
            .iter()
            .filter(|feature| feature.family == family && may_see(feature))
            .map(|feature| feature.name.to_owned())
            .collect();
        if of_family.is_empty() {
            return Ok(Err("peers are not compared by it: it is an effect of our own share".into()));
        }
        let mut list: Vec<String> =
            self.candidate.features.iter().filter(|name| !of_family.contains(name)).cloned().collect();
        let without = self.predictions(list.clone())?;
        list.extend(of_family);
        let with = self.predictions(list)?;
        if without == with {
            return Ok(Err("nothing of it is known, or differs, at the training origins".into()));
        }
        let without = losses(self.target, &without, &self.actual);
        let with = losses(self.target, &with, &self.actual);
        let account = self.test.account();
        let accounts = account.iter().max().map_or(0, |&last| last as usize + 1);
        let seed = self.setting.seed.derive(&format!("ablate/{}/{family}", self.target));
        let figure = |weight: &[f64]| skill(mean(&with, weight), mean(&without, weight));
        let ones = vec![1.0; account.len()];
        let draws = Bootstrap::new(accounts, REPLICATES, seed).draw(&account, figure);
        let bound = lower_bound(draws.clone(), 1.0 - 0.05 / comparisons);
        Ok(Ok(Gain {
            without: mean(&without, &ones),
            with: mean(&with, &ones),
            skill: interval(figure(&ones), draws),
            adds: bound.is_some_and(|bound| bound > 0.0),
            n: account.len(),
        }))
    }

    fn predictions(&self, features: Vec<String>) -> Result<Vec<f64>, TrainError> {
        let candidate = Candidate { features, ..self.candidate.clone() };
        let horizon = self.setting.plan.horizon;
        let task = Task { candidate: &candidate, target: self.target, horizon, anchor: &self.anchor, calibrate: None };
        fit_rows(&task, &self.train)?.predict_rows(&self.test)
    }
}

impl FamilyGain {
    /// The plain verdict.
    pub fn verdict(&self) -> &str {
        match &self.outcome {
            Err(reason) => reason,
            Ok(gain) if gain.adds => "adds skill",
            Ok(gain) if gain.skill.high < 0.0 => "does harm",
            Ok(_) => "no skill",
        }
    }
}

impl Ablation {
    /// One row per target and family; figures are null where the family could not be tried.
    ///
    /// # Errors
    /// None in practice: all columns are of one length.
    pub fn table(&self) -> PolarsResult<DataFrame> {
        let text = |of: &dyn Fn(&FamilyGain) -> String| self.gains.iter().map(of).collect::<Vec<String>>();
        let number = |of: &dyn Fn(&Gain) -> f64| {
            self.gains.iter().map(|gain| gain.outcome.as_ref().ok().map(of)).collect::<Vec<Option<f64>>>()
        };
        df! {
            "target" => text(&|gain| gain.target.name().into()),
            "family" => text(&|gain| gain.family.clone()),
            "rung" => text(&|gain| gain.rung.clone()),
            "loss_without" => number(&|gain| gain.without),
            "loss_with" => number(&|gain| gain.with),
            "skill" => number(&|gain| gain.skill.value),
            "ci_low" => number(&|gain| gain.skill.low),
            "ci_high" => number(&|gain| gain.skill.high),
            "n" => self.gains.iter().map(|gain| gain.outcome.as_ref().ok().map(|gain| gain.n as i64)).collect::<Vec<_>>(),
            "verdict" => text(&|gain| gain.verdict().into()),
        }
    }

    /// The same as lines for people.
    pub fn lines(&self) -> Vec<String> {
        let months = |origins: &[Month]| origins.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let mut lines = vec![
            format!("trained on {}; judged on {}", months(&self.origins.0), months(&self.origins.1)),
            format!("{:<17} {:<15} {:>9}  {:<20} {}", "target", "family", "off loss", "90 % interval", "verdict"),
        ];
        for gain in &self.gains {
            let (off, bounds) = match &gain.outcome {
                Ok(Gain { skill, .. }) => (
                    format!("{:+.2} %", 100.0 * skill.value),
                    format!("{:+.2} to {:+.2} %", 100.0 * skill.low, 100.0 * skill.high),
                ),
                Err(_) => ("-".into(), "-".into()),
            };
            lines.push(format!(
                "{:<17} {:<15} {off:>9}  {bounds:<20} {}",
                gain.target.name(),
                gain.family,
                gain.verdict()
            ));
        }
        lines
    }
}
