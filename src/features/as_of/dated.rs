//! Dated facts as they stood at a point in time: customers, complaints, survey answers.
//!
//! A row is the state of its id from `known_at` until `known_until`; the newest known one counts. Dated outcomes after
//! `t` are null (a complaint closed after `t` is open); undated state is null before `state_known_at`, since today's state
//! told about the past would be a leak.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::civil::Date;
use polars::prelude::*;

use super::{FeatureError, Known, day_of};
use crate::{domain::AsOf, params, warehouse::Warehouse};

#[derive(Debug)]
pub(super) struct Dated {
    customers: States,
    /// The customers of the point in time that was asked about last: features, classes and lists of one report all ask.
    asked_last: Mutex<Option<(AsOf, DataFrame)>>,
    /// Fields of customers that are not simply the newest, with their rule.
    survivorship: BTreeMap<String, String>,
    complaints: States,
    survey_answers: States,
}

/// The rows of a table and whether an id may have several at once.
#[derive(Debug)]
struct States {
    frame: DataFrame,
    several: bool,
}

impl States {
    /// States of things with an id.
    fn load(warehouse: &Warehouse, sql: &str, last_day: Date) -> Result<Self, FeatureError> {
        let frame = warehouse.frame(sql, params![last_day])?;
        let several = frame.column("id")?.as_materialized_series().n_unique()? < frame.height();
        Ok(Self { frame, several })
    }

    /// The rows that were the known state at the end of `known`'s month of knowledge.
    fn known(&self, known: &Known<'_>) -> LazyFrame {
        let knowledge = date(day_of(known.as_of.knowledge().last_day()));
        let states = self.frame.clone().lazy().filter(
            col("known_at")
                .lt_eq(knowledge.clone())
                .and(col("known_until").is_null().or(col("known_until").gt(knowledge))),
        );
        if self.several {
            states
                .sort(["known_at", "batch_id"], SortMultipleOptions::default().with_maintain_order(true))
                .unique_stable(Some(by_name(["id"], true, false)), UniqueKeepStrategy::Last)
        } else {
            states
        }
    }
}

impl Dated {
    /// `last_day` is the day on which a batch without a date of receipt counts as received.
    pub(super) fn load(warehouse: &Warehouse, last_day: Date) -> Result<Self, FeatureError> {
        let states = |sql| States::load(warehouse, sql, last_day);
        let answers = warehouse.frame(include_str!("../sql/survey_answers.sql"), params![])?;
        let rules = "SELECT field, rule FROM survivorship ORDER BY field";
        let survivorship = warehouse.query(rules, params![], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Self {
            asked_last: Mutex::default(),
            customers: states(include_str!("../sql/customers.sql"))?,
            survivorship: survivorship.into_iter().collect(),
            complaints: states(include_str!("../sql/complaints.sql"))?,
            survey_answers: States { frame: answers, several: false },
        })
    }

    /// Never held while the customers are read, which runs in parallel.
    fn asked_last(&self) -> MutexGuard<'_, Option<(AsOf, DataFrame)>> {
        self.asked_last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value of a customer's field among rows in order of their weight, the last one counting: those of the leading
    /// company, then the newest.
    fn survivor(&self, name: &str) -> Expr {
        let rank = match self.survivorship.get(name).map(String::as_str) {
            Some("trusted") => lit(0) - col("trust"),
            Some("longest") => col(name).str().len_chars().cast(DataType::Int64),
            _ => return col(name).filter(col(name).is_not_null()).last(),
        };
        let weight = [col(name).is_not_null(), col("is_head"), rank];
        col(name).sort_by(weight, SortMultipleOptions::default().with_maintain_order(true)).last()
    }

    /// Whether customers, complaints and survey answers are known at all.
    pub(super) fn are_known(&self) -> [bool; 3] {
        [&self.customers, &self.complaints, &self.survey_answers].map(|states| states.frame.height() > 0)
    }
}

impl Known<'_> {
    /// One row per account with a customer row: `account`, `customer_id` (of the newest source record), and the
    /// attributes, each the newest that is not empty unless another rule is set; `status` null where it is not known to differ from active.
    ///
    /// # Errors
    /// If Polars fails.
    pub(in crate::features) fn customers(&self) -> Result<DataFrame, FeatureError> {
        let kept = self.facts.dated.asked_last().clone();
        if let Some((as_of, customers)) = kept
            && as_of == self.as_of
        {
            return Ok(customers);
        }
        let customers = self.read_customers()?;
        *self.facts.dated.asked_last() = Some((self.as_of, customers.clone()));
        Ok(customers)
    }

    fn read_customers(&self) -> Result<DataFrame, FeatureError> {
        let end = date(self.end_day());
        let attributes = [
            "customer_id",
            "name",
            "industry",
            "region",
            "country",
            "parent_id",
            "rep_id",
            "employees",
            "annual_revenue",
            "stated_share",
        ];
        let status = when(coalesce(&[col("status_since"), col("state_known_at")]).lt_eq(end.clone()))
            .then(col("status"))
            .otherwise(lit(NULL));
        let known = self
            .facts
            .dated
            .customers
            .known(self)
            // a relation that begins after `t` was not in the books at `t`
            .filter(col("customer_since").is_null().or(col("customer_since").lt_eq(end)))
            .with_column(status.alias("status"))
            .collect()?;
        let mut rows = vec![0_u32; self.account_count()];
        let account = known.column("account")?.i32()?;
        account.into_no_null_iter().for_each(|account| rows[account as usize] += 1);
        let alone: BooleanChunked = account.into_no_null_iter().map(|account| rows[account as usize] == 1).collect();
        let survivors = attributes.iter().map(|name| self.facts.dated.survivor(name));
        let united = known
            .filter(&!&alone)?
            .lazy()
            .sort(["account", "is_head", "known_at", "id"], SortMultipleOptions::default())
            .group_by_stable([col("account")])
            .agg(survivors.chain([col("customer_since").min(), col("status").drop_nulls().last()]).collect::<Vec<_>>())
            .collect()?;
        // of most accounts there is one row, from which there is nothing to choose
        let mut frame = known.filter(&alone)?.select(united.get_column_names_owned())?;
        frame.vstack_mut_owned(united)?;
        Ok(frame.sort(["account"], SortMultipleOptions::default())?)
    }

    /// Complaints opened by `t`: `account, id, opened_on`, `closed_on` as of `t`, `severity` where known.
    pub(in crate::features) fn complaints(&self) -> LazyFrame {
        let end = || date(self.end_day());
        self.facts.dated.complaints.known(self).filter(col("opened_on").lt_eq(end())).select([
            col("account"),
            col("id"),
            col("opened_on"),
            only_if(col("closed_on").lt_eq(end()), "closed_on"),
            only_if(self.state_is_known(), "severity"),
        ])
    }

    /// Customers' answers by `t`: `account, answered_on, question, score_e4` (ten-thousandths of a point).
    pub(in crate::features) fn survey_answers(&self) -> LazyFrame {
        self.facts.dated.survey_answers.known(self).filter(col("answered_on").lt_eq(date(self.end_day()))).select([
            col("account"),
            col("answered_on"),
            col("question"),
            col("score_e4"),
        ])
    }

    /// Undated state holds from the day it was received. If it came after `t` it says nothing of `t`, even where the past
    /// is looked at with later knowledge.
    fn state_is_known(&self) -> Expr {
        col("state_known_at").lt_eq(date(self.end_day()))
    }
}

fn date(day: i32) -> Expr {
    lit(day).cast(DataType::Date)
}

fn only_if(condition: Expr, column: &str) -> Expr {
    when(condition).then(col(column)).otherwise(lit(NULL)).alias(column)
}
