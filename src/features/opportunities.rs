//! What is being sold: open opportunities, how they stand, and how often one was won.
//!
//! An opportunity decided after `t` is open at `t`. Stage, amount, probability, expected decision, competitor, chances
//! and risks are undated state: unknown before they were received. When a state last changed can be told wherever
//! states are dated; how often a stage did, only of opportunities whose states were kept from the first. Nothing is known
//! before the first opportunity of the whole company; from then on no opportunity means none.

use super::{as_of::Known, catalogue::Feature, monetary::units};

const FAMILY: &str = "opportunities";

pub(super) const FEATURES: [Feature; 13] = [
    Feature::number(FAMILY, "opportunities_open", "count", "opportunities that are open at the end of `t`"),
    Feature::number(FAMILY, "opportunity_amount", "currency", "amount of the open ones whose amount is known"),
    Feature::number(
        FAMILY,
        "opportunity_weighted_amount",
        "currency",
        "amount times probability of the open ones, where both are known",
    ),
    Feature::number(
        FAMILY,
        "opportunity_age",
        "days",
        "days from the opening of the oldest open one to the end of `t`",
    ),
    Feature::number(
        FAMILY,
        "opportunity_days_to_decision",
        "days",
        "days from the end of `t` to the earliest decision expected of the open ones; negative if overdue",
    ),
    Feature::number(
        FAMILY,
        "opportunity_days_since_change",
        "days",
        "days from the last change in the state of an open one to the end of `t`, where the source dates its states",
    ),
    Feature::number(
        FAMILY,
        "opportunity_stage_changes",
        "count",
        "changes of stage of those open ones whose states the source dates and delivered from their opening on",
    ),
    Feature::number(FAMILY, "opportunity_competitors", "count", "open ones for which a competitor is named"),
    Feature::number(FAMILY, "opportunity_chances", "count", "open ones for which a chance is named"),
    Feature::number(FAMILY, "opportunity_risks", "count", "open ones for which a risk is named"),
    Feature::number(FAMILY, "opportunities_opened_12", "count", "opportunities opened").over(12),
    Feature::number(
        FAMILY,
        "win_rate_24",
        "share",
        "share of the opportunities decided in the window, by stage or else probability, that were won",
    )
    .over(24),
    Feature::number(
        FAMILY,
        "opportunities_known",
        "flag",
        "1 if opportunities were recorded by the end of `t`, else 0",
    ),
];

/// The family's values in the order of [`FEATURES`].
pub(super) fn values(known: &Known<'_>, account: usize) -> [Option<f64>; FEATURES.len()] {
    let mut values = [None; FEATURES.len()];
    let months = known.opportunity_months();
    values[12] = Some(f64::from(u8::from(months.is_some())));
    let Some(months) = months else { return values };
    let end = known.end_day();
    let (year, two_years) = (known.first_day_of_window(12), known.first_day_of_window(24));
    let (mut open, mut opened, mut won, mut decided) = (0_u32, 0_u32, 0_u32, 0_u32);
    let (mut stated, mut amount, mut weighted) = (0_u32, 0_i64, 0.0);
    let mut named = [0_u32; 3];
    let (mut oldest, mut decision, mut changed) = (None::<i32>, None::<i32>, None::<i32>);
    let mut moves = None::<i32>;
    for opportunity in known.opportunities(account) {
        opened += u32::from(opportunity.opened >= year);
        if let Some(closed) = opportunity.closed {
            if let Some(outcome) = opportunity.state.and_then(|state| state.won)
                && closed >= two_years
            {
                decided += 1;
                won += u32::from(outcome);
            }
            continue;
        }
        open += 1;
        oldest = Some(oldest.map_or(opportunity.opened, |day| day.min(opportunity.opened)));
        let Some(state) = opportunity.state else { continue };
        stated += 1;
        amount += state.amount.unwrap_or(0);
        weighted += state.amount.zip(state.probability).map_or(0.0, |(amount, chance)| units(amount) * chance);
        decision = state.decision.map_or(decision, |day| Some(decision.map_or(day, |first| first.min(day))));
        changed = changed.max(state.since);
        if let Some(changes) = state.stage_changes {
            moves = Some(moves.unwrap_or(0) + changes);
        }
        let flags = [state.has_competitor, state.has_chance, state.has_risk];
        named.iter_mut().zip(flags).for_each(|(count, flag)| *count += u32::from(flag));
    }
    values[0] = Some(f64::from(open));
    if open == 0 || stated > 0 {
        values[1] = Some(units(amount));
        values[2] = Some(weighted);
        values[7..10].iter_mut().zip(named).for_each(|(value, count)| *value = Some(f64::from(count)));
    }
    values[3] = oldest.map(|day| f64::from(end - day));
    values[4] = decision.map(|day| f64::from(day - end));
    values[5] = changed.map(|day| f64::from(end - day));
    values[6] = moves.map(f64::from);
    values[10] = (months >= 12).then_some(f64::from(opened));
    values[11] = (months >= 24 && decided > 0).then(|| f64::from(won) / f64::from(decided));
    values
}
