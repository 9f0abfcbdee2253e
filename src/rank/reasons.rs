//! Why an account stands where it stands: at most three reasons for and two against, as kinds with figures.
//!
//! What decides payment comes first, then the model's own contributions where that model is linear (summed by family of
//! features, since related columns cancel out), then facts of families the model did not name. The report turns kinds
//! into sentences; nothing here is text. Where no model explains itself, facts alone speak, and they are facts, not
//! causes.

use std::{cmp::Ordering, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use super::{Explanation, RankError, contributions::ByFamily, facts::Facts};
use crate::{
    backtest::{Breadth, PEERS},
    domain::{Level, Target},
    features::{Overdue, Slice},
    score::{Suggestion, WhitespaceScores},
};

/// Most reasons for.
pub const MOST_FOR: usize = 3;
/// Most reasons against.
pub const MOST_AGAINST: usize = 2;

/// Whether a reason speaks for or against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stance {
    /// Speaks for the account.
    For,
    /// Speaks against it.
    Against,
}

/// What a reason is, with its figures. Amounts are in the report currency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ReasonKind {
    /// The level is well above what is expected.
    Headroom {
        /// Expected revenue over the horizon.
        expected: f64,
        /// What headroom is measured against.
        used: Level,
        /// Its revenue, over the horizon.
        level: f64,
        /// The cautious end of the headroom between the two.
        at_least: f64,
    },
    /// Invoices are overdue.
    Overdue {
        /// Overdue amount.
        amount: f64,
        /// How many, and how long on average, where it is known.
        invoices: Option<Overdue>,
    },
    /// A family of features moved the model's figure.
    Model {
        /// What the model predicts.
        target: Target,
        /// The family, as in `docs/features.md`; `history` for what the baselines say.
        family: String,
        /// The feature of the family that moved it most.
        feature: String,
        /// That feature's value.
        value: f64,
        /// The median of the population, to compare with.
        typical: f64,
        /// Sum over the family, as log ratio or log odds.
        contribution: f64,
    },
    /// A category moved the model's figure, and the revenue of its accounts moved the same way against all accounts'.
    Level {
        /// What the model predicts.
        target: Target,
        /// The family of the feature.
        family: String,
        /// The feature, such as `region`.
        feature: String,
        /// The account's category.
        level: String,
        /// Revenue of the category's accounts in the last 12 months over that of the 12 before, less 1.
        growth: f64,
        /// The same of all accounts.
        typical: f64,
        /// Sum over the family, as log ratio or log odds.
        contribution: f64,
    },
    /// Silent for longer than its own rhythm, or well within it.
    Rhythm {
        /// Days since the last order.
        days_since_last_order: f64,
        /// Usual days between orders.
        usual_gap_days: f64,
    },
    /// Revenue of the last 12 months against the 12 before.
    Trend {
        /// Revenue of the last 12 months.
        last_12: f64,
        /// Revenue of the 12 before.
        before_12: f64,
    },
    /// The account's own people recommend us, or do not.
    Recommendation {
        /// 0 to 10.
        score: f64,
        /// Days since that answer.
        age_days: Option<f64>,
    },
    /// A product group that comparable accounts buy and this one does not.
    FirstPurchase {
        /// The group.
        product_group: String,
        /// Probability that it is bought within the horizon.
        probability: f64,
        /// How many of the nearest peers buy it.
        peers: u32,
        /// Peers asked.
        of: u32,
    },
    /// How many product groups it buys, beside comparable accounts.
    Breadth {
        /// Groups it buys.
        own: u32,
        /// Groups that its nearest peers buy, on average.
        peers: u32,
        /// Groups that anybody buys.
        of: u32,
    },
    /// Complaints that are still open.
    OpenComplaints {
        /// How many.
        open: f64,
    },
}

impl ReasonKind {
    /// The family of features it speaks of, so that nothing is said twice.
    fn family(&self) -> &str {
        match self {
            Self::Headroom { .. } => "headroom",
            Self::Overdue { .. } => "payment",
            Self::Model { family, .. } | Self::Level { family, .. } => family,
            Self::Rhythm { .. } => "recency",
            Self::Trend { .. } => "trend",
            Self::Recommendation { .. } => "survey",
            Self::FirstPurchase { .. } => "whitespace",
            Self::Breadth { .. } => "assortment",
            Self::OpenComplaints { .. } => "complaints",
        }
    }
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// For or against.
    pub stance: Stance,
    /// What it is.
    #[serde(flatten)]
    pub kind: ReasonKind,
}

/// The reasons of one account, those for first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountReasons {
    /// The account.
    pub customer_id: String,
    /// At most three for and two against, each in order of weight.
    pub reasons: Vec<Reason>,
}

/// An account's headroom, where potential is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeadroomFigures {
    pub expected: f64,
    pub used: Level,
    pub level: f64,
    pub at_least: f64,
    pub threshold: f64,
}

/// Reasons of every account of the slice, in its order; `headroom` has one entry each, `None` where none is shown.
pub(super) fn reasons(
    slice: &Slice,
    explanation: Option<&Explanation>,
    headroom: &[Option<HeadroomFigures>],
    whitespace: Option<&WhitespaceScores>,
    overdue: &BTreeMap<String, Overdue>,
) -> Result<Vec<AccountReasons>, RankError> {
    let facts = Facts::of(slice, overdue)?;
    let explained = explanation.map(|explanation| ByFamily::of(explanation, slice)).transpose()?;
    let accounts = slice.features().accounts().iter().map(|id| id.unwrap_or_default());
    Ok(accounts
        .enumerate()
        .map(|(i, id)| {
            let mut candidates: Vec<Reason> = headroom[i].and_then(enough_headroom).into_iter().collect();
            candidates.extend(facts.overdue(i));
            candidates.extend(whitespace.and_then(|whitespace| first_purchase(whitespace.best[i].as_ref()?)));
            let breadth = whitespace.and_then(|whitespace| breadth(whitespace.breadth.as_ref()?[i]));
            let moved = explained.iter().flat_map(|by_family| by_family.reasons(i));
            // what a model sees in the assortment is said with the figures of comparable accounts
            candidates.extend(moved.map(|moved| match &breadth {
                Some(said) if said.stance == moved.stance && said.kind.family() == moved.kind.family() => said.clone(),
                _ => moved,
            }));
            candidates.extend(breadth);
            candidates.extend(facts.others(i));
            AccountReasons { customer_id: id.to_owned(), reasons: chosen(candidates) }
        })
        .collect())
}

/// The first of each family, at most three for and two against, those for first.
fn chosen(candidates: Vec<Reason>) -> Vec<Reason> {
    let (mut kept, mut against): (Vec<Reason>, Vec<Reason>) = (Vec::new(), Vec::new());
    for reason in candidates {
        let named = |list: &[Reason]| list.iter().any(|r| r.kind.family() == reason.kind.family());
        let (list, most) = match reason.stance {
            Stance::For => (&kept, MOST_FOR),
            Stance::Against => (&against, MOST_AGAINST),
        };
        if list.len() < most && !named(&kept) && !named(&against) {
            match reason.stance {
                Stance::For => kept.push(reason),
                Stance::Against => against.push(reason),
            }
        }
    }
    kept.append(&mut against);
    kept
}

/// The group worth most to offer, where at least every fourth peer buys it.
fn first_purchase(best: &Suggestion) -> Option<Reason> {
    let (peers, of) = (best.peers?, PEERS as u32);
    (4 * peers >= of).then(|| Reason {
        stance: Stance::For,
        kind: ReasonKind::FirstPurchase {
            product_group: best.product_group.clone(),
            probability: best.probability,
            peers,
            of,
        },
    })
}

/// Broader or narrower than comparable accounts by at least one whole group.
fn breadth(found: Breadth) -> Option<Reason> {
    let Breadth { own, peers, of } = found;
    let peers = peers.round() as u32;
    let stance = match own.cmp(&peers) {
        Ordering::Less => Stance::For,
        Ordering::Equal => return None,
        Ordering::Greater => Stance::Against,
    };
    Some(Reason { stance, kind: ReasonKind::Breadth { own, peers, of } })
}

fn enough_headroom(figures: HeadroomFigures) -> Option<Reason> {
    let HeadroomFigures { expected, used, level, at_least, threshold } = figures;
    (at_least > threshold)
        .then_some(Reason { stance: Stance::For, kind: ReasonKind::Headroom { expected, used, level, at_least } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            overdue: vec![0.0],
            overdue_invoices: vec![None],
            since_last: vec![20.0],
            usual_gap: vec![30.0],
            revenue_12: vec![130.0],
            revenue_24: vec![230.0],
            nps: vec![9.0],
            nps_age: vec![40.0],
            complaints_open: vec![0.0],
        }
    }

    fn kinds(facts: &Facts) -> Vec<(Stance, String)> {
        let mut all: Vec<Reason> = facts.overdue(0).into_iter().collect();
        all.extend(facts.others(0));
        chosen(all).into_iter().map(|r| (r.stance, r.kind.family().to_owned())).collect()
    }

    #[test]
    fn a_reason_changes_when_its_fact_changes() {
        use Stance::{Against, For};
        let say = |f: &dyn Fn(&mut Facts)| {
            let mut facts = facts();
            f(&mut facts);
            kinds(&facts)
        };
        let owned = |list: &[(Stance, &str)]| list.iter().map(|(s, f)| (*s, (*f).to_owned())).collect::<Vec<_>>();
        assert_eq!(say(&|_| ()), owned(&[(For, "recency"), (For, "trend"), (For, "survey")]));
        assert_eq!(say(&|f| f.since_last[0] = 70.0)[2], (Against, "recency".into()));
        assert_eq!(say(&|f| f.since_last[0] = 45.0), owned(&[(For, "trend"), (For, "survey")]));
        assert_eq!(say(&|f| f.revenue_12[0] = 90.0)[2], (Against, "trend".into()));
        assert_eq!(say(&|f| f.nps[0] = 3.0)[2], (Against, "survey".into()));
        assert_eq!(say(&|f| f.nps[0] = f64::NAN).len(), 2);
        assert_eq!(say(&|f| f.overdue[0] = 500.0)[3], (Against, "payment".into()));
        assert_eq!(say(&|f| f.complaints_open[0] = 1.0)[3], (Against, "complaints".into()));
    }

    #[test]
    fn every_figure_of_a_reason_is_that_of_its_fact() {
        let said = |change: &dyn Fn(&mut Facts)| {
            let mut facts = facts();
            facts.overdue[0] = 500.0;
            facts.overdue_invoices[0] = Some(Overdue { invoices: 2, mean_days: 38.0 });
            facts.complaints_open[0] = 1.0;
            change(&mut facts);
            let mut all: Vec<Reason> = facts.overdue(0).into_iter().collect();
            all.extend(facts.others(0));
            all
        };
        let before = said(&|_| ());
        type Change<'a> = &'a dyn Fn(&mut Facts);
        let changes: [(&str, Change<'_>); 10] = [
            ("payment", &|f| f.overdue[0] = 600.0),
            ("payment", &|f| f.overdue_invoices[0] = Some(Overdue { invoices: 3, mean_days: 38.0 })),
            ("payment", &|f| f.overdue_invoices[0] = Some(Overdue { invoices: 2, mean_days: 39.0 })),
            ("recency", &|f| f.since_last[0] = 21.0),
            ("recency", &|f| f.usual_gap[0] = 31.0),
            ("trend", &|f| f.revenue_12[0] = 140.0),
            ("trend", &|f| f.revenue_24[0] = 240.0),
            ("survey", &|f| f.nps[0] = 10.0),
            ("survey", &|f| f.nps_age[0] = 41.0),
            ("complaints", &|f| f.complaints_open[0] = 2.0),
        ];
        for (family, change) in changes {
            let after = said(change);
            assert_eq!(after.len(), before.len());
            let moved: Vec<&str> =
                before.iter().zip(&after).filter(|(b, a)| b != a).map(|(_, after)| after.kind.family()).collect();
            assert_eq!(moved, [family]);
        }
    }

    #[test]
    fn breadth_is_a_reason_where_comparable_accounts_buy_more_or_fewer_groups() {
        let said = |own, peers| breadth(Breadth { own, peers, of: 11 }).map(|reason| (reason.stance, reason.kind));
        let kind = |own, peers| ReasonKind::Breadth { own, peers, of: 11 };
        assert_eq!(said(4, 7.2), Some((Stance::For, kind(4, 7))));
        assert_eq!(said(5, 7.2), Some((Stance::For, kind(5, 7))), "the figures follow the fact");
        assert_eq!(said(7, 7.2), None);
        assert_eq!(said(9, 7.2), Some((Stance::Against, kind(9, 7))));
    }

    #[test]
    fn no_more_than_three_for_and_two_against_and_payment_is_always_among_them() {
        let mut facts = facts();
        facts.overdue[0] = 1.0;
        facts.since_last[0] = 99.0;
        facts.revenue_12[0] = 10.0;
        facts.nps[0] = 0.0;
        facts.complaints_open[0] = 3.0;
        assert_eq!(kinds(&facts), [(Stance::Against, "payment".into()), (Stance::Against, "recency".into())]);
    }
}
