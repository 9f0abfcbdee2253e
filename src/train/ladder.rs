//! Which rungs climb for which target, and what each may see: `models/ladder.toml`, parsed and checked once.
//!
//! The committed file is compiled in and is the default. A key, rung, target or feature that does not exist is refused
//! with the nearest one that does.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::{
    TrainError,
    rungs::{BASELINE, RungKind, TREES},
};
use crate::{
    domain::Target,
    features::catalogue::{Kind, features},
};

const COMPILED_IN: &str = include_str!("../../models/ladder.toml");
const COMPILED_IN_NAME: &str = "models/ladder.toml (compiled in)";

/// Numeric settings of a rung, such as `penalty`.
pub type Params = BTreeMap<String, f64>;

/// One contestant of the ladder: a rung, or one baseline in one of its two forms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// Name in reports and on cards.
    pub name: String,
    /// Step of the ladder, 0 to 5.
    pub step: u8,
    pub(crate) kind: RungKind,
    /// The baseline column or rule (rung 0 only).
    pub(crate) column: Option<String>,
    /// Whether the baseline is recalibrated on the training origins (rung 0 only).
    pub(crate) recalibrated: bool,
    /// Catalogue names a learned rung sees.
    pub features: Vec<String>,
    /// Categories by which a shrinkage rung groups, beside the ABC class.
    pub groups: Vec<String>,
    /// Hyperparameters.
    pub params: Params,
    /// What an average is of.
    pub members: Vec<Self>,
    /// Whether hyperparameters that a fit chooses (a number of trees) were chosen before.
    pub frozen: bool,
}

impl Candidate {
    /// The same without what its fits chose: two of these are equal where the ladder says the same of both.
    pub(crate) fn unfrozen(&self) -> Self {
        let members = self.members.iter().map(Self::unfrozen).collect();
        let mut plain = Self { frozen: false, members, ..self.clone() };
        if self.frozen {
            plain.params.remove(TREES);
        }
        plain
    }

    /// The same with the number of trees fixed.
    pub(crate) fn frozen_at(&self, trees: usize) -> Self {
        let mut frozen = Self { frozen: true, ..self.clone() };
        frozen.params.insert(TREES.into(), trees.max(1) as f64);
        frozen
    }

    /// Whether it is calibrated on later rows than it is fitted on: quantiles are.
    pub(crate) fn is_calibrated(&self, target: Target) -> bool {
        target == Target::Stretch && self.kind.is_calibrated()
    }

    /// Whether it stands for *the* baseline of a task.
    pub(crate) fn is_best_baseline(&self) -> bool {
        self.kind == RungKind::Baseline && self.column.is_none()
    }

    /// Whether it is made of other lines of the ladder.
    pub(crate) fn is_average(&self) -> bool {
        self.kind == RungKind::Average
    }
}

/// The checked ladder.
#[derive(Debug, Clone, PartialEq)]
pub struct Ladder {
    lines: Vec<Line>,
    interval: Candidate,
}

#[derive(Debug, Clone, PartialEq)]
struct Line {
    candidate: Candidate,
    targets: Vec<Target>,
    /// Names of the lines that an average is of, perhaps the best baseline among them.
    of: Vec<String>,
}

impl Line {
    /// Peers are compared only by what would hold if the account bought everything from us.
    fn refuse_effects_of_own_share(&self, place: &str) -> Result<(), TrainError> {
        let effect = |name: &&String| features().iter().any(|f| f.name == **name && !f.own_share_free);
        match self.candidate.features.iter().find(effect) {
            Some(feature) if self.targets.contains(&Target::PeerLevel) => {
                let expected = "a list of own-share-free features, since peers are no peers by what they buy from us";
                Err(setting(place, "features", &Value::String(feature.clone()), expected))
            }
            _ => Ok(()),
        }
    }
}

impl Default for Ladder {
    fn default() -> Self {
        Self::parse(COMPILED_IN, COMPILED_IN_NAME).expect("a unit test parses the committed ladder")
    }
}

impl Ladder {
    /// Reads and checks a ladder file.
    ///
    /// # Errors
    /// If it cannot be read, is not TOML, or names something that does not exist.
    pub fn read(path: &Path) -> Result<Self, TrainError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|source| TrainError::Read { path: name.clone(), source })?;
        Self::parse(&text, &name)
    }

    /// Checks the text of a ladder file; `place` names it in errors.
    ///
    /// # Errors
    /// If it is not TOML, or names something that does not exist.
    pub fn parse(text: &str, place: &str) -> Result<Self, TrainError> {
        let table: Table = text
            .parse()
            .map_err(|error: toml::de::Error| TrainError::Syntax { path: place.into(), reason: error.to_string() })?;
        refuse_unknown_keys(place, &table, &["features", "rungs", "interval"])?;
        let lists = feature_lists(place, section(place, &table, "features")?)?;
        let mut lines = Vec::new();
        for (name, value) in section(place, &table, "rungs")? {
            let place = format!("{place}, rungs.{name}");
            let keys = as_table(&place, name, value)?;
            let model = match keys.get("model") {
                None => name,
                Some(model) => model.as_str().ok_or_else(|| setting(&place, "model", model, "the name of a rung"))?,
            };
            let kind = RungKind::named(model)
                .ok_or_else(|| TrainError::unknown(place.as_str(), "rung", model, RungKind::names()))?;
            let candidate = candidate(&place, kind, keys, &lists, &["step", "targets", "model"])?;
            let line = Line {
                targets: targets(&place, keys, kind)?,
                candidate: Candidate { name: name.clone(), ..candidate },
                of: match keys.get("of") {
                    Some(value) => texts(&place, "of", value)?,
                    None => Vec::new(),
                },
            };
            line.refuse_effects_of_own_share(&place)?;
            lines.push(line);
        }
        check_averages(place, &lines)?;
        lines.sort_by(|a, b| (a.candidate.step, &a.candidate.name).cmp(&(b.candidate.step, &b.candidate.name)));
        let keys = section(place, &table, "interval")?;
        let kind = RungKind::LinearQuantile;
        let interval = candidate(&format!("{place}, interval"), kind, keys, &lists, &[])?;
        Ok(Self { lines, interval })
    }

    /// All contestants for `target`, lowest step first; the baselines are always among them.
    pub fn candidates(&self, target: Target) -> Vec<Candidate> {
        let mut all = super::rungs::baselines(target);
        let learned = self.lines.iter().filter(|line| line.targets.contains(&target));
        all.extend(learned.map(|line| {
            let members =
                line.of.iter().map(|name| match self.lines.iter().find(|line| line.candidate.name == *name) {
                    Some(line) => line.candidate.clone(),
                    None => Candidate::best_baseline(),
                });
            Candidate { members: members.collect(), ..line.candidate.clone() }
        }));
        all
    }

    /// What the prediction interval of expected revenue is made of.
    pub(crate) const fn interval(&self) -> &Candidate {
        &self.interval
    }
}

/// Refuses averages of what does not exist, does not climb for the same target, or is an average itself.
fn check_averages(place: &str, lines: &[Line]) -> Result<(), TrainError> {
    for line in lines.iter().filter(|line| line.candidate.is_average()) {
        let place = format!("{place}, rungs.{}", line.candidate.name);
        if line.of.is_empty() {
            return Err(TrainError::Setting {
                place,
                key: "of".into(),
                value: "missing".into(),
                expected: "a list of rungs, `baseline` perhaps among them",
            });
        }
        for name in line.of.iter().filter(|name| *name != BASELINE) {
            let plain = || lines.iter().filter(|line| !line.candidate.is_average());
            let known = || plain().map(|line| line.candidate.name.as_str()).chain([BASELINE]);
            let member = plain()
                .find(|line| line.candidate.name == *name)
                .ok_or_else(|| TrainError::unknown(place.as_str(), "rung", name, known()))?;
            if let Some(&target) = line.targets.iter().find(|target| !member.targets.contains(target)) {
                return Err(TrainError::NotApplicable { rung: name.clone(), target });
            }
        }
    }
    Ok(())
}

fn setting(place: &str, key: &str, value: &Value, expected: &'static str) -> TrainError {
    TrainError::Setting { place: place.into(), key: key.into(), value: value.to_string(), expected }
}

fn as_table<'t>(place: &str, key: &str, value: &'t Value) -> Result<&'t Table, TrainError> {
    value.as_table().ok_or_else(|| setting(place, key, value, "a table"))
}

fn section<'t>(place: &str, table: &'t Table, key: &'static str) -> Result<&'t Table, TrainError> {
    match table.get(key) {
        Some(value) => as_table(place, key, value),
        None => Err(TrainError::Setting {
            place: place.into(),
            key: key.into(),
            value: "missing".into(),
            expected: "a table of this name",
        }),
    }
}

fn refuse_unknown_keys(place: &str, table: &Table, known: &[&str]) -> Result<(), TrainError> {
    match table.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(TrainError::unknown(place, "key", key, known.iter().copied())),
    }
}

fn texts(place: &str, key: &str, value: &Value) -> Result<Vec<String>, TrainError> {
    let expected = "a list of names";
    let items = value.as_array().ok_or_else(|| setting(place, key, value, expected))?;
    items.iter().map(|v| v.as_str().map(str::to_owned).ok_or_else(|| setting(place, key, v, expected))).collect()
}

fn feature_lists(place: &str, table: &Table) -> Result<BTreeMap<String, Vec<String>>, TrainError> {
    let mut lists = BTreeMap::new();
    for (name, value) in table {
        let place = format!("{place}, features.{name}");
        let list = texts(&place, name, value)?;
        for feature in &list {
            if !features().iter().any(|f| f.name == feature) {
                return Err(TrainError::unknown(place, "feature", feature, features().iter().map(|f| f.name)));
            }
        }
        lists.insert(name.clone(), list);
    }
    Ok(lists)
}

fn targets(place: &str, keys: &Table, kind: RungKind) -> Result<Vec<Target>, TrainError> {
    let names = match keys.get("targets") {
        Some(value) => texts(place, "targets", value)?,
        None => Vec::new(),
    };
    names
        .iter()
        .map(|name| {
            let target = Target::ALL
                .into_iter()
                .find(|target| target.name() == name)
                .ok_or_else(|| TrainError::unknown(place, "target", name, Target::ALL.iter().map(|t| t.name())))?;
            if kind.serves(target) {
                Ok(target)
            } else {
                Err(TrainError::NotApplicable { rung: kind.name().into(), target })
            }
        })
        .collect()
}

fn candidate(
    place: &str,
    kind: RungKind,
    keys: &Table,
    lists: &BTreeMap<String, Vec<String>>,
    also_known: &[&str],
) -> Result<Candidate, TrainError> {
    let params = kind.params();
    let mut known = also_known.to_vec();
    known.extend(kind.keys());
    known.extend(params.iter().map(|param| param.name));
    refuse_unknown_keys(place, keys, &known)?;
    let step = match keys.get("step") {
        None if also_known.is_empty() => 3,
        None => kind.step(),
        Some(value) => value
            .as_integer()
            .and_then(|step| u8::try_from(step).ok())
            .filter(|step| (1..=5).contains(step))
            .ok_or_else(|| setting(place, "step", value, "a step from 1 to 5"))?,
    };
    let features = match keys.get("features") {
        None => Vec::new(),
        Some(value) => {
            let list = value.as_str().ok_or_else(|| setting(place, "features", value, "the name of a feature list"))?;
            let known = || lists.keys().map(String::as_str);
            lists.get(list).cloned().ok_or_else(|| TrainError::unknown(place, "feature list", list, known()))?
        }
    };
    let groups = match keys.get("groups") {
        None => Vec::new(),
        Some(value) => texts(place, "groups", value)?,
    };
    for group in &groups {
        let mut categories = features_of(Kind::Category);
        if !categories.any(|name| name == group) {
            return Err(TrainError::unknown(place, "feature", group, features_of(Kind::Category)));
        }
    }
    let mut chosen = Params::new();
    for param in params {
        let value = match keys.get(param.name) {
            None => param.default,
            Some(value) => value
                .as_float()
                .or_else(|| value.as_integer().map(|i| i as f64))
                .filter(|number| param.range.contains(number))
                .ok_or_else(|| setting(place, param.name, value, param.expected))?,
        };
        chosen.insert(param.name.into(), value);
    }
    Ok(Candidate {
        name: kind.name().into(),
        step,
        kind,
        column: None,
        recalibrated: false,
        features,
        groups,
        params: chosen,
        members: Vec::new(),
        frozen: false,
    })
}

fn features_of(kind: Kind) -> impl Iterator<Item = &'static str> {
    features().iter().filter(move |f| f.kind == kind).map(|f| f.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "[features]\n[rungs]\nshrinkage = { step = 1, targets = [\"expected_revenue\"] }\n[interval]\n";

    #[test]
    fn the_committed_ladder_is_valid_and_every_target_climbs() {
        let ladder = Ladder::default();
        for target in Target::ALL {
            let steps: Vec<u8> = ladder.candidates(target).iter().map(|c| c.step).collect();
            assert!(steps.contains(&0) && steps.contains(&3), "{target}: {steps:?}");
            assert!(steps.is_sorted(), "{target}: {steps:?}");
        }
    }

    #[test]
    fn what_does_not_exist_is_refused_with_the_nearest_name() {
        assert!(Ladder::parse(SMALL, "test").is_ok());
        for (wrong, right, said) in [
            ("shrinkage", "shrinkagee", "`shrinkagee`, did you mean `shrinkage`"),
            ("targets", "target", "`target`, did you mean `targets`"),
            ("expected_revenue", "expected_revenu", "did you mean `expected_revenue`"),
            ("[interval]", "[intervals]", "did you mean `interval`"),
        ] {
            let error = Ladder::parse(&SMALL.replace(wrong, right), "test").unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn one_model_may_climb_twice_and_averages_name_their_members() {
        let text = SMALL.replace(
            "[interval]",
            "fast = { model = \"boosting\", targets = [\"growth\"], features = \"few\", learning_rate = 0.3 }\n\
             boosting = { targets = [\"growth\"], features = \"few\" }\n\
             both = { model = \"average\", targets = [\"growth\"], of = [\"fast\", \"boosting\", \"baseline\"] }\n\
             [interval]",
        );
        let text = text.replace("[features]", "[features]\nfew = [\"orders_12\"]");
        let ladder = Ladder::parse(&text, "test").unwrap();
        let found = ladder.candidates(Target::Growth);
        let both = found.iter().find(|candidate| candidate.name == "both").unwrap();
        let members: Vec<&str> = both.members.iter().map(|member| member.name.as_str()).collect();
        assert_eq!((both.step, members), (5, vec!["fast", "boosting", "baseline"]));
        assert_eq!(both.members[0].params["learning_rate"], 0.3);
        for (wrong, said) in [
            ("\"fast\", \"boostin\"", "unknown rung `boostin`, did you mean `boosting`"),
            ("\"both\"", "unknown rung `both`"),
            ("\"shrinkage\"", "shrinkage cannot predict growth"),
            ("", "expected a list of rungs"),
        ] {
            let text = text.replace("\"fast\", \"boosting\", \"baseline\"", wrong);
            let error = Ladder::parse(&text, "test").unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn peers_may_not_be_compared_by_effects_of_our_own_share() {
        let text = SMALL
            .replace("[features]\n", "[features]\npeers = [\"log_employees\", \"orders_12\"]\n")
            .replace("[interval]", "peer_linear = { targets = [\"peer_level\"], features = \"peers\" }\n[interval]");
        let error = Ladder::parse(&text, "test").unwrap_err().to_string();
        assert!(error.contains("`features` is `\"orders_12\"`, expected a list of own-share-free"), "{error}");
        assert!(Ladder::parse(&text.replace(", \"orders_12\"", ""), "test").is_ok());
    }

    #[test]
    fn a_setting_out_of_range_names_the_range() {
        let error = Ladder::parse(&SMALL.replace("step = 1", "step = 9"), "test").unwrap_err().to_string();
        assert!(error.contains("`step` is `9`, expected a step from 1 to 5"), "{error}");
        let text = SMALL.replace("shrinkage = { step = 1,", "linear_quantile = { step = 3,");
        let error = Ladder::parse(&text, "test").unwrap_err().to_string();
        assert!(error.contains("linear_quantile cannot predict expected_revenue"), "{error}");
    }
}
