//! Where our own people and the figures disagree: the first use of the staff survey.
//!
//! Three lists. *Poor relationship*: an account that holds much headroom (without the third verdict: one of class A) and
//! whose relationship is judged poor, beyond the error of the judgement; its potential will not be realised unless
//! somebody acts. *Staff above* and *staff below*: the score of potential lies far from the one that the model's figure
//! suggests, by a straight line through all accounts in the log of that figure. Somebody knows something that the data
//! do not show, or believes something that they do not bear out.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use super::{Score, StaffRound, SurveyError};
use crate::{
    backtest::metrics::{Order, ranking::spearman},
    domain::{AbcClass, PotentialBand},
};

/// A relationship is poor up to this score, where NPS too sees a detractor.
const POOR: f64 = 6.0;
/// Accounts below which no line is drawn through them.
const FEWEST_ACCOUNTS: usize = 20;
/// Standard deviations from the line, and standard errors of the score, beyond which staff and model disagree.
const FAR: f64 = 1.5;

/// An account of the ranking, in what is compared with judgements.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged<'a> {
    /// Its leading id.
    pub customer_id: &'a str,
    /// Its name, where one is known.
    pub name: Option<&'a str>,
    /// Class by contribution margin.
    pub abc_class: AbcClass,
    /// Band by headroom, where potential is shown.
    pub potential_band: Option<PotentialBand>,
    /// What the model holds realistic: expected revenue and, where potential is shown, headroom.
    pub realistic_revenue: f64,
    /// Headroom in margin where potential is shown, else expected margin.
    pub margin: f64,
}

impl<'a> Judged<'a> {
    /// The accounts of `ranking`, METHOD's table in order of rank, with their `names` by id.
    ///
    /// # Errors
    /// If a column is missing or of another type.
    pub fn all(
        ranking: &'a DataFrame,
        names: &BTreeMap<&'a str, &'a str>,
        potential_shown: bool,
    ) -> Result<Vec<Self>, SurveyError> {
        let text = |name: &str| ranking.column(name).and_then(|column| column.str());
        let number = |name: &str| ranking.column(name).and_then(|column| column.f64());
        let (ids, classes, bands) = (text("customer_id")?, text("abc_class")?, text("potential_band")?);
        let (expected, headroom) = (number("expected_revenue")?, number("headroom_revenue")?);
        let margin = number(if potential_shown { "headroom_margin" } else { "expected_margin" })?;
        let named = |row: usize| {
            let (class, band) = (classes.get(row)?, bands.get(row));
            let headroom = if potential_shown { headroom.get(row).unwrap_or_default() } else { 0.0 };
            let customer_id = ids.get(row)?;
            Some(Self {
                customer_id,
                name: names.get(customer_id).copied(),
                abc_class: AbcClass::ALL.into_iter().find(|known| known.name() == class)?,
                potential_band: PotentialBand::ALL.into_iter().find(|known| Some(known.name()) == band),
                realistic_revenue: expected.get(row)? + headroom,
                margin: margin.get(row).unwrap_or_default(),
            })
        };
        Ok((0..ranking.height()).filter_map(named).collect())
    }
}

/// What staff and model disagree about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Much to gain, or much to lose, and a poor relationship.
    PoorRelationship,
    /// Staff sees far more potential than the model.
    StaffAbove,
    /// Staff sees far less.
    StaffBelow,
}

impl Kind {
    /// All kinds, in the order of the page.
    pub const ALL: [Self; 3] = [Self::PoorRelationship, Self::StaffAbove, Self::StaffBelow];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PoorRelationship => "poor_relationship",
            Self::StaffAbove => "staff_above",
            Self::StaffBelow => "staff_below",
        }
    }
}

/// One account of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disagreement {
    /// Which list.
    pub kind: Kind,
    /// The account.
    pub customer_id: String,
    /// Its name, where one is known.
    pub name: Option<String>,
    /// Class by contribution margin.
    pub abc_class: AbcClass,
    /// Headroom in margin where potential is shown, else expected margin.
    pub margin: f64,
    /// What staff says of its potential, 0 to 10.
    pub potential: Option<f64>,
    /// The score that the model's figure suggests.
    pub suggested: Option<f64>,
    /// What staff says of the relationship, 0 to 10.
    pub relationship: Option<f64>,
}

/// How far staff and model agree on all accounts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// Accounts with a score of potential and a figure of the model.
    pub accounts: usize,
    /// Rank correlation of the two.
    pub spearman: f64,
}

/// All lists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disagreements {
    /// Whether the model's figure is headroom and what is expected, or only what is expected.
    pub potential_shown: bool,
    /// `None` below 20 accounts.
    pub agreement: Option<Agreement>,
    /// By kind, the most to gain (or to lose) first in the first list, the farthest apart in the others.
    pub list: Vec<Disagreement>,
}

impl Disagreements {
    /// Of a round that is over and the accounts of a ranking.
    pub fn of(round: &StaffRound, accounts: &[Judged<'_>], potential_shown: bool) -> Self {
        let known: BTreeMap<&str, &Judged<'_>> =
            accounts.iter().map(|account| (account.customer_id, account)).collect();
        let both: Vec<_> =
            round.scores.iter().filter_map(|score| Some((score, *known.get(score.customer_id.as_str())?))).collect();
        let (potential, figure): (Vec<Score>, Vec<f64>) = both
            .iter()
            .filter_map(|(score, account)| Some((score.potential?, account.realistic_revenue.max(0.0).ln_1p())))
            .unzip();
        let values: Vec<f64> = potential.iter().map(|score| score.value).collect();
        let line = (values.len() >= FEWEST_ACCOUNTS).then(|| Line::through(&figure, &values));
        let mean = round.scores.iter().filter_map(|score| Some(score.relationship?.value));
        let mean = mean.clone().sum::<f64>() / mean.count().max(1) as f64;

        let mut list: Vec<(f64, Disagreement)> = Vec::new();
        for (score, account) in &both {
            let suggested = line.as_ref().map(|line| line.at(account.realistic_revenue.max(0.0).ln_1p()));
            let entry = |kind| Disagreement {
                kind,
                customer_id: account.customer_id.to_owned(),
                name: account.name.map(str::to_owned),
                abc_class: account.abc_class,
                margin: account.margin,
                potential: score.potential.map(|score| score.value),
                suggested: suggested.map(|suggested| suggested.clamp(0.0, 10.0)),
                relationship: score.relationship.map(|score| score.value),
            };
            let matters = if potential_shown {
                account.potential_band == Some(PotentialBand::High)
            } else {
                account.abc_class == AbcClass::A
            };
            let is_poor = |score: Score| score.value <= POOR && score.value + score.standard_error < mean;
            if matters && score.relationship.is_some_and(is_poor) {
                list.push((account.margin, entry(Kind::PoorRelationship)));
            }
            if let (Some(score), Some(suggested), Some(line)) = (score.potential, suggested, &line) {
                let apart = score.value - suggested;
                if apart.abs() > FAR * line.spread && apart.abs() > FAR * score.standard_error {
                    let kind = if apart > 0.0 { Kind::StaffAbove } else { Kind::StaffBelow };
                    list.push((apart.abs(), entry(kind)));
                }
            }
        }
        list.sort_by(|(a, one), (b, other)| {
            one.kind.cmp(&other.kind).then(b.total_cmp(a)).then(one.customer_id.cmp(&other.customer_id))
        });
        let agreement = line.map(|_| Agreement {
            accounts: values.len(),
            spearman: spearman(&Order::descending(&figure), &Order::descending(&values), &vec![1.0; values.len()]),
        });
        Self { potential_shown, agreement, list: list.into_iter().map(|(_, entry)| entry).collect() }
    }
}

/// A least-squares line and the standard deviation around it.
struct Line {
    intercept: f64,
    slope: f64,
    spread: f64,
}

impl Line {
    fn through(x: &[f64], y: &[f64]) -> Self {
        let n = x.len() as f64;
        let mean = |values: &[f64]| values.iter().sum::<f64>() / n;
        let (x_mean, y_mean) = (mean(x), mean(y));
        let along: f64 = x.iter().map(|x| (x - x_mean).powi(2)).sum();
        let together: f64 = x.iter().zip(y).map(|(x, y)| (x - x_mean) * (y - y_mean)).sum();
        let slope = if along > 0.0 { together / along } else { 0.0 };
        let mut line = Self { intercept: y_mean - slope * x_mean, slope, spread: 0.0 };
        line.spread = (x.iter().zip(y).map(|(x, y)| (y - line.at(*x)).powi(2)).sum::<f64>() / (n - 2.0)).sqrt();
        line
    }

    fn at(&self, x: f64) -> f64 {
        self.intercept + self.slope * x
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::Month, survey::AccountScore};

    const NAMES: [&str; 40] = {
        let mut names = ["x"; 40];
        names[0] = "above";
        names[1] = "below";
        names[2] = "poor";
        names
    };

    fn judged(number: usize, id: &str) -> Judged<'_> {
        Judged {
            customer_id: id,
            name: None,
            abc_class: AbcClass::A,
            potential_band: Some(if number == 3 { PotentialBand::Low } else { PotentialBand::High }),
            realistic_revenue: 1000.0 * (number + 1) as f64,
            margin: 100.0 * number as f64,
        }
    }

    /// 40 accounts whose potential follows the model but for `above` and `below`; the relationship is good but for
    /// `poor` and the one in the low band.
    fn found(potential_shown: bool) -> Disagreements {
        let score = |value: f64| Some(Score { value, standard_error: 0.3, raters: 4 });
        let ids: Vec<String> = NAMES
            .iter()
            .enumerate()
            .map(|(n, name)| if *name == "x" { format!("c{n}") } else { (*name).into() })
            .collect();
        let scores = (0..40).map(|n| {
            let wobble = if n % 2 == 0 { 0.3 } else { -0.3 };
            AccountScore {
                customer_id: ids[n].clone(),
                potential: score(match n {
                    0 => 9.0,
                    1 => 0.0,
                    _ => ((n + 1) as f64).ln() * 2.0 + wobble,
                }),
                relationship: score(if n == 2 || n == 3 { 3.0 } else { 7.0 }),
            }
        });
        let round = StaffRound {
            round: "r".into(),
            from: Month::new(2021, 1).unwrap(),
            raters: 5,
            accounts: 40,
            too_few: 0,
            questions: Vec::new(),
            scores: scores.collect(),
        };
        let accounts: Vec<Judged<'_>> = ids.iter().enumerate().map(|(n, id)| judged(n, id)).collect();
        Disagreements::of(&round, &accounts, potential_shown)
    }

    fn of(found: &Disagreements, kind: Kind) -> Vec<&str> {
        found.list.iter().filter(|entry| entry.kind == kind).map(|entry| entry.customer_id.as_str()).collect()
    }

    #[test]
    fn who_lies_far_from_the_model_and_who_is_poorly_related() {
        let lists = found(true);
        assert_eq!(of(&lists, Kind::StaffAbove), ["above"]);
        assert_eq!(of(&lists, Kind::StaffBelow), ["below"]);
        assert_eq!(of(&lists, Kind::PoorRelationship), ["poor"], "a low band is no loss");
        assert!(lists.agreement.unwrap().spearman > 0.7);
    }

    #[test]
    fn without_potential_the_class_says_who_matters() {
        assert_eq!(of(&found(false), Kind::PoorRelationship), ["c3", "poor"], "more margin first");
    }

    #[test]
    fn few_accounts_draw_no_line() {
        let round = StaffRound {
            scores: vec![AccountScore {
                customer_id: "one".into(),
                potential: Some(Score { value: 9.0, standard_error: 0.1, raters: 3 }),
                relationship: None,
            }],
            round: "r".into(),
            from: Month::new(2021, 1).unwrap(),
            raters: 3,
            accounts: 1,
            too_few: 0,
            questions: Vec::new(),
        };
        let found = Disagreements::of(&round, &[judged(1, "one")], true);
        assert_eq!((found.agreement, found.list), (None, Vec::new()));
    }
}
