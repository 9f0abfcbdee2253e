//! What each account of the population bought by product group, before an origin and after it.
//!
//! Kept apart from the feature frame, whose columns do not depend on how many groups a company has. Rows are the
//! accounts of the origin's slice, in its order.

use rayon::prelude::*;

use super::{Facts, FeatureError, monetary::units, origin::Origin, portfolio::CHUNK};
use crate::domain::{AsOf, Horizon, Month};

/// Months without a purchase after which a group counts as not bought.
const WINDOW: i32 = 24;

/// Net revenue by account and product group around one origin, in the report currency. Groups without any take no room.
#[derive(Debug, Clone, PartialEq)]
pub struct Purchases {
    as_of: AsOf,
    groups: Vec<String>,
    before: Sparse,
    after: Option<Sparse>,
}

/// Number of a group, and net revenue in it.
type Cell = (u32, f64);

/// Rows of cells, ascending by group within each.
#[derive(Debug, Clone, PartialEq)]
struct Sparse {
    /// Where each row ends among the cells.
    ends: Vec<usize>,
    cells: Vec<Cell>,
}

impl Sparse {
    fn row(&self, at: usize) -> &[Cell] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.cells[start..self.ends[at]]
    }
}

impl Purchases {
    /// The point in time.
    pub const fn as_of(&self) -> AsOf {
        self.as_of
    }

    /// Number of accounts.
    pub fn accounts(&self) -> usize {
        self.before.ends.len()
    }

    /// Names of all product groups of the company, ascending; the same at every origin.
    pub fn groups(&self) -> &[String] {
        &self.groups
    }

    /// Number and net revenue of each group of an account over the 24 months to `t`, where it is not zero; ascending.
    pub fn before(&self, account: usize) -> &[(u32, f64)] {
        self.before.row(account)
    }

    /// The same over the horizon after `t`, where that window is over.
    pub fn after(&self, account: usize) -> Option<&[(u32, f64)]> {
        self.after.as_ref().map(|after| after.row(account))
    }
}

impl Facts {
    /// What the population of `as_of` bought by product group; the months after `as_of` from records known by
    /// `outcomes_known_by`, if they are asked for.
    ///
    /// # Errors
    /// If nothing was known at `as_of`, or if the horizon ends after `outcomes_known_by` or the last complete month.
    pub fn purchases(
        &self,
        as_of: AsOf,
        horizon: Horizon,
        outcomes_known_by: Option<Month>,
    ) -> Result<Purchases, FeatureError> {
        let origin = Origin::new(self, as_of)?;
        let (known, members) = (origin.known(), origin.portfolio().members());
        let groups = known.group_names();
        let at = as_of.at().index();
        let before = table(members, groups.len(), |account, add| {
            for record in known.group_records(account).filter(|record| record.month > at - WINDOW) {
                add(record.group, record.revenue);
            }
        });
        let after = match outcomes_known_by {
            None => None,
            Some(known_by) => {
                let last = known_by.min(self.last_complete_month().0);
                let end = as_of.at().plus(horizon.months());
                let open = || FeatureError::OpenWindow { as_of, horizon, last };
                if end > last {
                    return Err(open());
                }
                let future = self.as_of(AsOf::known_by(end, known_by).map_err(|_| open())?);
                Some(table(members, groups.len(), |account, add| {
                    for record in future.group_records(account).filter(|record| record.month > at) {
                        add(record.group, record.revenue);
                    }
                }))
            }
        };
        Ok(Purchases { as_of, groups: groups.to_vec(), before, after })
    }
}

/// Sums per account and group, exact until they are amounts.
fn table(members: &[usize], groups: usize, records: impl Fn(usize, &mut dyn FnMut(u32, i64)) + Sync) -> Sparse {
    let chunks: Vec<(Vec<usize>, Vec<Cell>)> = members
        .par_chunks(CHUNK)
        .map(|members| {
            let (mut lengths, mut cells) = (Vec::with_capacity(members.len()), Vec::new());
            let (mut sums, mut touched) = (vec![0i64; groups], Vec::new());
            for &account in members {
                records(account, &mut |group, revenue| {
                    touched.push(group);
                    sums[group as usize] += revenue;
                });
                touched.sort_unstable();
                touched.dedup();
                let start = cells.len();
                for group in touched.drain(..) {
                    let sum = std::mem::take(&mut sums[group as usize]);
                    if sum != 0 {
                        cells.push((group, units(sum)));
                    }
                }
                lengths.push(cells.len() - start);
            }
            (lengths, cells)
        })
        .collect();
    let mut all = Sparse { ends: Vec::with_capacity(members.len()), cells: Vec::new() };
    for (lengths, cells) in chunks {
        let mut end = all.cells.len();
        all.cells.extend(cells);
        all.ends.extend(lengths.into_iter().map(|length| {
            end += length;
            end
        }));
    }
    all
}
