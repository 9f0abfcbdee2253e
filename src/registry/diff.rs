//! Two cards side by side: what differs between two models of one target and horizon.

use std::collections::BTreeSet;

use super::{Card, CardMetric, RegistryError};
use crate::domain::Month;

/// One thing in which two models differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What.
    pub what: String,
    /// In the first model.
    pub old: String,
    /// In the second.
    pub new: String,
}

/// Everything in which `old` and `new` differ: data, recipe, features, measures on the origins that both have.
///
/// # Errors
/// If they predict different things.
pub fn differences(old: &Card, new: &Card) -> Result<Vec<Difference>, RegistryError> {
    let (a, b) = (&old.training, &new.training);
    if (a.target, a.horizon) != (b.target, b.horizon) {
        let question = |card: &Card| format!("{} over {}", card.training.target, card.training.horizon);
        return Err(RegistryError::Incomparable {
            ids: (old.id.clone(), new.id.clone()),
            questions: (question(old), question(new)),
        });
    }
    let mut found = Vec::new();
    let mut tell = |what: &str, old: String, new: String| {
        if old != new {
            found.push(Difference { what: what.into(), old, new });
        }
    };
    tell("model", old.id.clone(), new.id.clone());
    let window = |card: &Card| format!("{} to {}", card.training.window.first, card.training.window.last);
    tell("data window", window(old), window(new));
    let list = |months: &[Month]| months.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    tell("training origins", list(&a.origins.train), list(&b.origins.train));
    tell("selection origins", list(&a.origins.choose), list(&b.origins.choose));
    let locked = |card: &Card| card.training.origins.locked.map_or_else(|| "none".to_owned(), |m| m.to_string());
    tell("locked origin", locked(old), locked(new));
    tell("rows", a.rows.to_string(), b.rows.to_string());
    tell("accounts", a.accounts.to_string(), b.accounts.to_string());
    tell("rung", format!("{} (step {})", a.rung, a.step), format!("{} (step {})", b.rung, b.step));
    tell("relative to", a.recipe.anchor.name.clone(), b.recipe.anchor.name.clone());
    tell("baseline", a.baseline.clone(), b.baseline.clone());
    let (left, right) = (&a.recipe.candidate, &b.recipe.candidate);
    let keys: BTreeSet<&String> = left.params.keys().chain(right.params.keys()).collect();
    for key in keys {
        let of = |params: &crate::train::Params| params.get(key).map_or_else(|| "-".to_owned(), f64::to_string);
        tell(key, of(&left.params), of(&right.params));
    }
    tell("groups", left.groups.join(", "), right.groups.join(", "));
    let lacking = |from: &[String], other: &[String]| {
        from.iter().filter(|name| !other.contains(name)).cloned().collect::<Vec<_>>().join(", ")
    };
    tell("features only here", lacking(&left.features, &right.features), lacking(&right.features, &left.features));
    tell("feature schema", a.feature_schema.clone(), b.feature_schema.clone());
    tell("seed", a.seed.0.to_string(), b.seed.0.to_string());
    tell("headroom", old.versions.headroom.clone(), new.versions.headroom.clone());
    tell("code", old.versions.code_hash.clone(), new.versions.code_hash.clone());
    tell("skill claimed", a.claimed.to_string(), b.claimed.to_string());
    tell("verdict", a.verdict.clone(), b.verdict.clone());
    for metric in &a.metrics {
        let same = |other: &&CardMetric| {
            (other.origin, &other.segment, &other.metric) == (metric.origin, &metric.segment, &metric.metric)
        };
        if let Some(other) = b.metrics.iter().find(same) {
            let what = format!("{} as of {}, {}", metric.metric, metric.origin, metric.segment);
            tell(&what, format!("{:.4}", metric.value), format!("{:.4}", other.value));
        }
    }
    Ok(found)
}
