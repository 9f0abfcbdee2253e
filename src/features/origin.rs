//! One origin put together: every family's values for every account of the population, in catalogue order; and the
//! entry points of the stage.
//!
//! The families of the ledger, of payment and of the dialogue run over one account at a time, in parallel over accounts,
//! each value written where it belongs; the other dated facts' families are lazy joins. What a feature means is said in its family's file.

use std::{collections::BTreeMap, ops::Range};

use polars::prelude::*;
use polars_arrow::bitmap::Bitmap;
use rayon::prelude::*;

use super::{
    ACCOUNT_ID, AccountFrame, BaselineFrame, Facts, FeatureError, FeatureFrame, Known, LabelFrame, Members, Overdue,
    Slice,
    as_of::History,
    assortment, catalogue, complaints, contacts, dialogue, firmographics, frequency, monetary, opportunities, payment,
    portfolio::{CHUNK, Portfolio},
    public, recency, seasonality, survey, tenure, trend,
};
use crate::domain::{AsOf, Horizon, Month};

/// What is known of the members from facts that are joined, the same for whichever of them are asked about.
#[derive(Debug)]
pub(super) struct Joined {
    /// Per member: keys, class, and the features of these facts, complaints without those who had none.
    frame: DataFrame,
    /// Per account of the warehouse, in days since 1970-01-01.
    customer_since: Vec<Option<i32>>,
    complaints_recorded: Option<i32>,
}

/// Everything the frames of one as-of date are computed from.
#[derive(Debug)]
pub(super) struct Origin<'a> {
    known: Known<'a>,
    customers: DataFrame,
    portfolio: Portfolio,
}

impl<'a> Origin<'a> {
    pub(super) fn new(facts: &'a Facts, as_of: AsOf) -> Result<Self, FeatureError> {
        let known = facts.as_of(as_of);
        if known.covered() == 0 {
            return Err(FeatureError::BeforeData { as_of, first: facts.first_month() });
        }
        let customers = known.customers()?;
        let portfolio = Portfolio::new(&known, &customers)?;
        Ok(Self { known, customers, portfolio })
    }

    pub(super) const fn known(&self) -> &Known<'a> {
        &self.known
    }

    pub(super) const fn customers(&self) -> &DataFrame {
        &self.customers
    }

    pub(super) const fn portfolio(&self) -> &Portfolio {
        &self.portfolio
    }

    /// All features of the population.
    pub(super) fn features(&self) -> Result<FeatureFrame, FeatureError> {
        self.features_of(0..self.portfolio.members().len(), &self.joined()?)
    }

    /// All features of some members, of all of whom `joined` are [`Self::joined`].
    pub(super) fn features_of(&self, rows: Range<usize>, joined: &Joined) -> Result<FeatureFrame, FeatureError> {
        let members = &self.portfolio.members()[rows.clone()];
        let mut columns = joined.frame.slice(rows.start as i64, rows.len()).into_columns();
        columns.push(public::newest_topics(&self.known, members));
        columns.extend(self.walked_columns(members, &joined.customer_since)?);
        let frame = DataFrame::new(members.len(), columns)?.lazy();
        let order = std::iter::once(ACCOUNT_ID).chain(catalogue::columns().map(|(name, _)| name));
        let frame = complaints::complete(frame, joined.complaints_recorded)
            .select(order.map(col).collect::<Vec<_>>())
            .collect()?;
        FeatureFrame::new(self.known.as_of(), frame)
    }

    /// What no walk over one account after the other gives.
    pub(super) fn joined(&self) -> Result<Joined, FeatureError> {
        let members = self.portfolio.members();
        let account: Vec<i32> = members.iter().map(|&account| account as i32).collect();
        let classes: Vec<&str> = self.portfolio.classes().iter().map(|class| class.name()).collect();
        let columns =
            vec![self.account_ids(), Column::new("account".into(), account), Column::new("abc_class".into(), classes)];
        let mut frame = DataFrame::new(members.len(), columns)?.lazy();
        let facts = [firmographics::frame(&self.customers), survey::frame(&self.known), complaints::frame(&self.known)];
        for fact in facts {
            frame = join(frame, fact);
        }
        let flags = ["firmographics_known", "survey_known"];
        Ok(Joined {
            frame: frame.with_columns(flags.map(|flag| col(flag).fill_null(lit(0.0)))).collect()?,
            customer_since: self.customer_since()?,
            complaints_recorded: complaints::recorded_months(&self.known)?,
        })
    }

    /// The key column of every frame of this origin.
    pub(super) fn account_ids(&self) -> Column {
        let ids: Vec<&str> = self.portfolio.members().iter().map(|&account| self.known.account_id(account)).collect();
        Column::new(ACCOUNT_ID.into(), ids)
    }

    /// The numbers that are computed account by account; unknown values are null.
    fn walked_columns(&self, members: &[usize], customer_since: &[Option<i32>]) -> Result<Vec<Column>, FeatureError> {
        let families: [&[catalogue::Feature]; 12] = [
            &recency::FEATURES,
            &frequency::FEATURES,
            &monetary::FEATURES,
            &trend::FEATURES,
            &seasonality::FEATURES,
            &assortment::FEATURES,
            &tenure::FEATURES,
            &payment::FEATURES,
            &dialogue::FEATURES,
            &contacts::FEATURES,
            &opportunities::FEATURES,
            public::NUMBERS,
        ];
        let features = families.concat();
        // all zeros, which the system hands out untouched: each page is first written by the thread that fills it
        let mut columns: Vec<Vec<f64>> = features.iter().map(|_| vec![0.0; members.len()]).collect();
        let mut parts: Vec<Vec<&mut [f64]>> = members.chunks(CHUNK).map(|_| Vec::new()).collect();
        for column in &mut columns {
            parts.iter_mut().zip(column.chunks_mut(CHUNK)).for_each(|(part, values)| part.push(values));
        }
        members
            .par_chunks(CHUNK)
            .zip(parts)
            .for_each(|(members, mut part)| self.walk(members, customer_since, &mut part));
        let column = |(values, feature): (Vec<f64>, &catalogue::Feature)| {
            let known: Bitmap = values.iter().map(|value| !value.is_nan()).collect();
            let known = Some(known).filter(|known| known.unset_bits() > 0);
            Float64Chunked::from_vec_validity(feature.name.into(), values, known).into_column()
        };
        Ok(columns.into_par_iter().zip(&features).map(column).collect())
    }

    /// Writes each feature of some members into its column; NaN stands for unknown within this file only.
    fn walk(&self, members: &[usize], customer_since: &[Option<i32>], columns: &mut [&mut [f64]]) {
        let (known, portfolio) = (&self.known, &self.portfolio);
        let recorded = dialogue::Recorded::new(known);
        let (mut history, mut gaps, mut groups) = (History::new(), Vec::new(), assortment::Groups::new(known));
        for (row, &account) in members.iter().enumerate() {
            known.read(account, &mut history);
            let families: [&[Option<f64>]; 12] = [
                &recency::values(&history, &mut gaps),
                &frequency::values(&history),
                &monetary::values(&history),
                &trend::values(&history, portfolio),
                &seasonality::values(&history, portfolio),
                &assortment::values(known, portfolio, account, &mut groups),
                &tenure::values(&history, customer_since[account]),
                &payment::values(known, account),
                &dialogue::values(known, &recorded, account),
                &contacts::values(known, account),
                &opportunities::values(known, account),
                &public::values(known, account),
            ];
            let values = families.iter().flat_map(|values| values.iter());
            columns.iter_mut().zip(values).for_each(|(column, value)| column[row] = value.unwrap_or(f64::NAN));
        }
    }

    /// Per account of the warehouse, in days since 1970-01-01.
    fn customer_since(&self) -> Result<Vec<Option<i32>>, FeatureError> {
        let mut since = vec![None; self.known.account_count()];
        let days = self.customers.column("customer_since")?.cast(&DataType::Int32)?;
        for (account, day) in self.customers.column("account")?.i32()?.into_no_null_iter().zip(days.i32()?.iter()) {
            since[account as usize] = day;
        }
        Ok(since)
    }
}

/// Left join on `account` that keeps the order of the left side.
pub(super) fn join(left: LazyFrame, right: LazyFrame) -> LazyFrame {
    let mut how = JoinArgs::new(JoinType::Left);
    how.maintain_order = MaintainOrderJoin::Left;
    left.join(right, [col("account")], [col("account")], how)
}

impl Facts {
    /// Ids of the population at `as_of`, in ascending order: who ordered in the 24 months to `t` and is not blocked,
    /// insolvent, internal or collective.
    ///
    /// # Errors
    /// If nothing was known at `as_of`.
    pub fn population(&self, as_of: AsOf) -> Result<Vec<String>, FeatureError> {
        Ok(Origin::new(self, as_of)?.population())
    }

    /// Every account known at `as_of`, in the population or not.
    ///
    /// # Errors
    /// If nothing was known at `as_of`.
    pub fn all_accounts(&self, as_of: AsOf) -> Result<AccountFrame, FeatureError> {
        Origin::new(self, as_of)?.accounts()
    }

    /// The overdue invoices at `as_of` by account id, of accounts that have any.
    pub fn overdue(&self, as_of: AsOf) -> BTreeMap<String, Overdue> {
        let known = self.as_of(as_of);
        let found = payment::overdue(&known).into_iter();
        found.map(|(account, overdue)| (known.account_id(account).to_owned(), overdue)).collect()
    }

    /// All features of the population at `as_of`.
    ///
    /// # Errors
    /// If nothing was known at `as_of`.
    pub fn features(&self, as_of: AsOf) -> Result<FeatureFrame, FeatureError> {
        Origin::new(self, as_of)?.features()
    }

    /// What rung 0 says at `as_of`.
    ///
    /// # Errors
    /// If nothing was known at `as_of`.
    pub fn baselines(&self, as_of: AsOf, horizon: Horizon) -> Result<BaselineFrame, FeatureError> {
        Origin::new(self, as_of)?.baselines(horizon)
    }

    /// What happened to the population of `as_of` in the `horizon` after it, from records known by `known_by`.
    ///
    /// # Errors
    /// If nothing was known at `as_of`, or if the window ends after `known_by` or after the last complete month.
    pub fn labels(&self, as_of: AsOf, horizon: Horizon, known_by: Month) -> Result<LabelFrame, FeatureError> {
        let origin = Origin::new(self, as_of)?;
        let baselines = origin.baselines(horizon)?;
        origin.labels(self, &baselines, known_by)
    }

    /// Features and baselines at `as_of`, and the labels if they are asked for.
    ///
    /// # Errors
    /// If nothing was known at `as_of`, or if the label window ends after `labels_known_by` or after the last complete
    /// month.
    pub fn slice(&self, as_of: AsOf, horizon: Horizon, labels_known_by: Option<Month>) -> Result<Slice, FeatureError> {
        let origin = Origin::new(self, as_of)?;
        let baselines = origin.baselines(horizon)?;
        let labels = labels_known_by.map(|known_by| origin.labels(self, &baselines, known_by)).transpose()?;
        Slice::new(origin.features()?, baselines, labels)
    }

    /// What [`Self::slice`] gives without labels, its features put together part by part.
    ///
    /// # Errors
    /// If nothing was known at `as_of`.
    pub fn members(&self, as_of: AsOf, horizon: Horizon) -> Result<Members<'_>, FeatureError> {
        Members::new(Origin::new(self, as_of)?, horizon)
    }

    /// The slices of several origins, one after the other as they are asked for; each is computed in parallel over
    /// accounts. An origin has labels if its window has closed by `known_by`: a run as of `t` passes `t`, and no label
    /// of it speaks of what came later.
    pub fn slices<'a>(
        &'a self,
        origins: &'a [Month],
        horizon: Horizon,
        known_by: Month,
    ) -> impl Iterator<Item = Result<Slice, FeatureError>> + 'a {
        let last = known_by.min(self.last_complete_month().0);
        origins.iter().map(move |&origin| {
            let closed = origin.plus(horizon.months()) <= last;
            self.slice(AsOf::end_of(origin), horizon, closed.then_some(known_by))
        })
    }

    /// All of [`Facts::slices`] at once: about 1 kB per account and origin.
    ///
    /// # Errors
    /// At the first origin before the data.
    pub fn panel(&self, origins: &[Month], horizon: Horizon, known_by: Month) -> Result<Vec<Slice>, FeatureError> {
        self.slices(origins, horizon, known_by).collect()
    }
}
