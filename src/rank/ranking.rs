//! The ranking: METHOD's table of scores complete with class, band, service level and rank, and what the page shows
//! beside it.

use std::collections::BTreeMap;

use polars::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    AccountReasons, Basis, Cell, ClassSummary, Classes, Evidence, Headline, Movement, RankError,
    classes::{Figures, classes_at, matrix, movements, summaries},
    headline::headline,
    order::{SortKey, ranks, score},
    reasons::{HeadroomFigures, reasons},
};
use crate::{
    domain::{AbcClass, AbcThresholds, Notice, PotentialBand, Seed, ServiceLevel, cumulative_classes},
    features::Slice,
    score::{Account, ScoreFrame, Standing},
};

/// The columns of `scores.parquet`, METHOD section 11, in order.
pub const COLUMNS: [&str; 26] = [
    "customer_id",
    "as_of",
    "horizon_months",
    "population",
    "revenue_last",
    "margin_last",
    "expected_revenue",
    "expected_revenue_low",
    "expected_revenue_high",
    "expected_margin",
    "stretch_revenue",
    "peer_revenue",
    "level_used",
    "headroom_revenue",
    "headroom_low",
    "headroom_high",
    "headroom_margin",
    "growth_probability",
    "inactivity_probability",
    "can_buy_more",
    "abc_class",
    "abc_class_revenue",
    "potential_band",
    "service_level",
    "rank",
    "model_run",
];

/// An account that is listed but never ranked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Apart {
    /// The account.
    pub customer_id: String,
    /// Internal or collective.
    pub standing: Standing,
    /// Net revenue of the last 12 months.
    pub revenue_last: f64,
    /// Contribution margin of the last 12 months.
    pub margin_last: f64,
}

/// Everything a ranking consists of, before it was checked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RankingParts {
    /// One row per account of the company, [`COLUMNS`]; stored as Parquet, beside the rest.
    #[serde(skip)]
    pub table: DataFrame,
    /// What the rank follows.
    pub basis: Basis,
    /// Totals by ABC class of margin.
    pub abc: Vec<ClassSummary>,
    /// Totals by ABC class of revenue.
    pub abc_revenue: Vec<ClassSummary>,
    /// The ABC x potential matrix, where potential is shown.
    pub matrix: Option<Vec<Cell>>,
    /// Accounts that changed their class.
    pub movements: Vec<Movement>,
    /// Accounts of the population with no or negative margin in the last 12 months.
    pub unprofitable: Vec<String>,
    /// Internal and collective accounts.
    pub apart: Vec<Apart>,
    /// The figures at the top of the page.
    pub headline: Headline,
    /// Reasons of every account of the population, by id.
    pub reasons: Vec<AccountReasons>,
    /// What the reader should know.
    pub notices: Vec<Notice>,
}

/// A checked ranking.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Ranking {
    parts: RankingParts,
}

impl Ranking {
    /// Checks `parts`.
    ///
    /// # Errors
    /// If ranks are not 1 to n over the population, if two neighbours are in no strict order (rank's figure, margin,
    /// id), if shares of positive values do not sum to 1, or if potential is shown without the third verdict.
    pub fn new(parts: RankingParts) -> Result<Self, RankError> {
        check_order(&parts)?;
        check_shares(&parts)?;
        check_potential(&parts)?;
        Ok(Self { parts })
    }

    /// Everything it consists of.
    pub const fn parts(&self) -> &RankingParts {
        &self.parts
    }

    /// `scores.parquet`: one row per account of the company, ascending by id.
    pub const fn table(&self) -> &DataFrame {
        &self.parts.table
    }

    /// The ranked accounts in the order of their rank, with all columns.
    ///
    /// # Errors
    /// None in practice; the columns were checked.
    pub fn list(&self) -> Result<DataFrame, RankError> {
        let ranked = self.parts.table.filter(self.parts.table.column("population")?.bool()?)?;
        Ok(ranked.sort(["rank"], SortMultipleOptions::default())?)
    }
}

/// What a ranking is made from.
#[derive(Debug, Clone, Copy)]
pub struct RankInput<'a> {
    /// The scores at `t`.
    pub scores: &'a ScoreFrame,
    /// The slice they were made from.
    pub slice: &'a Slice,
    /// All accounts as they stood at `t - 1` and `t - 2`, where the ledger reaches back so far.
    pub before: [Option<&'a [Account]>; 2],
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
    let RankInput { scores, slice, before, evidence, thresholds, seed } = *input;
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
        (0..members.len()).map(|i| can_buy_more(evidence, headroom_low[i], threshold[i], growth[i])).collect()
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

    let stretch = numbers("stretch_revenue");
    let headroom_figures: Vec<Option<HeadroomFigures>> = (0..members.len())
        .map(|i| {
            let (at_least, stretch, expected) = (headroom_low[i]?, stretch[i]?, expected_revenue[i]?);
            potential.then_some(HeadroomFigures { expected, stretch, at_least, threshold: threshold[i] })
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
        reasons: reasons(slice, evidence.explanation.as_ref(), &headroom_figures)?,
        notices: notices(&basis, evidence, before),
        basis,
    })
}

/// METHOD section 2, without whitespace, which is not built yet: `headroom_low > d` and, where growth has skill, G
/// above its training base rate.
fn can_buy_more(evidence: &Evidence, headroom_low: Option<f64>, threshold: f64, growth: Option<f64>) -> Option<bool> {
    let enough = headroom_low? > threshold;
    if !evidence.growth_has_skill {
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

fn check_order(parts: &RankingParts) -> Result<(), RankError> {
    let table = &parts.table;
    let (ids, population) = (table.column("customer_id")?.str()?, table.column("population")?.bool()?);
    let rank = table.column("rank")?.u32()?;
    let number = |name: &str| Ok::<_, RankError>(table.column(name)?.f64()?.clone());
    let (headroom, growth) = (number("headroom_margin")?, number("growth_probability")?);
    let (expected, margin) = (number("expected_margin")?, number("margin_last")?);
    let n = population.iter().filter(|flag| *flag == Some(true)).count();
    let mut by_rank: BTreeMap<u32, SortKey<'_>> = BTreeMap::new();
    for row in 0..table.height() {
        let id = ids.get(row).unwrap_or("null");
        let wrong = |expected: String| RankError::Rank {
            account: id.into(),
            found: rank.get(row).map_or_else(|| "none".into(), |r| r.to_string()),
            expected,
        };
        match (population.get(row) == Some(true), rank.get(row)) {
            (false, None) => {}
            (false, Some(_)) => return Err(wrong("none outside the population".into())),
            (true, Some(place)) if (1..=n).contains(&(place as usize)) => {
                let key = SortKey {
                    score: score(&parts.basis, headroom.get(row), growth.get(row), expected.get(row)),
                    margin_last: margin.get(row),
                    id,
                };
                if by_rank.insert(place, key).is_some() {
                    return Err(wrong("a rank of its own".into()));
                }
            }
            (true, _) => return Err(wrong(format!("1 to {n}"))),
        }
    }
    for ((rank, first), second) in by_rank.iter().zip(by_rank.values().skip(1)) {
        let why = match first.cmp(second) {
            std::cmp::Ordering::Less => continue,
            std::cmp::Ordering::Equal => "nothing decides their order",
            std::cmp::Ordering::Greater => "their figures say the opposite",
        };
        let (first, second) = (first.id.to_owned(), second.id.to_owned());
        return Err(RankError::Order { first, second, rank: *rank, why });
    }
    Ok(())
}

fn check_shares(parts: &RankingParts) -> Result<(), RankError> {
    for (what, summaries, column) in
        [("margin", &parts.abc, "margin_last"), ("revenue", &parts.abc_revenue, "revenue_last")]
    {
        let sum: f64 = summaries.iter().map(|summary| summary.share).sum();
        let positive = parts.table.column(column)?.f64()?.iter().flatten().any(|value| value > 0.0);
        let expected = if positive { 1.0 } else { 0.0 };
        if (sum - expected).abs() > 1e-9 {
            return Err(RankError::Shares { what, sum });
        }
    }
    Ok(())
}

fn check_potential(parts: &RankingParts) -> Result<(), RankError> {
    let table = &parts.table;
    let shown = parts.basis.shows_potential();
    let (ids, population) = (table.column("customer_id")?.str()?, table.column("population")?.bool()?);
    for column in ["potential_band", "service_level", "can_buy_more"] {
        let nulls = table.column(column)?.is_null();
        for row in 0..table.height() {
            let known = nulls.get(row) == Some(false);
            let may = shown && population.get(row) == Some(true);
            // Whether an account can buy more may stay open where growth of that account is unknown.
            if known && !may || !known && may && column != "can_buy_more" {
                return Err(RankError::Potential {
                    account: ids.get(row).unwrap_or("null").into(),
                    column,
                    found: if known { "a value" } else { "none" }.into(),
                    expected: if may { "a value" } else { "none without the third verdict" },
                });
            }
        }
    }
    if parts.matrix.is_some() != shown {
        return Err(RankError::Potential {
            account: "all".into(),
            column: "matrix",
            found: if shown { "none" } else { "a value" }.into(),
            expected: if shown { "a value" } else { "none without the third verdict" },
        });
    }
    Ok(())
}
