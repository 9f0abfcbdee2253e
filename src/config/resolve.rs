//! `[resolve]`: from which probability records are merged, and from which a person is asked.

use serde::{Deserialize, Serialize};

/// Settings of the resolve stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, try_from = "RawResolve")]
pub struct ResolveConfig {
    /// Records whose probability of being one company is at least this are merged.
    pub merge: f64,
    /// Pairs of at least this one that stay apart are listed in `data/review.csv`.
    pub review: f64,
}

impl Default for ResolveConfig {
    /// A false merge mixes two customers' figures and is seen by nobody; a missed one is listed for review. So only what
    /// is wrong once in twenty is merged unasked.
    fn default() -> Self {
        Self { merge: 0.95, review: 0.5 }
    }
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawResolve {
    merge: f64,
    review: f64,
}

impl Default for RawResolve {
    fn default() -> Self {
        let ResolveConfig { merge, review } = ResolveConfig::default();
        Self { merge, review }
    }
}

impl TryFrom<RawResolve> for ResolveConfig {
    type Error = String;

    fn try_from(raw: RawResolve) -> Result<Self, String> {
        let RawResolve { merge, review } = raw;
        if 0.0 < review && review <= merge && (0.5..1.0).contains(&merge) {
            Ok(Self { merge, review })
        } else {
            Err(format!(
                "merge and review are `{merge}` and `{review}`, expected 0 < review <= merge and 0.5 <= merge < 1"
            ))
        }
    }
}
