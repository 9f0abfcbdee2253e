//! What is predicted.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A target of METHOD section 2; its name is the name of its folder under `models/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// E: expected net revenue over the horizon.
    ExpectedRevenue,
    /// E: expected contribution margin over the horizon; may be negative.
    ExpectedMargin,
    /// S: 0.9 quantile of the horizon's revenue, own history included.
    Stretch,
    /// P: 0.9 quantile of the horizon's revenue, given only what our own share of the account cannot have shaped.
    PeerLevel,
    /// G: probability that the horizon's revenue exceeds the base by more than d.
    Growth,
    /// C: probability of no order in the horizon.
    Inactivity,
}

impl Target {
    /// All targets, in report order.
    pub const ALL: [Self; 6] =
        [Self::ExpectedRevenue, Self::ExpectedMargin, Self::Stretch, Self::PeerLevel, Self::Growth, Self::Inactivity];

    /// Its name in files, configuration and columns.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ExpectedRevenue => "expected_revenue",
            Self::ExpectedMargin => "expected_margin",
            Self::Stretch => "stretch",
            Self::PeerLevel => "peer_level",
            Self::Growth => "growth",
            Self::Inactivity => "inactivity",
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
