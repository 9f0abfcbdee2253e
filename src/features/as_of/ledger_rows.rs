//! The ledger's rows on their way from the warehouse to memory, [packed](super::packed) by range of accounts.

use polars::prelude::DataFrame;

use super::{
    FeatureError,
    packed::{Packed, SHARD, Sharded},
};
use crate::{params, warehouse::Warehouse};

/// Account, month, month of knowledge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(pub(super) i32, pub(super) i32, pub(super) i32);

#[derive(Debug)]
pub(super) struct OrderRow {
    pub(super) key: Key,
    pub(super) orders: i32,
    pub(super) days: u32,
    pub(super) largest_order: i64,
}

#[derive(Debug)]
pub(super) struct MoneyRow {
    pub(super) key: Key,
    /// Below 0: no group.
    pub(super) group: i32,
    pub(super) revenue: i64,
    pub(super) returns: i64,
    pub(super) margin: Option<i64>,
    pub(super) costed_revenue: i64,
}

/// All rows of the ledger.
#[derive(Debug)]
pub(super) struct LedgerRows {
    orders: Sharded<6>,
    money: Sharded<9>,
}

/// The rows of some accounts, in the order in which they came.
#[derive(Debug)]
pub(super) struct ShardRows {
    orders: Packed<6>,
    money: Packed<9>,
}

impl LedgerRows {
    /// Of as many accounts.
    pub(super) fn read(warehouse: &Warehouse, accounts: usize) -> Result<Self, FeatureError> {
        let (mut orders, mut money) = (Sharded::of(accounts), Sharded::of(accounts));
        warehouse.each_chunk(include_str!("../sql/ledger_accounts.sql"), params![], |chunk| {
            order_rows(chunk)?.for_each(|row| orders.push(row.key.0, row.packed()));
            Ok::<_, FeatureError>(())
        })?;
        warehouse.each_chunk(include_str!("../sql/ledger_groups.sql"), params![], |chunk| {
            money_rows(chunk)?.for_each(|row| money.push(row.key.0, row.packed()));
            Ok::<_, FeatureError>(())
        })?;
        Ok(Self { orders, money })
    }

    /// Shard by shard.
    pub(super) fn shards(self) -> Vec<ShardRows> {
        let pairs = self.orders.shards().into_iter().zip(self.money.shards());
        pairs.map(|(orders, money)| ShardRows { orders, money }).collect()
    }
}

impl ShardRows {
    /// Fills in both kinds of rows, by account, month and month of knowledge; money also by group.
    pub(super) fn sort_into(self, orders: &mut Sorted<OrderRow>, money: &mut Sorted<MoneyRow>) {
        orders.fill(self.orders, OrderRow::unpacked, |row| row.key.0, |row| row.key);
        money.fill(self.money, MoneyRow::unpacked, |row| row.key.0, |row| (row.key, row.group));
    }
}

/// Rows with the order in which they are read.
#[derive(Debug)]
pub(super) struct Sorted<R> {
    rows: Vec<R>,
    order: Vec<u32>,
}

impl<R> Default for Sorted<R> {
    fn default() -> Self {
        Self { rows: Vec::new(), order: Vec::new() }
    }
}

impl<R> Sorted<R> {
    /// Rows come month by month, so that those of one account, once together, are nearly in order.
    fn fill<const N: usize, K: Ord>(
        &mut self,
        packed: Packed<N>,
        unpacked: impl Fn([i64; N]) -> R,
        account: impl Fn(&R) -> i32,
        key: impl Fn(&R) -> K,
    ) {
        self.rows.clear();
        packed.unpack_into(&mut self.rows, unpacked);
        let place = |row: &R| account(row) as usize % SHARD;
        let mut ends = [0_usize; SHARD + 1];
        self.rows.iter().for_each(|row| ends[place(row) + 1] += 1);
        (0..SHARD).for_each(|at| ends[at + 1] += ends[at]);
        self.order.clear();
        self.order.resize(self.rows.len(), 0);
        // each account's beginning moves to its end as its rows find their place
        for (row, at) in self.rows.iter().zip(0..) {
            let end = &mut ends[place(row)];
            self.order[*end] = at;
            *end += 1;
        }
        let mut start = 0;
        for &end in &ends[..SHARD] {
            self.order[start..end].sort_by_key(|&at| key(&self.rows[at as usize]));
            start = end;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &R> {
        self.order.iter().map(|&at| &self.rows[at as usize])
    }
}

impl Key {
    fn packed(self) -> [i64; 3] {
        [self.0.into(), self.1.into(), (self.2 - self.1).into()]
    }

    const fn unpacked(account: i64, month: i64, later: i64) -> Self {
        Self(account as i32, month as i32, (month + later) as i32)
    }
}

impl OrderRow {
    /// Of a month without orders.
    pub(super) const NONE: Self = Self { key: Key(0, 0, 0), orders: 0, days: 0, largest_order: 0 };

    fn packed(&self) -> [i64; 6] {
        let [account, month, later] = self.key.packed();
        [account, month, later, self.orders.into(), self.days.into(), self.largest_order]
    }

    const fn unpacked([account, month, later, orders, days, largest_order]: [i64; 6]) -> Self {
        let key = Key::unpacked(account, month, later);
        Self { key, orders: orders as i32, days: days as u32, largest_order }
    }
}

impl MoneyRow {
    /// Mostly, cost is known of all revenue or of none.
    fn packed(&self) -> [i64; 9] {
        let [account, month, later] = self.key.packed();
        let uncosted = self.revenue.wrapping_sub(self.costed_revenue);
        let (costed, margin) = (self.margin.is_some().into(), self.margin.unwrap_or(0));
        [account, month, later, self.group.into(), self.revenue, self.returns, uncosted, costed, margin]
    }

    fn unpacked([account, month, later, group, revenue, returns, uncosted, costed, margin]: [i64; 9]) -> Self {
        Self {
            key: Key::unpacked(account, month, later),
            group: group as i32,
            revenue,
            returns,
            margin: (costed != 0).then_some(margin),
            costed_revenue: revenue.wrapping_sub(uncosted),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_sorted_and_with_unknown_cost_apart_from_none() {
        let money = |account, group, margin| MoneyRow {
            key: Key(account, 24_000, 24_001),
            group,
            revenue: 5,
            returns: 7,
            margin,
            costed_revenue: if margin.is_some() { 5 } else { 0 },
        };
        let mut shard = ShardRows { orders: Packed::default(), money: Packed::default() };
        for row in [money(2, 3, None), money(2, -1, Some(0)), money(1, 0, Some(-4))] {
            shard.money.push(row.packed());
        }
        let (mut orders, mut rows) = (Sorted::default(), Sorted::default());
        shard.sort_into(&mut orders, &mut rows);
        assert_eq!((orders.len(), rows.len()), (0, 3));
        let told = |row: &MoneyRow| (row.key, row.group, row.margin, row.costed_revenue, row.revenue, row.returns);
        let expected = [money(1, 0, Some(-4)), money(2, -1, Some(0)), money(2, 3, None)];
        assert_eq!(rows.iter().map(told).collect::<Vec<_>>(), expected.iter().map(told).collect::<Vec<_>>());
    }
}
