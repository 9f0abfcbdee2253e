//! A recipe: what stays the same when a model is fitted again on newer data.
//!
//! Two models are compared by their recipes, since the fitted models themselves have seen everything there is.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Candidate;

/// A rung with its settings and what it sees, and the baseline that ratio models are relative to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The rung.
    pub candidate: Candidate,
    /// The baseline of ratio models; of no effect on a baseline itself.
    pub anchor: Candidate,
}

impl Recipe {
    /// The recipe of `candidate`, relative to `anchor`; a baseline is relative to itself.
    pub fn new(candidate: &Candidate, anchor: &Candidate) -> Self {
        let anchor = if candidate.step == 0 { candidate } else { anchor };
        Self { candidate: candidate.clone(), anchor: anchor.clone() }
    }

    /// Whether both say the same but for what fits choose themselves, such as a number of trees.
    pub fn is_same(&self, other: &Self) -> bool {
        self.candidate.unfrozen() == other.candidate.unfrozen() && self.anchor == other.anchor
    }

    /// Whether `candidate` is its rung, or a member of its average.
    pub(crate) fn holds(&self, candidate: &Candidate) -> bool {
        self.candidate == *candidate || self.candidate.members.contains(candidate)
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Candidate { name, step, features, groups, params, .. } = &self.candidate;
        write!(f, "{name} (step {step}")?;
        if *step > 0 {
            write!(f, ", relative to {}", self.anchor.name)?;
        }
        for (name, value) in params {
            write!(f, ", {name} {value}")?;
        }
        if !groups.is_empty() {
            write!(f, ", by {}", groups.join(" and "))?;
        }
        if !features.is_empty() {
            write!(f, ", {} features", features.len())?;
        }
        f.write_str(")")
    }
}
