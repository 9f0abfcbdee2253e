//! Reasons that are plain facts of the account, read from its features.

use std::collections::BTreeMap;

use super::{RankError, Reason, ReasonKind, Stance};
use crate::features::{Overdue, Slice};

/// Changes of revenue below this share are no trend.
const SMALLEST_CHANGE: f64 = 0.1;
/// Silence longer than this many usual gaps counts against; up to one gap counts for.
const LATE: f64 = 2.0;

/// The columns that facts are read from; NaN is unknown.
pub(super) struct Facts {
    pub overdue: Vec<f64>,
    pub overdue_invoices: Vec<Option<Overdue>>,
    pub since_last: Vec<f64>,
    pub usual_gap: Vec<f64>,
    pub revenue_12: Vec<f64>,
    pub revenue_24: Vec<f64>,
    pub nps: Vec<f64>,
    pub nps_age: Vec<f64>,
    pub complaints_open: Vec<f64>,
}

impl Facts {
    /// `overdue` by account.
    pub(super) fn of(slice: &Slice, overdue: &BTreeMap<String, Overdue>) -> Result<Self, RankError> {
        let column = |name: &str| slice.features().numbers(name);
        let accounts = slice.features().accounts().iter();
        Ok(Self {
            overdue: column("overdue_amount")?,
            overdue_invoices: accounts.map(|id| overdue.get(id.unwrap_or_default()).copied()).collect(),
            since_last: column("days_since_last_order")?,
            usual_gap: column("order_gap_mean_24")?,
            revenue_12: column("revenue_12")?,
            revenue_24: column("revenue_24")?,
            nps: column("nps_score")?,
            nps_age: column("nps_age")?,
            complaints_open: column("complaints_open")?,
        })
    }

    /// The fact that decides payment.
    pub(super) fn overdue(&self, i: usize) -> Option<Reason> {
        (self.overdue[i] > 0.0).then(|| Reason {
            stance: Stance::Against,
            kind: ReasonKind::Overdue { amount: self.overdue[i], invoices: self.overdue_invoices[i] },
        })
    }

    /// Facts beside payment, in fixed order of weight.
    pub(super) fn others(&self, i: usize) -> Vec<Reason> {
        let mut found = Vec::new();
        let mut push = |stance, kind| found.push(Reason { stance, kind });
        let (days, gap) = (self.since_last[i], self.usual_gap[i]);
        if gap > 0.0 {
            let kind = ReasonKind::Rhythm { days_since_last_order: days, usual_gap_days: gap };
            if days > LATE * gap {
                push(Stance::Against, kind);
            } else if days <= gap {
                push(Stance::For, kind);
            }
        }
        let (last_12, before_12) = (self.revenue_12[i], self.revenue_24[i] - self.revenue_12[i]);
        let change = last_12 / before_12 - 1.0;
        if before_12 > 0.0 && change.abs() >= SMALLEST_CHANGE {
            let stance = if change > 0.0 { Stance::For } else { Stance::Against };
            push(stance, ReasonKind::Trend { last_12, before_12 });
        }
        let kind = ReasonKind::Recommendation { score: self.nps[i], age_days: known(self.nps_age[i]) };
        // The classes of NPS: 9 and 10 promote, 0 to 6 detract.
        if self.nps[i] >= 9.0 {
            push(Stance::For, kind);
        } else if self.nps[i] <= 6.0 {
            push(Stance::Against, kind);
        }
        if self.complaints_open[i] > 0.0 {
            push(Stance::Against, ReasonKind::OpenComplaints { open: self.complaints_open[i] });
        }
        found
    }
}

pub(super) fn known(value: f64) -> Option<f64> {
    (!value.is_nan()).then_some(value)
}
