//! One account's months up to `t`, as known then: what the ledger's families compute from.

use super::{Known, ledger::Record};

/// Months a history holds one by one, newest first: the longest horizon.
pub(in crate::features) const HISTORY_MONTHS: usize = 36;

/// Months over which an account's usual order is judged.
const USUAL_MONTHS: usize = 24;

/// One month of one account; money in ten-thousandths.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::features) struct MonthTotal {
    pub(in crate::features) orders: i32,
    /// Bit `d - 1`: day `d` is an order day.
    pub(in crate::features) days: u32,
    pub(in crate::features) largest_order: i64,
    pub(in crate::features) revenue: i64,
    pub(in crate::features) returns: i64,
    /// Records without cost included, at the portfolio's margin rate.
    pub(in crate::features) margin: i64,
    pub(in crate::features) costed_revenue: i64,
    first_day: i32,
}

impl MonthTotal {
    pub(in crate::features) const fn gross(&self) -> i64 {
        self.revenue + self.returns
    }

    /// Order days of the month in ascending order, in days since 1970-01-01.
    fn order_days(&self) -> impl Iterator<Item = i32> + use<> {
        let (first_day, mut left) = (self.first_day, self.days);
        std::iter::from_fn(move || {
            let bit = (left != 0).then(|| left.trailing_zeros())?;
            left &= left - 1;
            Some(first_day + bit as i32)
        })
    }
}

/// One account as of `t`. Filled again for each account, so that nothing is allocated per account.
#[derive(Debug)]
pub(in crate::features) struct History {
    months: [MonthTotal; HISTORY_MONTHS],
    covered: usize,
    end_month: i32,
    end_day: i32,
    first_order_month: Option<i32>,
    first_order_day: Option<i32>,
    last_order_day: Option<i32>,
    order_days: u32,
    total_revenue: i64,
}

impl History {
    pub(in crate::features) fn new() -> Self {
        Self {
            months: [MonthTotal::default(); HISTORY_MONTHS],
            covered: 0,
            end_month: 0,
            end_day: 0,
            first_order_month: None,
            first_order_day: None,
            last_order_day: None,
            order_days: 0,
            total_revenue: 0,
        }
    }

    /// Reads an account's known records, in order of month; says whether there was one.
    pub(super) fn fill<'r>(&mut self, known: &Known<'_>, records: impl Iterator<Item = &'r Record>) -> bool {
        *self = Self::new();
        self.covered = known.covered();
        self.end_month = known.as_of().at().index();
        self.end_day = known.end_day();
        let mut current: Option<(i32, MonthTotal)> = None;
        for record in records {
            if let Some((month, total)) = current.take_if(|(month, _)| *month != record.month) {
                self.close(known, month, total);
            }
            let (_, total) = current.get_or_insert((record.month, MonthTotal::default()));
            total.orders += record.orders;
            total.days ^= record.days;
            total.largest_order += record.largest_order;
            total.revenue += record.revenue;
            total.returns += record.returns;
            total.margin += record.margin;
            total.costed_revenue += record.costed_revenue;
        }
        let Some((month, total)) = current else { return false };
        self.close(known, month, total);
        true
    }

    /// Takes in a month whose records have all been summed.
    fn close(&mut self, known: &Known<'_>, month: i32, mut total: MonthTotal) {
        total.first_day = known.first_day_of(month);
        total.margin += match known.margin_rate() {
            Some(_) if total.costed_revenue == total.revenue => 0,
            Some(rate) => ((total.revenue - total.costed_revenue) as f64 * rate).round() as i64,
            None => total.revenue,
        };
        self.total_revenue += total.revenue;
        if total.days != 0 {
            self.order_days += total.days.count_ones();
            let first = total.first_day + total.days.trailing_zeros() as i32;
            self.first_order_month.get_or_insert(month);
            self.first_order_day.get_or_insert(first);
            self.last_order_day = Some(total.first_day + 31 - total.days.leading_zeros() as i32);
        }
        let ago = (self.end_month - month) as usize;
        if ago < HISTORY_MONTHS {
            self.months[ago] = total;
        }
    }

    /// The month that lies `ago` months before `t`; at most 35.
    pub(in crate::features) const fn month(&self, ago: usize) -> &MonthTotal {
        &self.months[ago]
    }

    /// Months of the portfolio's data up to `t`.
    pub(in crate::features) const fn covered(&self) -> usize {
        self.covered
    }

    /// The sum over the last `months`, or `None` where they reach back beyond the data.
    pub(in crate::features) fn sum(&self, months: usize, value: impl Fn(&MonthTotal) -> i64) -> Option<i64> {
        self.between(0, months, value)
    }

    /// The sum over the months from `from` (included) to `to` (excluded) before `t`.
    pub(in crate::features) fn between(
        &self,
        from: usize,
        to: usize,
        value: impl Fn(&MonthTotal) -> i64,
    ) -> Option<i64> {
        (to <= self.covered).then(|| self.months[from..to].iter().map(value).sum())
    }

    /// The sum over the last `months`, or over as many of them as there are.
    pub(in crate::features) fn sum_of_available(&self, months: usize, value: impl Fn(&MonthTotal) -> i64) -> i64 {
        self.months[..months].iter().map(value).sum()
    }

    /// How many of the last `months` satisfy `condition`.
    pub(in crate::features) fn count(&self, months: usize, condition: impl Fn(&MonthTotal) -> bool) -> Option<i64> {
        self.sum(months, |month| i64::from(condition(month)))
    }

    /// Whether there is an order day in the last `months`, or in as many of them as there are.
    pub(in crate::features) fn ordered_within(&self, months: usize) -> bool {
        self.months[..months].iter().any(|month| month.days != 0)
    }

    /// Value of the largest order of the last `months`.
    pub(in crate::features) fn largest_order(&self, months: usize) -> Option<i64> {
        (months <= self.covered)
            .then(|| self.months[..months].iter().map(|month| month.largest_order).max().unwrap_or(0))
    }

    /// Days between consecutive order days of the last `months` (or of as many as there are), oldest first.
    pub(in crate::features) fn order_gaps(&self, months: usize, gaps: &mut Vec<i32>) {
        gaps.clear();
        let mut days = self.months[..months].iter().rev().flat_map(MonthTotal::order_days);
        let Some(mut before) = days.next() else { return };
        gaps.extend(days.map(|day| day - std::mem::replace(&mut before, day)));
    }

    /// What an order of the account is usually worth: the median over the months of the last 24 with an order of
    /// revenue per order. `None` with fewer than three such months, too few to call anything unusual.
    pub(in crate::features) fn usual_order(&self) -> Option<i64> {
        let mut values = [0; USUAL_MONTHS];
        let mut n = 0;
        for month in self.months[..USUAL_MONTHS].iter().filter(|month| month.orders > 0 && month.revenue > 0) {
            values[n] = month.revenue / i64::from(month.orders);
            n += 1;
        }
        if n < 3 {
            return None;
        }
        values[..n].sort_unstable();
        Some(if n % 2 == 1 { values[n / 2] } else { (values[n / 2 - 1] + values[n / 2]) / 2 })
    }

    /// Per month of the last 24, newest first: by how much its largest order exceeds five times the usual one.
    pub(in crate::features) fn one_off_excess(&self) -> Option<[i64; USUAL_MONTHS]> {
        let limit = self.usual_order()?.saturating_mul(5);
        Some(std::array::from_fn(|ago| (self.months[ago].largest_order - limit).max(0)))
    }

    pub(in crate::features) const fn end_month(&self) -> i32 {
        self.end_month
    }

    pub(in crate::features) const fn end_day(&self) -> i32 {
        self.end_day
    }

    /// In days since 1970-01-01, over the whole known history.
    pub(in crate::features) const fn first_order_day(&self) -> Option<i32> {
        self.first_order_day
    }

    /// In days since 1970-01-01.
    pub(in crate::features) const fn last_order_day(&self) -> Option<i32> {
        self.last_order_day
    }

    /// Distinct order days over the whole known history.
    pub(in crate::features) const fn order_days(&self) -> u32 {
        self.order_days
    }

    /// Net revenue over the whole known history.
    pub(in crate::features) const fn total_revenue(&self) -> i64 {
        self.total_revenue
    }

    pub(in crate::features) fn months_since_first_order(&self) -> Option<i32> {
        self.first_order_month.map(|first| self.end_month - first)
    }
}
