//! From scores and evidence to the ranking: classes, bands, order, headline and reasons put together.

use std::collections::BTreeMap;

use polars::prelude::*;

use super::{
    Apart, Basis, Classes, Evidence, Movement, RankError, Ranking, RankingParts,
    classes::{Figures, classes_at, matrix, movements, summaries},
    headline::headline,
    order::{SortKey, ranks, score},
    ranking::COLUMNS,
    reasons::{HeadroomFigures, reasons},
};
use crate::{
    domain::{AbcClass, AbcThresholds, Level, Notice, PotentialBand, Seed, ServiceLevel, cumulative_classes},
    features::{Overdue, Slice},
    score::{Account, ScoreFrame, Standing, WhitespaceScores},
};

/// What a ranking is made from.
#[derive(Debug, Clone, Copy)]
pub struct RankInput<'a> {
    /// The scores at `t`.
    pub scores: &'a ScoreFrame,
    /// The slice they were made from.
    pub slice: &'a Slice,
    /// All accounts as they stood at `t - 1` and `t - 2`, where the ledger reaches back so far.
    pub before: [Option<&'a [Account]>; 2],
    /// First purchases of product groups, where they are known.
    pub whitespace: Option<&'a WhitespaceScores>,
    /// Overdue invoices by account, of accounts that have any.
    pub overdue: &'a BTreeMap<String, Overdue>,
    /// What may be claimed.
    pub evidence: &'a Evidence,
    /// Limits of classes and bands.
    pub thresholds: AbcThresholds,
    /// The seed of the run.
    pub seed: Seed,
}

/// Ranks the population; see the module for what follows from the evidence.
///
/// # Errors
/// If scores and slice do not fit each other.
pub fn rank(input: &RankInput<'_>) -> Result<Ranking, RankError> {
    let RankInput { scores, slice, before, whitespace, overdue: overdue_invoices, evidence, thresholds, seed } = *input;
    let population = scores.population();
    let ids = scores.accounts();
    let members: Vec<usize> = (0..ids.len()).filter(|&i| population[i]).collect();
    if !members.iter().map(|&i| Some(ids[i])).eq(slice.features().accounts().iter()) {
        return Err(RankError::Misaligned {
            scores: members.len(),
            slice: slice.height(),
            as_of: slice.as_of().to_string(),
        });
    }
    let numbers = |name: &str| -> Vec<Option<f64>> {
        let all = scores.numbers(name);
        members.iter().map(|&i| all[i]).collect()
    };
    let (headroom_margin, growth) = (numbers("headroom_margin"), numbers("growth_probability"));
    let (revenue_last, margin_last) = (filled(&numbers("revenue_last")), filled(&numbers("margin_last")));
    let (expected_revenue, expected_margin) = (numbers("expected_revenue"), numbers("expected_margin"));
    let basis = basis(evidence, &headroom_margin, &numbers("headroom_low"));
    let potential = basis.shows_potential();

    let abc = cumulative_classes(&margin_last, thresholds);
    let abc_revenue = cumulative_classes(&revenue_last, thresholds);
    let figures: Vec<Figures> = {
        let headroom_revenue = filled(&numbers("headroom_revenue"));
        let (headroom, revenue, margin) =
            (filled(&headroom_margin), filled(&expected_revenue), filled(&expected_margin));
        (0..members.len())
            .map(|i| Figures {
                revenue_last: revenue_last[i],
                margin_last: margin_last[i],
                expected_revenue: revenue[i],
                expected_margin: margin[i],
                headroom_revenue: headroom_revenue[i],
                headroom_margin: headroom[i],
            })
            .collect()
    };
    let bands: Option<Vec<PotentialBand>> = potential.then(|| {
        cumulative_classes(&filled(&headroom_margin), thresholds).into_iter().map(PotentialBand::from).collect()
    });
    let overdue = numbers("overdue_amount");
    let levels: Option<Vec<ServiceLevel>> = bands.as_ref().map(|bands| {
        (0..members.len())
            .map(|i| match (abc[i], overdue[i]) {
                (AbcClass::A, Some(amount)) if amount > 0.0 => ServiceLevel::SecurePaymentFirst,
                (class, _) => ServiceLevel::of(class, bands[i]),
            })
            .collect()
    });
    let (headroom_low, threshold) = (numbers("headroom_low"), filled(&numbers("growth_threshold")));
    let can_buy_more: Option<Vec<Option<bool>>> = potential.then(|| {
        let first_purchases = |i: usize| whitespace.map(|whitespace| whitespace.total[i]);
        (0..members.len())
            .map(|i| can_buy_more(evidence, headroom_low[i], threshold[i], growth[i], first_purchases(i)))
            .collect()
    });
    let ranks = {
        let keys: Vec<SortKey<'_>> = (0..members.len())
            .map(|i| SortKey {
                score: score(&basis, headroom_margin[i], growth[i], expected_margin[i]),
                margin_last: Some(margin_last[i]),
                id: ids[members[i]],
            })
            .collect();
        ranks(&keys)
    };

    let (level, level_used) = (numbers("level_revenue"), scores.texts("level_used"));
    let headroom_figures: Vec<Option<HeadroomFigures>> = (0..members.len())
        .map(|i| {
            let (at_least, level, expected) = (headroom_low[i]?, level[i]?, expected_revenue[i]?);
            let used = Level::named(level_used[members[i]]?)?;
            potential.then_some(HeadroomFigures { expected, used, level, at_least, threshold: threshold[i] })
        })
        .collect();
    let spread = Spread { rows: &members, height: ids.len() };
    let everyone_can = can_buy_more.as_ref().map(|can| spread.options(can));
    let named = |classes: &[AbcClass]| spread.values(&classes.iter().map(|c| c.name()).collect::<Vec<_>>());
    let bands_named = bands.as_ref().map(|bands| bands.iter().map(|band| band.name()).collect::<Vec<_>>());
    let levels_named = levels.as_ref().map(|levels| levels.iter().map(|level| level.name()).collect::<Vec<_>>());
    let absent = || vec![None::<&str>; ids.len()];
    let mut columns = Vec::with_capacity(COLUMNS.len());
    for name in COLUMNS {
        columns.push(match name {
            "can_buy_more" => {
                Column::new(name.into(), everyone_can.clone().unwrap_or_else(|| vec![None::<bool>; ids.len()]))
            }
            "abc_class" => Column::new(name.into(), named(&abc)),
            "abc_class_revenue" => Column::new(name.into(), named(&abc_revenue)),
            "potential_band" => {
                Column::new(name.into(), bands_named.as_ref().map_or_else(absent, |names| spread.values(names)))
            }
            "service_level" => {
                Column::new(name.into(), levels_named.as_ref().map_or_else(absent, |names| spread.values(names)))
            }
            "rank" => Column::new(name.into(), spread.values(&ranks)),
            _ => scores.frame().column(name)?.clone(),
        });
    }
    Ranking::new(RankingParts {
        table: DataFrame::new(ids.len(), columns)?,
        whitespace: whitespace.map(|whitespace| whitespace.table.clone()),
        abc: summaries(&figures, &abc, &margin_last),
        abc_revenue: summaries(&figures, &abc_revenue, &revenue_last),
        matrix: bands.as_ref().map(|bands| matrix(&figures, &abc, bands)),
        movements: {
            let now =
                members.iter().map(|&i| ids[i].to_owned()).zip(abc.iter().copied().zip(margin_last.iter().copied()));
            moved(&now.collect(), before, thresholds)
        },
        unprofitable: members
            .iter()
            .zip(&margin_last)
            .filter(|(_, m)| **m <= 0.0)
            .map(|(&i, _)| ids[i].into())
            .collect(),
        apart: apart(scores),
        headline: headline(scores, everyone_can.as_deref(), &evidence.shocks, seed),
        reasons: reasons(slice, evidence.explanation.as_ref(), &headroom_figures, whitespace, overdue_invoices)?,
        notices: notices(&basis, evidence, before),
        basis,
    })
}

/// METHOD section 2: `headroom_low > d`, and, where growth has skill, G above its training base rate or the sum of
/// expected first purchases above d.
fn can_buy_more(
    evidence: &Evidence,
    headroom_low: Option<f64>,
    threshold: f64,
    growth: Option<f64>,
    first_purchases: Option<f64>,
) -> Option<bool> {
    let enough = headroom_low? > threshold;
    if !evidence.growth_has_skill || first_purchases.is_some_and(|revenue| revenue > threshold) {
        return Some(enough);
    }
    Some(enough && growth? > evidence.growth_base_rate?)
}

fn basis(evidence: &Evidence, headroom_margin: &[Option<f64>], headroom_low: &[Option<f64>]) -> Basis {
    let unknown = |values: &[Option<f64>]| values.iter().any(Option::is_none);
    let because = if !evidence.potential.holds {
        Some(evidence.potential.evidence.clone())
    } else if unknown(headroom_margin) {
        Some("there is no model of a good year, or no margin rate, to measure headroom with".to_owned())
    } else if unknown(headroom_low) {
        Some("there are too few refits to tell headroom from estimation error".to_owned())
    } else {
        None
    };
    match because {
        Some(because) => Basis::ExpectedMargin { because },
        None => Basis::Potential { growth_counts: evidence.growth_has_skill },
    }
}

fn moved(now: &Classes, before: [Option<&[Account]>; 2], thresholds: AbcThresholds) -> Vec<Movement> {
    let [Some(last), Some(earlier)] = before else { return Vec::new() };
    movements(now, [&classes_at(last, thresholds), &classes_at(earlier, thresholds)])
}

fn apart(scores: &ScoreFrame) -> Vec<Apart> {
    let (ids, standings) = (scores.accounts(), scores.texts("standing"));
    let (revenue, margin) = (scores.numbers("account_revenue"), scores.numbers("account_margin"));
    let listed = [Standing::Internal, Standing::Collective];
    (0..ids.len())
        .filter_map(|i| {
            let standing = listed.into_iter().find(|standing| Some(standing.name()) == standings[i])?;
            Some(Apart { customer_id: ids[i].into(), standing, revenue_last: revenue[i]?, margin_last: margin[i]? })
        })
        .collect()
}

fn notices(basis: &Basis, evidence: &Evidence, before: [Option<&[Account]>; 2]) -> Vec<Notice> {
    let mut notices = Vec::new();
    match basis {
        Basis::ExpectedMargin { .. } => notices.push(Notice::warning("potential-not-shown", basis.sentence())),
        Basis::Potential { growth_counts: false } => {
            notices.push(Notice::info("growth-without-skill", basis.sentence()))
        }
        Basis::Potential { growth_counts: true } => {}
    }
    if evidence.shocks.is_empty() {
        notices.push(Notice::warning(
            "totals-without-interval",
            "totals carry no interval, since no past origin tells how far forecast totals miss",
        ));
    }
    if before.iter().any(Option::is_none) {
        notices.push(Notice::info("movements-unknown", "movements between classes need three months of classes"));
    }
    notices
}

/// Values of the population spread over all accounts.
struct Spread<'a> {
    rows: &'a [usize],
    height: usize,
}

impl Spread<'_> {
    fn values<T: Copy>(&self, values: &[T]) -> Vec<Option<T>> {
        self.options(&values.iter().copied().map(Some).collect::<Vec<_>>())
    }

    fn options<T: Copy>(&self, values: &[Option<T>]) -> Vec<Option<T>> {
        let mut all = vec![None; self.height];
        for (&row, &value) in self.rows.iter().zip(values) {
            all[row] = value;
        }
        all
    }
}

/// For sums and classes, where an unknown amount counts as none.
fn filled(values: &[Option<f64>]) -> Vec<f64> {
    values.iter().map(|value| value.unwrap_or(0.0)).collect()
}
