//! A number in [0, 1].

use serde::{Deserialize, Serialize};

use super::DomainError;

/// A probability; NaN and anything outside [0, 1] are refused.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Probability(f64);

impl Probability {
    /// `value` as a probability.
    ///
    /// # Errors
    /// A [`DomainError`] outside [0, 1].
    pub fn new(value: f64) -> Result<Self, DomainError> {
        if (0.0..=1.0).contains(&value) {
            Ok(Self(value))
        } else {
            Err(DomainError { what: "probability", value: value.to_string(), expected: "a number from 0 to 1" })
        }
    }

    /// The number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Probability {
    type Error = DomainError;

    fn try_from(value: f64) -> Result<Self, DomainError> {
        Self::new(value)
    }
}

impl From<Probability> for f64 {
    fn from(probability: Probability) -> Self {
        probability.0
    }
}
