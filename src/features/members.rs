//! A population that is asked about part by part: its features as a whole are 1.4 kB an account.

use std::ops::Range;

use super::{
    AccountFrame, BaselineFrame, FeatureError, Slice,
    origin::{Joined, Origin},
};
use crate::domain::Horizon;

/// The accounts of one origin, in ascending order, whose features can be had for some of them at a time.
pub trait Parts {
    /// What rung 0 says of all accounts.
    fn baselines(&self) -> &BaselineFrame;

    /// Consecutive accounts, as a slice of all of them would hold them.
    ///
    /// # Errors
    /// If features cannot be put together.
    fn part(&self, rows: Range<usize>) -> Result<Slice, FeatureError>;

    /// Number of accounts.
    fn height(&self) -> usize {
        self.baselines().height()
    }

    /// How many accounts are best asked about at a time: what is made of their features stays small beside the features
    /// of all.
    fn at_a_time(&self) -> usize {
        1 << 15
    }
}

impl Parts for Slice {
    fn baselines(&self) -> &BaselineFrame {
        self.baselines()
    }

    fn part(&self, rows: Range<usize>) -> Result<Slice, FeatureError> {
        Ok(self.part(rows))
    }
}

/// The population of one origin; the features of a part of it are put together when they are asked for.
#[derive(Debug)]
pub struct Members<'a> {
    origin: Origin<'a>,
    joined: Joined,
    baselines: BaselineFrame,
}

impl<'a> Members<'a> {
    pub(super) fn new(origin: Origin<'a>, horizon: Horizon) -> Result<Self, FeatureError> {
        let (joined, baselines) = rayon::join(|| origin.joined(), || origin.baselines(horizon));
        Ok(Self { joined: joined?, baselines: baselines?, origin })
    }

    /// Every account known at the origin, in the population or not.
    ///
    /// # Errors
    /// None in practice; the columns exist by construction.
    pub fn all_accounts(&self) -> Result<AccountFrame, FeatureError> {
        self.origin.accounts()
    }
}

impl Parts for Members<'_> {
    fn baselines(&self) -> &BaselineFrame {
        &self.baselines
    }

    fn part(&self, rows: Range<usize>) -> Result<Slice, FeatureError> {
        let features = self.origin.features_of(rows.clone(), &self.joined)?;
        Slice::new(features, self.baselines.part(rows), None)
    }
}
