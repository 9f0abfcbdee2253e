//! The ledger in memory: per account its records in order of month and month of knowledge, money in integers.
//!
//! A record holds what changed in an account's month when it became known, so that the month as of (`t`, known by `k`)
//! is the sum over its records known by `k` (exclusive or for the mask of order days). Records of one account lie side
//! by side, so that an origin walks memory once.

use std::{collections::BTreeMap, iter::Peekable};

use polars::prelude::{ChunkAgg, DataFrame};

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

/// The ledger as the warehouse hands it over: rows in order of account, month and month of knowledge.
#[derive(Debug)]
pub(super) struct LedgerFrames {
    orders: DataFrame,
    money: DataFrame,
    /// The last month in which anything became known.
    pub(super) last_knowledge: Month,
}

impl LedgerFrames {
    pub(super) fn read(warehouse: &Warehouse) -> Result<Self, FeatureError> {
        let orders = warehouse.frame(include_str!("../sql/ledger_accounts.sql"), params![])?;
        let money = warehouse.frame(include_str!("../sql/ledger_groups.sql"), params![])?;
        let last = |frame: &DataFrame| Ok::<_, FeatureError>(frame.column("known_month")?.i32()?.max());
        let last = last(&orders)?.max(last(&money)?).ok_or(FeatureError::NoOrders)?;
        Ok(Self { orders, money, last_knowledge: Month::from_index(last)? })
    }
}

impl Ledger {
    /// Of the rows of as many accounts.
    pub(super) fn of(frames: LedgerFrames, accounts: usize) -> Result<Self, FeatureError> {
        let mut ledger = Self {
            offsets: vec![0; accounts + 1],
            records: Vec::with_capacity(frames.orders.height()),
            group_offsets: vec![0; accounts + 1],
            group_records: Vec::with_capacity(frames.money.height()),
            sales: Vec::new(),
            totals: Totals::new(),
            first_month: frames.last_knowledge,
        };
        let mut orders = order_rows(&frames.orders)?.peekable();
        let mut money = money_rows(&frames.money)?.peekable();
        // a month may have goods returned and no order, or an order that became known later than its money
        while let Some(key) =
            [orders.peek().map(|row| row.key), money.peek().map(|row| row.key)].into_iter().flatten().min()
        {
            ledger.take_over(key, orders.next_if(|row| row.key == key), &mut money);
        }
        for offsets in [&mut ledger.offsets, &mut ledger.group_offsets] {
            for account in 0..accounts {
                offsets[account + 1] = offsets[account + 1].max(offsets[account]);
            }
        }
        let first = ledger.totals.keys().map(|&(month, _)| month).min().ok_or(FeatureError::NoOrders)?;
        ledger.first_month = Month::from_index(first)?;
        ledger.sales = sales_of(&ledger.group_records);
        Ok(ledger)
    }

    /// Adds the record of `key`: its orders and all its money.
    fn take_over(&mut self, key: Key, orders: Option<OrderRow>, money: &mut Peekable<impl Iterator<Item = MoneyRow>>) {
        let Key(account, month, known_month) = key;
        let OrderRow { orders, days, largest_order, .. } = orders.unwrap_or_default();
        let mut record = Record {
            month,
            known_month,
            orders,
            days,
            largest_order,
            revenue: 0,
            returns: 0,
            margin: 0,
            costed_revenue: 0,
        };
        let total = self.totals.entry((month, known_month)).or_default();
        while let Some(row) = money.next_if(|row| row.key == key) {
            record.revenue += row.revenue;
            record.returns += row.returns;
            record.margin += row.margin.unwrap_or(0);
            record.costed_revenue += row.costed_revenue;
            total.costed_groups += i64::from(row.margin.is_some());
            if let Ok(group) = u32::try_from(row.group) {
                self.group_records.push(GroupRecord { month, known_month, group, revenue: row.revenue });
                self.group_offsets[account as usize + 1] = self.group_records.len();
            }
        }
        total.costed_revenue += record.costed_revenue;
        total.margin += record.margin;
        total.days |= record.days;
        self.records.push(record);
        self.offsets[account as usize + 1] = self.records.len();
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

/// Account, month, month of knowledge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Key(i32, i32, i32);

#[derive(Debug, Default)]
struct OrderRow {
    key: Key,
    orders: i32,
    days: u32,
    largest_order: i64,
}

#[derive(Debug)]
struct MoneyRow {
    key: Key,
    /// Below 0: no group.
    group: i32,
    revenue: i64,
    returns: i64,
    margin: Option<i64>,
    costed_revenue: i64,
}

fn narrow<'a>(frame: &'a DataFrame, name: &str) -> Result<impl Iterator<Item = i32> + use<'a>, FeatureError> {
    Ok(frame.column(name)?.i32()?.into_no_null_iter())
}

fn wide<'a>(frame: &'a DataFrame, name: &str) -> Result<impl Iterator<Item = i64> + use<'a>, FeatureError> {
    Ok(frame.column(name)?.i64()?.into_no_null_iter())
}

fn keys(frame: &DataFrame) -> Result<impl Iterator<Item = Key>, FeatureError> {
    let months = narrow(frame, "month")?.zip(narrow(frame, "known_month")?);
    Ok(narrow(frame, "account")?.zip(months).map(|(account, (month, known_month))| Key(account, month, known_month)))
}

fn order_rows(frame: &DataFrame) -> Result<impl Iterator<Item = OrderRow>, FeatureError> {
    let rows = keys(frame)?.zip(narrow(frame, "orders")?).zip(narrow(frame, "day_mask")?);
    Ok(rows.zip(wide(frame, "largest_order_e4")?).map(|(((key, orders), days), largest_order)| OrderRow {
        key,
        orders,
        days: days as u32,
        largest_order,
    }))
}

fn money_rows(frame: &DataFrame) -> Result<impl Iterator<Item = MoneyRow>, FeatureError> {
    let rows = keys(frame)?.zip(narrow(frame, "group_number")?);
    let money = wide(frame, "revenue_e4")?.zip(wide(frame, "returns_e4")?).zip(wide(frame, "costed_revenue_e4")?);
    Ok(rows.zip(money).zip(frame.column("margin_e4")?.i64()?.iter()).map(
        |(((key, group), ((revenue, returns), costed_revenue)), margin)| MoneyRow {
            key,
            group,
            revenue,
            returns,
            margin,
            costed_revenue,
        },
    ))
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
