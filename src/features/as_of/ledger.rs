//! The ledger in memory: per account its records in order of month and month of knowledge, money in integers.
//!
//! A record holds what changed in an account's month when it became known, so that the month as of (`t`, known by `k`)
//! is the sum over its records known by `k` (exclusive or for the mask of order days). Records of one account lie side
//! by side, so that an origin walks memory once; accounts are put together shard by shard, in parallel.

use std::{collections::BTreeMap, iter::Peekable};

use polars::prelude::{DataFrame, df};
use rayon::prelude::*;

use super::{
    FeatureError,
    ledger_rows::{Key, LedgerRows, MoneyRow, OrderRow, ShardRows, Sorted},
    packed::{Offsets, SHARD},
};
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
    shards: Vec<Shard>,
    /// Per product group the months with a record and when these became known, without what others imply.
    sales: Sales,
    totals: Totals,
    first_month: Month,
}

/// [`SHARD`] consecutive accounts; fewer at the end.
#[derive(Debug)]
struct Shard {
    offsets: Offsets,
    records: Vec<Record>,
    group_offsets: Offsets,
    group_records: Vec<GroupRecord>,
}

type Sales = Vec<Vec<(i32, i32)>>;

/// All account ids in ascending order; numbers them for the queries that follow.
pub(super) fn account_ids(warehouse: &Warehouse) -> Result<Vec<String>, FeatureError> {
    warehouse.execute(include_str!("../sql/accounts.sql"), params![])?;
    texts(&warehouse.frame(include_str!("../sql/account_ids.sql"), params![])?, "account_id")
}

/// The same numbers for another connection, whose temporary tables are its own.
pub(super) fn number_accounts(beside: &Warehouse, account_ids: &[String]) -> Result<(), FeatureError> {
    beside.execute_script("CREATE OR REPLACE TEMP TABLE feature_accounts (account_id VARCHAR, account INTEGER)")?;
    let numbers: Vec<i32> = (0..).take(account_ids.len()).collect();
    beside.append("feature_accounts", &df!("account_id" => account_ids, "account" => numbers)?)?;
    Ok(())
}

/// The last month in which anything became known.
pub(super) fn last_knowledge(warehouse: &Warehouse) -> Result<Month, FeatureError> {
    let sql = include_str!("../sql/last_knowledge.sql");
    let last = warehouse.query(sql, params![], |row| row.get::<Option<i32>>(0))?;
    let last = last.into_iter().flatten().next().ok_or(FeatureError::NoOrders)?;
    Ok(Month::from_index(last)?)
}

/// All product groups in ascending order; numbers them for the queries that follow.
pub(super) fn product_groups(warehouse: &Warehouse) -> Result<Vec<String>, FeatureError> {
    warehouse.execute(include_str!("../sql/product_groups.sql"), params![])?;
    texts(&warehouse.frame(include_str!("../sql/product_group_names.sql"), params![])?, "product_group")
}

impl Ledger {
    /// Nothing became known after `last_knowledge`.
    pub(super) fn of(rows: LedgerRows, last_knowledge: Month) -> Result<Self, FeatureError> {
        let scratch = <(Sorted<OrderRow>, Sorted<MoneyRow>)>::default;
        let shard = |(orders, money): &mut (_, _), rows| Shard::of(rows, orders, money);
        let parts: Vec<(Shard, Totals, Sales)> = rows.shards().into_par_iter().map_init(scratch, shard).collect();
        let mut ledger = Self {
            shards: Vec::with_capacity(parts.len()),
            sales: Sales::new(),
            totals: Totals::new(),
            first_month: last_knowledge,
        };
        for (shard, totals, sales) in parts {
            ledger.shards.push(shard);
            totals.into_iter().for_each(|(months, total)| ledger.totals.entry(months).or_default().add(total));
            for (group, months) in sales.into_iter().enumerate() {
                months.into_iter().for_each(|months| add_sale(&mut ledger.sales, group, months));
            }
        }
        let first = ledger.totals.keys().map(|&(month, _)| month).min().ok_or(FeatureError::NoOrders)?;
        ledger.first_month = Month::from_index(first)?;
        Ok(ledger)
    }

    fn shard_of(&self, account: usize) -> &Shard {
        &self.shards[account / SHARD]
    }

    pub(super) fn records(&self, account: usize, as_of: AsOf) -> impl Iterator<Item = &Record> {
        let (at, knowledge) = (as_of.at().index(), as_of.knowledge().index());
        let shard = self.shard_of(account);
        shard.records[shard.offsets.rows_of(account)]
            .iter()
            .take_while(move |record| record.month <= at)
            .filter(move |record| record.known_month <= knowledge)
    }

    pub(super) fn group_records(&self, account: usize, as_of: AsOf) -> impl Iterator<Item = GroupRecord> {
        let (at, knowledge) = (as_of.at().index(), as_of.knowledge().index());
        let shard = self.shard_of(account);
        shard.group_records[shard.group_offsets.rows_of(account)]
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
            sum.add(*total);
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
        let records = self.shards.iter().flat_map(|shard| &shard.records);
        let revenue: i64 = records.map(|record| record.revenue).sum();
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

impl Shard {
    /// Also gives what its accounts add to the totals and to the sales of all. What `orders` and `money` held is gone.
    fn of(rows: ShardRows, orders: &mut Sorted<OrderRow>, money: &mut Sorted<MoneyRow>) -> (Self, Totals, Sales) {
        rows.sort_into(orders, money);
        let mut shard = Self {
            offsets: Offsets::new(),
            records: Vec::with_capacity(orders.len()),
            group_offsets: Offsets::new(),
            group_records: Vec::with_capacity(money.len()),
        };
        let (mut totals, mut sales) = (Totals::new(), Sales::new());
        let (mut orders, mut money) = (orders.iter().peekable(), money.iter().peekable());
        // a month may have goods returned and no order, or an order that became known later than its money
        while let Some(key) =
            [orders.peek().map(|row| row.key), money.peek().map(|row| row.key)].into_iter().flatten().min()
        {
            let total = totals.entry((key.1, key.2)).or_default();
            shard.take_over(key, orders.next_if(|row| row.key == key), &mut money, total);
        }
        shard.offsets.close();
        shard.group_offsets.close();
        for record in &shard.group_records {
            add_sale(&mut sales, record.group as usize, (record.month, record.known_month));
        }
        (shard, totals, sales)
    }

    /// Adds the record of `key`: its orders and all its money.
    fn take_over<'r>(
        &mut self,
        key: Key,
        orders: Option<&OrderRow>,
        money: &mut Peekable<impl Iterator<Item = &'r MoneyRow>>,
        total: &mut Total,
    ) {
        let Key(account, month, known_month) = key;
        let &OrderRow { orders, days, largest_order, .. } = orders.unwrap_or(&OrderRow::NONE);
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
        while let Some(row) = money.next_if(|row| row.key == key) {
            record.revenue += row.revenue;
            record.returns += row.returns;
            record.margin += row.margin.unwrap_or(0);
            record.costed_revenue += row.costed_revenue;
            total.costed_groups += i64::from(row.margin.is_some());
            if let Ok(group) = u32::try_from(row.group) {
                self.group_records.push(GroupRecord { month, known_month, group, revenue: row.revenue });
                self.group_offsets.end(account as usize, self.group_records.len());
            }
        }
        total.costed_revenue += record.costed_revenue;
        total.margin += record.margin;
        total.days |= record.days;
        self.records.push(record);
        self.offsets.end(account as usize, self.records.len());
    }
}

impl Total {
    const fn add(&mut self, other: Self) {
        self.costed_groups += other.costed_groups;
        self.costed_revenue += other.costed_revenue;
        self.margin += other.margin;
        self.days |= other.days;
    }
}

/// Notes that a group was sold in a month, as it became known, unless an earlier sale known as early is noted.
fn add_sale(sales: &mut Sales, group: usize, new: (i32, i32)) {
    if sales.len() <= group {
        sales.resize(group + 1, Vec::new());
    }
    let of_group = &mut sales[group];
    if !of_group.iter().any(|old| old.0 <= new.0 && old.1 <= new.1) {
        of_group.retain(|old| old.0 < new.0 || old.1 < new.1);
        of_group.push(new);
    }
}

fn texts(frame: &DataFrame, name: &str) -> Result<Vec<String>, FeatureError> {
    Ok(frame.column(name)?.str()?.iter().flatten().map(str::to_owned).collect())
}
