//! What has to be done: compares what `order_lines` holds with what the ledger holds.

use std::collections::BTreeMap;

use super::{DEFINITION, HistoryError, RebuildReason, sql};
use crate::{domain::Month, params, warehouse::Warehouse};

/// What `build` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Plan {
    Rebuild(RebuildReason),
    /// Adds these batches.
    Update(Vec<i32>),
    Reuse,
}

impl Plan {
    /// Needs the temporary table `ledger_identity`.
    pub(super) fn of(warehouse: &Warehouse, profile: &Profile) -> Result<Self, HistoryError> {
        let held = held_batches(warehouse)?;
        if held.is_empty() {
            return Ok(Self::Rebuild(RebuildReason::First));
        }
        if warehouse.last_run(DEFINITION)?.map(|run| run.inputs_hash) != Some(sql::definition_hash()) {
            return Ok(Self::Rebuild(RebuildReason::Definition));
        }
        let current: BTreeMap<i32, &str> =
            profile.batches.iter().map(|batch| (batch.id, batch.content.as_str())).collect();
        let changed: Vec<i32> =
            held.iter().filter(|(id, content)| current.get(id) != Some(&content.as_str())).map(|(id, _)| *id).collect();
        if !changed.is_empty() {
            return Ok(Self::Rebuild(RebuildReason::Batches(changed)));
        }
        let moved = warehouse.query(sql::IDENTITY_CHANGED, params![], |_| Ok(()))?.len();
        if moved > 0 {
            return Ok(Self::Rebuild(RebuildReason::Identity(moved)));
        }
        let new: Vec<i32> = current.into_keys().filter(|id| !held.contains_key(id)).collect();
        Ok(if new.is_empty() { Self::Reuse } else { Self::Update(new) })
    }
}

fn held_batches(warehouse: &Warehouse) -> Result<BTreeMap<i32, String>, HistoryError> {
    let sql = "SELECT batch_id, content FROM ledger_batches";
    Ok(warehouse.query(sql, params![], |row| Ok((row.get(0)?, row.get(1)?)))?.into_iter().collect())
}

/// What `order_lines` holds.
pub(super) struct Profile {
    batches: Vec<Batch>,
    net_revenue_e4: BTreeMap<Month, i128>,
}

/// One batch of order lines.
pub(super) struct Batch {
    pub(super) id: i32,
    pub(super) lines: i64,
    /// Hash of its sums per month.
    pub(super) content: String,
}

/// Years between which a line's dates must lie; the packed record of `sql/lines.sql` relies on it.
const PLAUSIBLE: std::ops::RangeInclusive<i32> = 1800..=2999;

impl Profile {
    /// Reads every line once, and only its short columns.
    pub(super) fn read(warehouse: &Warehouse) -> Result<Self, HistoryError> {
        let rows = warehouse.query(sql::PROFILE, params![], |row| {
            Ok((
                row.get::<i32>(0)?,
                row.get::<i32>(1)?,
                row.get::<i32>(2)?,
                row.get::<i64>(3)?,
                row.get::<i128>(4)?,
                row.get::<String>(5)?,
            ))
        })?;
        let mut hashers: BTreeMap<i32, (i64, blake3::Hasher)> = BTreeMap::new();
        let mut net_revenue_e4 = BTreeMap::new();
        for (batch, month, last_known_year, lines, net, content) in rows {
            let implausible = |column, year| HistoryError::ImplausibleYear { batch, column, year };
            if !PLAUSIBLE.contains(&month.div_euclid(12)) {
                return Err(implausible("ordered_on", month.div_euclid(12)));
            }
            if last_known_year > *PLAUSIBLE.end() {
                return Err(implausible("known_at", last_known_year));
            }
            *net_revenue_e4.entry(Month::from_index(month)?).or_insert(0) += net;
            let (sum, hasher) = hashers.entry(batch).or_default();
            *sum += lines;
            hasher.update(format!("{month} {content}\n").as_bytes());
        }
        if hashers.is_empty() {
            return Err(HistoryError::NoOrderLines);
        }
        let batches = hashers
            .into_iter()
            .map(|(id, (lines, hasher))| Batch { id, lines, content: hasher.finalize().to_hex().to_string() })
            .collect();
        Ok(Self { batches, net_revenue_e4 })
    }

    pub(super) fn batches(&self) -> &[Batch] {
        &self.batches
    }

    pub(super) fn lines(&self) -> i64 {
        self.batches.iter().map(|batch| batch.lines).sum()
    }

    /// The months of its order days, ascending.
    pub(super) fn months(&self) -> Vec<Month> {
        self.net_revenue_e4.keys().copied().collect()
    }

    /// Net revenue by month, exactly, in ten-thousandths.
    pub(super) const fn net_revenue_e4(&self) -> &BTreeMap<Month, i128> {
        &self.net_revenue_e4
    }
}
