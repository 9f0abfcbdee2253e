//! The level that headroom is measured against.

use serde::{Deserialize, Serialize};

/// What an account could realistically buy over the horizon, by METHOD section 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// S: what this account does in a good year.
    Stretch,
    /// P: what the upper tenth of comparable accounts buys.
    Peer,
    /// What comparable accounts buy, weighed against what this one does.
    Blend,
}

impl Level {
    /// All levels, simplest first: among equals the first is used.
    pub const ALL: [Self; 3] = [Self::Stretch, Self::Peer, Self::Blend];

    /// Its name in the column `level_used`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stretch => "stretch",
            Self::Peer => "peer",
            Self::Blend => "blend",
        }
    }

    /// The level of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}
