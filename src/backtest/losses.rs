//! Which loss decides for which target, on which rows, and what else is measured beside it.

use super::metrics::{self, Order, level, probability, quantile, ranking};
use crate::{
    domain::Target,
    train::{Rows, TrainError},
};

/// The share below stretch and peer level.
const STRETCH: f64 = 0.9;
/// The share of accounts whose capture and lift are reported: a usual visit capacity.
pub(super) const TOP: f64 = 0.1;

/// Name of the loss that compares rungs.
pub(super) const fn deciding_metric(target: Target) -> &'static str {
    match target {
        Target::ExpectedRevenue => "tweedie_deviance",
        Target::ExpectedMargin => "squared_error",
        Target::Stretch | Target::PeerLevel => "pinball_loss",
        Target::Growth | Target::Inactivity => "log_loss",
    }
}

/// That loss per row.
pub(super) fn losses(target: Target, predicted: &[f64], actual: &[f64]) -> Vec<f64> {
    match target {
        Target::ExpectedRevenue => level::tweedie_deviance(predicted, actual),
        Target::ExpectedMargin => level::squared_error(predicted, actual),
        Target::Stretch | Target::PeerLevel => quantile::pinball(predicted, actual, STRETCH),
        Target::Growth | Target::Inactivity => probability::log_loss(predicted, actual),
    }
}

/// The outcome of a target.
pub(super) fn outcome(target: Target, rows: &Rows<'_>) -> Result<Vec<f64>, TrainError> {
    rows.label(match target {
        Target::ExpectedRevenue | Target::Stretch | Target::PeerLevel => "revenue",
        Target::ExpectedMargin => "margin",
        Target::Growth => "grew",
        Target::Inactivity => "inactive",
    })
}

/// Positions that count for a target: new accounts are left out of growth, since their base is a class mean.
pub(super) fn counted(target: Target, rows: &Rows<'_>) -> Result<Vec<usize>, TrainError> {
    if target != Target::Growth {
        return Ok((0..rows.len()).collect());
    }
    Ok(rows.is_new()?.into_iter().enumerate().filter(|(_, new)| !new).map(|(row, _)| row).collect())
}

/// How well a target's accounts are ordered: AUC for probabilities, else Spearman.
pub(super) fn ordering(target: Target, predicted: &Order, actual: &Order, outcome: &[f64], weight: &[f64]) -> f64 {
    match target {
        Target::Growth | Target::Inactivity => probability::auc(predicted, outcome, weight),
        _ => ranking::spearman(predicted, actual, weight),
    }
}

/// One rung's predictions on one set of rows, sorted once so that every metric can be had for any weights.
pub(super) struct Measured<'a> {
    target: Target,
    predicted: &'a [f64],
    actual: &'a [f64],
    losses: Vec<f64>,
    by_predicted: Order,
    by_actual: Order,
}

impl<'a> Measured<'a> {
    pub(super) fn new(target: Target, predicted: &'a [f64], actual: &'a [f64]) -> Self {
        Self {
            target,
            predicted,
            actual,
            losses: losses(target, predicted, actual),
            by_predicted: Order::descending(predicted),
            by_actual: Order::descending(actual),
        }
    }

    /// Names and values of all metrics of the target, the deciding one first.
    pub(super) fn all(&self, weight: &[f64]) -> Vec<(&'static str, f64)> {
        let (p, y) = (self.predicted, self.actual);
        let mut figures = vec![(deciding_metric(self.target), metrics::mean(&self.losses, weight))];
        match self.target {
            Target::ExpectedRevenue | Target::ExpectedMargin => figures.extend([
                ("rmse", level::rmse(p, y, weight)),
                ("bias", level::bias(p, y, weight)),
                ("mae", level::mae(p, y, weight)),
                ("spearman", ranking::spearman(&self.by_predicted, &self.by_actual, weight)),
                ("normalised_gini", ranking::normalised_gini(&self.by_predicted, &self.by_actual, y, weight)),
                ("capture_10", ranking::capture(&self.by_predicted, &self.by_actual, y, weight, TOP)),
            ]),
            Target::Stretch | Target::PeerLevel => {
                figures.push(("share_above", metrics::mean(&quantile::above(p, y), weight)))
            }
            Target::Growth | Target::Inactivity => figures.extend([
                ("auc", probability::auc(&self.by_predicted, y, weight)),
                ("average_precision", probability::average_precision(&self.by_predicted, y, weight)),
                ("base_rate", metrics::mean(y, weight)),
                ("lift_10", probability::lift(&self.by_predicted, y, weight, TOP)),
            ]),
        }
        figures
    }
}
