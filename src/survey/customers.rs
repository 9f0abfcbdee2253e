//! What customers answered in the last 12 months.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Judged, Nps, SurveyError, nps::Z};
use crate::{
    domain::{AbcClass, Month},
    params,
    warehouse::Warehouse,
};

/// Net promoter score and satisfaction, kept apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerSurvey {
    /// Accounts that answered anything.
    pub accounts: usize,
    /// Over all who answered.
    pub nps: Option<Nps>,
    /// By ABC class, best first: ranked accounts only.
    pub nps_by_class: Vec<(AbcClass, Nps)>,
    /// Over all who answered.
    pub satisfaction: Option<Satisfaction>,
}

/// Mean satisfaction from 0 to 10, with its 90 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Satisfaction {
    /// Answers.
    pub answers: usize,
    /// Mean.
    pub value: f64,
    /// Lower bound; `None` for a single answer.
    pub low: Option<f64>,
    /// Upper bound.
    pub high: Option<f64>,
}

impl Satisfaction {
    fn of(scores: &[f64]) -> Option<Self> {
        let n = scores.len() as f64;
        let value = scores.iter().sum::<f64>() / n;
        let half = (scores.len() > 1).then(|| {
            let variance = scores.iter().map(|score| (score - value).powi(2)).sum::<f64>() / (n - 1.0);
            Z * (variance / n).sqrt()
        });
        (!scores.is_empty()).then(|| Self {
            answers: scores.len(),
            value,
            low: half.map(|half| (value - half).max(0.0)),
            high: half.map(|half| (value + half).min(10.0)),
        })
    }
}

/// As known at the end of `at`; `None` if nobody answered.
pub(super) fn at(
    warehouse: &Warehouse,
    at: Month,
    accounts: &[Judged<'_>],
) -> Result<Option<CustomerSurvey>, SurveyError> {
    if !warehouse.has_table("survey_answers")? {
        return Ok(None);
    }
    let rows = warehouse.query(include_str!("sql/survey_answers.sql"), params![at.last_day()], |row| {
        Ok((row.get::<String>(0)?, row.get::<String>(1)?, row.get::<f64>(2)?))
    })?;
    let class: BTreeMap<&str, AbcClass> =
        accounts.iter().map(|account| (account.customer_id, account.abc_class)).collect();
    let scores = |question: &str, wanted: Option<AbcClass>| -> Vec<f64> {
        let is_meant = |(account, asked, _): &&(String, String, f64)| {
            asked == question && wanted.is_none_or(|wanted| class.get(account.as_str()) == Some(&wanted))
        };
        rows.iter().filter(is_meant).map(|(.., score)| *score).collect()
    };
    let mut answered: Vec<&String> = rows.iter().map(|(account, ..)| account).collect();
    answered.dedup();
    Ok((!rows.is_empty()).then(|| CustomerSurvey {
        accounts: answered.len(),
        nps: Nps::of(scores("recommend", None).into_iter()),
        nps_by_class: AbcClass::ALL
            .into_iter()
            .filter_map(|class| Some((class, Nps::of(scores("recommend", Some(class)).into_iter())?)))
            .collect(),
        satisfaction: Satisfaction::of(&scores("satisfaction", None)),
    }))
}
