//! How often, and by which channel, an account of each service level is contacted.
//!
//! Conventions to start from, not estimates: what a contact causes is unknown until randomised visits were evaluated.

use serde::{Deserialize, Serialize};

use crate::domain::ServiceLevel;

/// How an account is contacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// In person.
    Visit,
    /// By telephone or video.
    Phone,
    /// By newsletter or shop.
    Digital,
}

/// How often an account is contacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cadence {
    /// By which channel.
    pub channel: Channel,
    /// Weeks from one contact to the next.
    pub every_weeks: u8,
}

/// The cadence of a service level.
pub const fn cadence(level: ServiceLevel) -> Cadence {
    let (channel, every_weeks) = match level {
        ServiceLevel::Develop => (Channel::Visit, 4),
        ServiceLevel::Protect => (Channel::Visit, 8),
        ServiceLevel::ValidateByQuestion => (Channel::Phone, 13),
        ServiceLevel::KeepCostLow => (Channel::Digital, 13),
        ServiceLevel::SecurePaymentFirst => (Channel::Phone, 2),
    };
    Cadence { channel, every_weeks }
}
