//! Rounds of the staff survey: which are over, and what they say once strictness of raters is taken out.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Closed, SurveyError};
use crate::{domain::Month, learners::crossed::Crossed, params, warehouse::Warehouse};

/// Raters below which nothing is shown of an account.
pub const FEWEST_RATERS: usize = 3;

/// What is asked of each account, apart and on 0 to 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// How big is its potential?
    Potential,
    /// How good is the relationship?
    Relationship,
    /// How much do you like working with it? Published for all accounts together only.
    Willingness,
}

impl Question {
    /// All questions, in the order of the data contract.
    pub const ALL: [Self; 3] = [Self::Potential, Self::Relationship, Self::Willingness];

    /// Its column.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Potential => "potential",
            Self::Relationship => "relationship",
            Self::Willingness => "willingness",
        }
    }
}

/// What raters of average strictness would say of an account.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// 0 to 10, to a tenth.
    pub value: f64,
    /// Standard error of prediction, to a tenth.
    pub standard_error: f64,
    /// Who answered, at least [`FEWEST_RATERS`].
    pub raters: usize,
}

/// The scores of an account that enough people judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountScore {
    /// The account's leading id.
    pub customer_id: String,
    /// How big its potential is.
    pub potential: Option<Score>,
    /// How good the relationship is.
    pub relationship: Option<Score>,
}

/// How a question was answered over all accounts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuestionSummary {
    /// Which.
    pub question: Question,
    /// Answers, those about accounts with too few raters included.
    pub answers: usize,
    /// Mean over accounts and raters.
    pub mean: f64,
    /// Standard deviation of strictness between raters: what is taken out.
    pub strictness: f64,
    /// ICC(C,1): what one rater's answer is worth, 0 to 1. `None` where all answers are equal.
    pub reliability_of_one: Option<f64>,
    /// ICC(C,k): what the score of an account with the usual number of raters is worth.
    pub reliability: Option<f64>,
    /// The usual number of raters: the median over accounts that are shown.
    pub raters: usize,
}

/// A round that is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaffRound {
    /// Its name.
    pub round: String,
    /// The first month at whose end it is shown.
    pub from: Month,
    /// Who answered anything.
    pub raters: usize,
    /// Accounts that anybody judged.
    pub accounts: usize,
    /// Of these, with fewer than [`FEWEST_RATERS`] raters: nothing is shown of them.
    pub too_few: usize,
    /// Each question that enough people answered.
    pub questions: Vec<QuestionSummary>,
    /// Accounts with enough raters, by id.
    pub scores: Vec<AccountScore>,
}

/// One state of one answer.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    account: String,
    rater: String,
    /// Month in which it became known, and the last at whose end it was not yet replaced.
    known: Month,
    until: Option<Month>,
    /// By [`Question::ALL`].
    scores: [Option<f64>; 3],
}

/// All answers of all rounds that were not closed.
pub(super) fn answers(warehouse: &Warehouse) -> Result<BTreeMap<String, Vec<Answer>>, SurveyError> {
    let mut rounds: BTreeMap<String, Vec<Answer>> = BTreeMap::new();
    if !warehouse.has_table("staff_answers")? {
        return Ok(rounds);
    }
    let rows = warehouse.query(include_str!("sql/staff_answers.sql"), params![], |row| {
        let (known, until) = (row.get::<i32>(3)?, row.get::<Option<i32>>(4)?);
        let scores = [row.get(5)?, row.get(6)?, row.get(7)?];
        Ok((row.get::<String>(0)?, row.get::<String>(1)?, row.get::<String>(2)?, known, until, scores))
    })?;
    for (round, account, rater, known, until, scores) in rows {
        let (known, until) = (Month::from_index(known)?, until.map(Month::from_index).transpose()?);
        rounds.entry(round).or_default().push(Answer { account, rater, known, until, scores });
    }
    Ok(rounds)
}

/// The newest round that is over at `at`, and the names of those that still run.
pub(super) fn newest(
    warehouse: &Warehouse,
    closed: &Closed,
    at: Month,
) -> Result<(Option<StaffRound>, Vec<String>), SurveyError> {
    let (mut over, mut running) = (BTreeMap::new(), Vec::new());
    let open = answers(warehouse)?;
    for (round, answers) in open.iter().filter(|(round, _)| closed.round(round).is_none()) {
        let Some((first, last)) = span(answers) else { continue };
        if last < at {
            over.insert((last.plus(1), round.as_str()), Some(answers));
        } else if first <= at {
            running.push(round.clone());
        }
    }
    let shown = closed.rounds().filter(|round| round.from <= at);
    over.extend(shown.map(|round| ((round.from, round.round.as_str()), None)));
    let newest = match over.pop_last() {
        None => None,
        Some(((_, name), None)) => closed.round(name).map(|round| moved(round, warehouse)).transpose()?,
        Some(((_, name), Some(answers))) => StaffRound::of(name, answers, true),
    };
    Ok((newest, running))
}

/// A closed round with its accounts' ids of today: accounts may have been merged since.
fn moved(round: &StaffRound, warehouse: &Warehouse) -> Result<StaffRound, SurveyError> {
    let ids: BTreeMap<String, String> = warehouse
        .query("SELECT customer_id, account_id FROM accounts ORDER BY ALL", params![], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .into_iter()
        .collect();
    let mut scores: BTreeMap<String, AccountScore> = BTreeMap::new();
    let raters = |score: &AccountScore| [score.potential, score.relationship].map(|s| s.map_or(0, |s| s.raters));
    for score in &round.scores {
        let id = ids.get(&score.customer_id).unwrap_or(&score.customer_id);
        let score = AccountScore { customer_id: id.clone(), ..score.clone() };
        // of two that became one, the one that more people judged
        match scores.get(id) {
            Some(known) if raters(known) >= raters(&score) => {}
            _ => drop(scores.insert(id.clone(), score)),
        }
    }
    Ok(StaffRound { scores: scores.into_values().collect(), ..round.clone() })
}

/// The month of a round's first answer, and the last before a whole month without one; `None` without answers.
fn span(answers: &[Answer]) -> Option<(Month, Month)> {
    let months: BTreeSet<Month> = answers.iter().map(|answer| answer.known).collect();
    let first = *months.first()?;
    let mut last = first;
    while months.contains(&last.plus(1)) {
        last = last.plus(1);
    }
    Some((first, last))
}

impl StaffRound {
    /// The newest round that is over at the end of `at`.
    ///
    /// # Errors
    /// If the warehouse refuses.
    pub fn newest(warehouse: &Warehouse, closed: &Closed, at: Month) -> Result<Option<Self>, SurveyError> {
        Ok(newest(warehouse, closed, at)?.0)
    }

    /// What the answers say that came before a month without any. `shown_later` if it may be shown only from the month
    /// after the last of them: while a round runs, nobody knows that it was the last.
    pub(super) fn of(round: &str, answers: &[Answer], shown_later: bool) -> Option<Self> {
        let (_, last) = span(answers)?;
        let in_time = |answer: &&Answer| answer.known <= last && answer.until.is_none_or(|until| until >= last);
        let answers: Vec<&Answer> = answers.iter().filter(in_time).collect();
        let accounts: BTreeSet<&str> = answers.iter().map(|answer| answer.account.as_str()).collect();
        let accounts: BTreeMap<&str, usize> = accounts.into_iter().zip(0..).collect();
        let raters = numbered_by_answers(&answers, &accounts);
        let mut judged = vec![BTreeSet::new(); accounts.len()];
        for answer in &answers {
            judged[accounts[answer.account.as_str()]].insert(&answer.rater);
        }
        let (mut questions, mut scores) = (Vec::new(), BTreeMap::new());
        for (place, question) in Question::ALL.into_iter().enumerate() {
            // an account may have been two customers when it was judged
            let mut said: BTreeMap<(usize, usize), (f64, f64)> = BTreeMap::new();
            for answer in &answers {
                let Some(score) = answer.scores[place] else { continue };
                let (sum, count) =
                    said.entry((accounts[answer.account.as_str()], raters[answer.rater.as_str()])).or_default();
                (*sum, *count) = (*sum + score, *count + 1.0);
            }
            let Some((summary, shown)) = summarise(question, &said, accounts.len()) else { continue };
            questions.push(summary);
            scores.insert(question, shown);
        }
        let of = |question: Question, account: usize| scores.get(&question).and_then(|shown| shown[account]);
        let all = accounts.iter().map(|(id, &account)| AccountScore {
            customer_id: (*id).to_owned(),
            potential: of(Question::Potential, account),
            relationship: of(Question::Relationship, account),
        });
        let any = |score: &AccountScore| score.potential.is_some() || score.relationship.is_some();
        Some(Self {
            round: round.to_owned(),
            from: if shown_later { last.plus(1) } else { last },
            raters: raters.len(),
            accounts: accounts.len(),
            too_few: judged.iter().filter(|raters| raters.len() < FEWEST_RATERS).count(),
            questions,
            scores: all.filter(any).collect(),
        })
    }
}

/// Numbers of raters that follow from their answers alone: pseudonyms differ from project to project, and sums in
/// another order are other bytes. Raters with equal answers are interchangeable.
fn numbered_by_answers<'a>(answers: &[&'a Answer], accounts: &BTreeMap<&str, usize>) -> BTreeMap<&'a str, usize> {
    type Given = (usize, [Option<i64>; 3]);
    let mut all: BTreeMap<&str, Vec<Given>> = BTreeMap::new();
    for answer in answers {
        let scores = answer.scores.map(|score| score.map(|score| (score * 1e4).round() as i64));
        all.entry(&answer.rater).or_default().push((accounts[answer.account.as_str()], scores));
    }
    let mut raters: Vec<(Vec<Given>, &str)> = all
        .into_iter()
        .map(|(rater, mut given)| {
            given.sort_unstable();
            (given, rater)
        })
        .collect();
    raters.sort_unstable();
    raters.into_iter().map(|(_, rater)| rater).zip(0..).collect()
}

type Shown = Vec<Option<Score>>;

/// One question over all accounts, and per account where enough people answered; `None` where nowhere did.
fn summarise(
    question: Question,
    said: &BTreeMap<(usize, usize), (f64, f64)>,
    accounts: usize,
) -> Option<(QuestionSummary, Shown)> {
    let (row, column): (Vec<usize>, Vec<usize>) = said.keys().copied().unzip();
    let answer: Vec<f64> = said.values().map(|(sum, count)| sum / count).collect();
    let mut raters = vec![0_usize; accounts];
    row.iter().for_each(|&account| raters[account] += 1);
    let mut enough: Vec<usize> = raters.iter().copied().filter(|&raters| raters >= FEWEST_RATERS).collect();
    enough.sort_unstable();
    let usual = *enough.get(enough.len() / 2)?;
    let fit = Crossed::fit(&row, &column, &answer).ok()?;
    let tenth = |value: f64| (10.0 * value).round() / 10.0;
    let shown = (0..accounts)
        .map(|account| {
            (raters[account] >= FEWEST_RATERS).then(|| Score {
                value: tenth(fit.score[account].clamp(0.0, 10.0)),
                standard_error: tenth(fit.standard_error[account]),
                raters: raters[account],
            })
        })
        .collect();
    let summary = QuestionSummary {
        question,
        answers: answer.len(),
        mean: fit.mean,
        strictness: fit.variances.column.sqrt(),
        reliability_of_one: fit.reliability(1.0),
        reliability: fit.reliability(usual as f64),
        raters: usual,
    };
    Some((summary, shown))
}
