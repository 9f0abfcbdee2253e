//! The figures at the top of the page: how many accounts can buy more, how much in total, how sure.

use serde::{Deserialize, Serialize};

use crate::{
    domain::Seed,
    score::{ScoreFrame, Shock, Summand, Total, totals},
};

/// Totals over the population. What needs potential is absent where none may be shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Headline {
    /// All accounts of the company.
    pub accounts: usize,
    /// Those that are scored and ranked.
    pub population: usize,
    /// Of these, with under 12 months of history.
    pub new: usize,
    /// Of the population, how many can buy more.
    pub can_buy_more: Option<usize>,
    /// Expected revenue over the horizon.
    pub expected_revenue: Total,
    /// Expected margin over the horizon.
    pub expected_margin: Total,
    /// Headroom in revenue of the accounts that can buy more.
    pub headroom_revenue: Option<Total>,
    /// Headroom in margin of the accounts that can buy more.
    pub headroom_margin: Option<Total>,
    /// How past totals came out, on which the intervals rest.
    pub shocks: Vec<Shock>,
}

/// Adds up the population; `can_buy_more` has one entry per account of the company.
pub(super) fn headline(
    scores: &ScoreFrame,
    can_buy_more: Option<&[Option<bool>]>,
    shocks: &[Shock],
    seed: Seed,
) -> Headline {
    let population = scores.population();
    let members: Vec<usize> = (0..population.len()).filter(|&i| population[i]).collect();
    let of = |rows: &[usize], name: &str| {
        let values = scores.numbers(name);
        rows.iter().map(|&i| values[i].unwrap_or(0.0)).collect::<Vec<f64>>()
    };
    let (revenue, margin) = (of(&members, "expected_revenue"), of(&members, "expected_margin"));
    let summand = |point| Summand { point, refits: &[] };
    let [expected_revenue, expected_margin] =
        totals([summand(&revenue), summand(&margin)], shocks, seed.derive("headline/expected"));
    let potential = can_buy_more.map(|can| {
        let able: Vec<usize> = members.iter().copied().filter(|&i| can[i] == Some(true)).collect();
        let rates: Vec<f64> = of(&able, "margin_rate").into_iter().map(|rate| rate.max(0.0)).collect();
        let refits: Vec<Vec<f64>> = scores
            .refit_headroom()
            .into_iter()
            .map(|refit| able.iter().map(|&i| refit[i].unwrap_or(0.0)).collect())
            .collect();
        let in_margin: Vec<Vec<f64>> =
            refits.iter().map(|refit| refit.iter().zip(&rates).map(|(h, rate)| h * rate).collect()).collect();
        let (revenue, margin) = (of(&able, "headroom_revenue"), of(&able, "headroom_margin"));
        let columns = [Summand { point: &revenue, refits: &refits }, Summand { point: &margin, refits: &in_margin }];
        (able.len(), totals(columns, shocks, seed.derive("headline/headroom")))
    });
    Headline {
        accounts: population.len(),
        population: members.len(),
        new: scores.flags("is_new").into_iter().filter(|flag| *flag == Some(true)).count(),
        can_buy_more: potential.map(|(n, _)| n),
        expected_revenue,
        expected_margin,
        headroom_revenue: potential.map(|(_, [revenue, _])| revenue),
        headroom_margin: potential.map(|(_, [_, margin])| margin),
        shocks: shocks.to_vec(),
    }
}
