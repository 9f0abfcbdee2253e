//! The ledger in memory: per account its records in order of month and month of knowledge, money in integers.
//!
//! A record holds what changed in an account's month when it became known, so that the month as of (`t`, known by `k`)
//! is the sum over its records known by `k` (exclusive or for the mask of order days). Records of one account lie side
//! by side, so that an origin walks memory once.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::FeatureError;
use crate::{
    domain::{AsOf, Month, Notice},
    params,
    warehouse::Warehouse,
};

/// What became known of one account's month in one month of knowledge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    pub(super) month: i32,
    known_month: i32,
    pub(super) orders: i32,
    /// Bit `d - 1`: day `d` of the month is an order day.
    pub(super) days: u32,
    pub(super) largest_order: i64,
    pub(super) revenue: i64,
    pub(super) returns: i64,
    /// Margin of the lines whose cost is known, and their revenue.
    pub(super) margin: i64,
    pub(super) costed_revenue: i64,
}

/// Net revenue of one account in one month and product group, as it became known.
#[derive(Debug, Clone, Copy)]
pub(in crate::features) struct GroupRecord {
    pub(in crate::features) month: i32,
    known_month: i32,
    /// Position of the group among all groups in ascending order.
    pub(in crate::features) group: u32,
    pub(in crate::features) revenue: i64,
}

/// All accounts together, in one month and month of knowledge.
#[derive(Debug, Clone, Copy, Default)]
struct Total {
    costed_groups: i64,
    costed_revenue: i64,
    margin: i64,
    /// Order days of any account.
    days: u32,
}

/// By month and month of knowledge.
type Totals = BTreeMap<(i32, i32), Total>;

/// What a view needs to know of all accounts together.
pub(super) struct KnownTotals {
    pub(super) first_month: Option<i32>,
    pub(super) margin_rate: Option<f64>,
}

#[derive(Debug)]
pub(super) struct Ledger {
    offsets: Vec<usize>,
    records: Vec<Record>,
    group_offsets: Vec<usize>,
    group_records: Vec<GroupRecord>,
    /// Per product group the months with a record and when these became known, without what others imply.
    sales: Vec<Vec<(i32, i32)>>,
    totals: Totals,
    first_month: Month,
    last_knowledge: Month,
}

/// All account ids in ascending order; numbers them for the queries that follow.
pub(super) fn account_ids(warehouse: &Warehouse) -> Result<Vec<String>, FeatureError> {
    warehouse.execute(include_str!("../sql/accounts.sql"), params![])?;
    texts(&warehouse.frame(include_str!("../sql/account_ids.sql"), params![])?, "account_id")
}

/// All product groups in ascending order.
pub(super) fn product_groups(warehouse: &Warehouse) -> Result<Vec<String>, FeatureError> {
    texts(&warehouse.frame(include_str!("../sql/product_groups.sql"), params![])?, "product_group")
}

impl Ledger {
    pub(super) fn load(warehouse: &Warehouse, accounts: usize) -> Result<Self, FeatureError> {
        let frame = warehouse.frame(include_str!("../sql/ledger_accounts.sql"), params![])?;
        let (records, totals) = records_of(&frame)?;
        let offsets = offsets_of(&frame, accounts)?;
        drop(frame);
        let first = totals.keys().map(|&(month, _)| month).min().ok_or(FeatureError::NoOrders)?;
        let last = totals.keys().map(|&(_, known_month)| known_month).max().ok_or(FeatureError::NoOrders)?;
        let frame = warehouse.frame(include_str!("../sql/ledger_groups.sql"), params![])?;
        let group_records = groups_of(&frame)?;
        Ok(Self {
            offsets,
            records,
            group_offsets: offsets_of(&frame, accounts)?,
            sales: sales_of(&group_records),
            group_records,
            totals,
            first_month: Month::from_index(first)?,
            last_knowledge: Month::from_index(last)?,
        })
    }

    pub(super) fn records(&self, account: usize, as_of: AsOf) -> impl Iterator<Item = &Record> {
        let (at, knowledge) = (as_of.at().index(), as_of.knowledge().index());
        self.records[self.offsets[account]..self.offsets[account + 1]]
            .iter()
            .take_while(move |record| record.month <= at)
            .filter(move |record| record.known_month <= knowledge)
    }

    pub(super) fn group_records(&self, account: usize, as_of: AsOf) -> impl Iterator<Item = GroupRecord> {
        let (at, knowledge) = (as_of.at().index(), as_of.knowledge().index());
        self.group_records[self.group_offsets[account]..self.group_offsets[account + 1]]
            .iter()
            .take_while(move |record| record.month <= at)
            .filter(move |record| record.known_month <= knowledge)
            .copied()
    }

    /// Whether anybody has bought of a product group, as far as is known.
    pub(super) fn is_sold(&self, group: u32, as_of: AsOf) -> bool {
        let (at, knowledge) = (as_of.at().index(), as_of.knowledge().index());
        self.sales[group as usize].iter().any(|(month, known)| *month <= at && *known <= knowledge)
    }

    pub(super) fn known_totals(&self, as_of: AsOf) -> KnownTotals {
        let (at, knowledge) = (as_of.at().index(), as_of.knowledge().index());
        let mut known = KnownTotals { first_month: None, margin_rate: None };
        let mut sum = Total::default();
        for ((month, _), total) in self.totals.iter().filter(|((month, by), _)| *month <= at && *by <= knowledge) {
            known.first_month.get_or_insert(*month);
            sum.costed_groups += total.costed_groups;
            sum.costed_revenue += total.costed_revenue;
            sum.margin += total.margin;
        }
        if sum.costed_groups > 0 {
            // goods given away have cost and no revenue: without any revenue there is no rate, and none is invented
            let rate = if sum.costed_revenue > 0 { sum.margin as f64 / sum.costed_revenue as f64 } else { 0.0 };
            known.margin_rate = Some(rate);
        }
        known
    }

    pub(super) fn has_cost(&self) -> bool {
        self.totals.values().any(|total| total.costed_groups > 0)
    }

    pub(super) const fn first_month(&self) -> Month {
        self.first_month
    }

    /// The last month in which anything became known.
    pub(super) const fn last_knowledge(&self) -> Month {
        self.last_knowledge
    }

    pub(super) fn last_complete_month(&self) -> (Month, String) {
        let mut days: BTreeMap<i32, u32> = BTreeMap::new();
        for ((month, _), total) in &self.totals {
            *days.entry(*month).or_default() |= total.days;
        }
        days.retain(|_, mask| *mask != 0);
        let month = |index: i32| self.first_month.plus(index - self.first_month.index());
        let short = |index: i32, mask: u32| i32::from(month(index).last_day().day()) - 32 + mask.leading_zeros() as i32;
        let Some((&last, &mask)) = days.last_key_value() else {
            return (self.first_month, format!("there is no order, only returns, from {} on", self.first_month));
        };
        let missing = short(last, mask);
        match days.range(last - 12..last).map(|(&index, &mask)| short(index, mask)).max() {
            Some(usual) if missing > usual => (
                month(last - 1),
                format!(
                    "the last order of {} lies {missing} days before the month end, further than in any of the 12 \
                     months before ({usual} at most), so the month is taken as incomplete",
                    month(last)
                ),
            ),
            Some(usual) => (
                month(last),
                format!(
                    "the last order of {} lies {missing} days before the month end, as near as in the 12 months before \
                     ({usual} at most)",
                    month(last)
                ),
            ),
            None => (month(last), format!("{} is the only month with orders within a year", month(last))),
        }
    }

    pub(super) fn notices(&self) -> Vec<Notice> {
        let revenue: i64 = self.records.iter().map(|record| record.revenue).sum();
        let costed: i64 = self.totals.values().map(|total| total.costed_revenue).sum();
        if !self.has_cost() {
            return vec![Notice::warning("no-cost", "no cost is known, so revenue stands in for contribution margin")];
        }
        if costed < revenue {
            let share = 100.0 * costed as f64 / revenue as f64;
            let text = format!(
                "cost is known for {share:.1} % of revenue; the rest is given the portfolio's margin rate of the time"
            );
            return vec![Notice::warning("partial-cost", text)];
        }
        Vec::new()
    }
}

fn records_of(frame: &DataFrame) -> Result<(Vec<Record>, Totals), FeatureError> {
    let narrow = |name| Ok::<_, FeatureError>(frame.column(name)?.i32()?.into_no_null_iter());
    let wide = |name| Ok::<_, FeatureError>(frame.column(name)?.i64()?.into_no_null_iter());
    let (mut known_month, mut orders, mut days) = (narrow("known_month")?, narrow("orders")?, narrow("day_mask")?);
    let (mut largest_order, mut revenue, mut returns) =
        (wide("largest_order_e4")?, wide("revenue_e4")?, wide("returns_e4")?);
    let (mut margin, mut costed_revenue) = (wide("margin_e4")?, wide("costed_revenue_e4")?);
    let mut costed_groups = narrow("costed_groups")?;

    let mut records = Vec::with_capacity(frame.height());
    let mut totals = Totals::new();
    for month in narrow("month")? {
        let mut next = || {
            Some(Record {
                month,
                known_month: known_month.next()?,
                orders: orders.next()?,
                days: days.next()? as u32,
                largest_order: largest_order.next()?,
                revenue: revenue.next()?,
                returns: returns.next()?,
                margin: margin.next()?,
                costed_revenue: costed_revenue.next()?,
            })
        };
        let record = next().expect("columns of one frame are of one length");
        let total = totals.entry((month, record.known_month)).or_default();
        total.costed_groups += i64::from(costed_groups.next().unwrap_or(0));
        total.costed_revenue += record.costed_revenue;
        total.margin += record.margin;
        total.days |= record.days;
        records.push(record);
    }
    Ok((records, totals))
}

fn groups_of(frame: &DataFrame) -> Result<Vec<GroupRecord>, FeatureError> {
    let narrow = |name| Ok::<_, FeatureError>(frame.column(name)?.i32()?.into_no_null_iter());
    let rows = narrow("month")?.zip(narrow("known_month")?).zip(narrow("group_number")?);
    let revenue = frame.column("revenue_e4")?.i64()?.into_no_null_iter();
    Ok(rows
        .zip(revenue)
        .map(|(((month, known_month), group), revenue)| GroupRecord {
            month,
            known_month,
            group: group as u32,
            revenue,
        })
        .collect())
}

/// Per product group, the earliest months of sale and of knowledge.
fn sales_of(records: &[GroupRecord]) -> Vec<Vec<(i32, i32)>> {
    let groups = records.iter().map(|record| record.group as usize + 1).max().unwrap_or_default();
    let mut sales: Vec<Vec<(i32, i32)>> = vec![Vec::new(); groups];
    for record in records {
        let of_group = &mut sales[record.group as usize];
        let new = (record.month, record.known_month);
        if !of_group.iter().any(|old| old.0 <= new.0 && old.1 <= new.1) {
            of_group.retain(|old| old.0 < new.0 || old.1 < new.1);
            of_group.push(new);
        }
    }
    sales
}

/// Where each account's rows begin; the frame is in order of accounts.
pub(super) fn offsets_of(frame: &DataFrame, accounts: usize) -> Result<Vec<usize>, FeatureError> {
    let mut offsets = vec![0; accounts + 1];
    for account in frame.column("account")?.i32()?.into_no_null_iter() {
        offsets[account as usize + 1] += 1;
    }
    for account in 0..accounts {
        offsets[account + 1] += offsets[account];
    }
    Ok(offsets)
}

fn texts(frame: &DataFrame, name: &str) -> Result<Vec<String>, FeatureError> {
    Ok(frame.column(name)?.str()?.iter().flatten().map(str::to_owned).collect())
}
