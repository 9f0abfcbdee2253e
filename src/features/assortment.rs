//! What the account buys: breadth, concentration, and the shares of the portfolio's largest product groups.
//!
//! A group counts as bought in a window if its net revenue there is positive. The columns of group shares are fixed:
//! `group_share_1` speaks of the group that is largest in the portfolio as known at `t` (net revenue of the
//! population over the last 24 months, ties by name), `group_share_2` of the second, and so on; which group that is
//! may change over the years. If no line has a product group, all of it is unknown.

use super::{as_of::Known, catalogue::Feature, portfolio::Portfolio};

const FAMILY: &str = "assortment";

/// Product groups with a share column of their own.
pub(super) const RANKED_GROUPS: usize = 8;

const fn group_share(name: &'static str) -> Feature {
    Feature::number(
        FAMILY,
        name,
        "share",
        "share of the account's positive group revenues in the portfolio's group of this rank by revenue",
    )
    .over(12)
    .own_share_free()
}

pub(super) const FEATURES: [Feature; 14] = [
    Feature::number(FAMILY, "groups_12", "count", "product groups bought").over(12),
    Feature::number(FAMILY, "groups_24", "count", "product groups bought").over(24),
    Feature::number(
        FAMILY,
        "group_concentration_12",
        "index",
        "Herfindahl index of the account's positive group revenues: 1 if it buys one group only",
    )
    .over(12),
    Feature::number(
        FAMILY,
        "new_groups_12",
        "count",
        "product groups bought in the last 12 months whose revenue over all earlier months is not positive; needs more \
         than 12 months of data",
    )
    .over(12),
    Feature::number(
        FAMILY,
        "lost_groups_12",
        "count",
        "product groups bought in the 12 months before the last 12 and not in the last 12",
    )
    .over(24),
    group_share("group_share_1"),
    group_share("group_share_2"),
    group_share("group_share_3"),
    group_share("group_share_4"),
    group_share("group_share_5"),
    group_share("group_share_6"),
    group_share("group_share_7"),
    group_share("group_share_8"),
    Feature::number(FAMILY, "groups_known", "flag", "1 if any order line known at `t` has a product group, else 0"),
];

/// Revenue of one account in one product group, by window.
#[derive(Debug, Clone, Copy, Default)]
struct GroupRevenue {
    last_12: i64,
    before_12: i64,
    /// In all months before the last 12.
    earlier: i64,
    seen: bool,
}

/// Scratch space for one thread: a slot per product group, cleared after each account.
#[derive(Debug)]
pub(super) struct Groups {
    slots: Vec<GroupRevenue>,
    touched: Vec<u32>,
}

impl Groups {
    pub(super) fn new(known: &Known<'_>) -> Self {
        Self { slots: vec![GroupRevenue::default(); known.group_count()], touched: Vec::new() }
    }
}

/// The family's values in the order of [`FEATURES`].
pub(super) fn values(
    known: &Known<'_>,
    portfolio: &Portfolio,
    account: usize,
    groups: &mut Groups,
) -> [Option<f64>; FEATURES.len()] {
    let mut values = [None; FEATURES.len()];
    values[13] = Some(if portfolio.groups_known() { 1.0 } else { 0.0 });
    if !portfolio.groups_known() {
        return values;
    }
    groups.read(known, account);
    let covered = known.covered();
    let count = |bought: &dyn Fn(&GroupRevenue) -> bool| {
        groups.touched.iter().filter(|&&group| bought(&groups.slots[group as usize])).count() as f64
    };
    if covered >= 12 {
        values[0] = Some(count(&|group| group.last_12 > 0));
        values[3] = (covered > 12).then(|| count(&|group| group.last_12 > 0 && group.earlier <= 0));
        let positive = |group: u32| groups.slots[group as usize].last_12.max(0);
        let whole: i64 = groups.touched.iter().map(|&group| positive(group)).sum();
        if whole > 0 {
            // integers squared and summed exactly, so that the order of the groups cannot matter
            let squares: i128 = groups.touched.iter().map(|&group| i128::from(positive(group)).pow(2)).sum();
            values[2] = Some(squares as f64 / (whole as f64 * whole as f64));
            for (rank, share) in values[5..5 + RANKED_GROUPS].iter_mut().enumerate() {
                *share = portfolio.group_of_rank(rank).map(|group| positive(group) as f64 / whole as f64);
            }
        }
    }
    if covered >= 24 {
        values[1] = Some(count(&|group| group.last_12 + group.before_12 > 0));
        values[4] = Some(count(&|group| group.before_12 > 0 && group.last_12 <= 0));
    }
    groups.clear();
    values
}

impl Groups {
    fn read(&mut self, known: &Known<'_>, account: usize) {
        for record in known.group_records(account) {
            let slot = &mut self.slots[record.group as usize];
            if !slot.seen {
                slot.seen = true;
                self.touched.push(record.group);
            }
            let ago = known.months_before_end(record.month);
            if ago < 12 {
                slot.last_12 += record.revenue;
            } else {
                slot.earlier += record.revenue;
                if ago < 24 {
                    slot.before_12 += record.revenue;
                }
            }
        }
    }

    fn clear(&mut self) {
        for group in self.touched.drain(..) {
            self.slots[group as usize] = GroupRevenue::default();
        }
    }
}
