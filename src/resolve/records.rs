//! Source records as the warehouse holds them: the newest state of each.

use std::fmt;

use polars::prelude::{DataFrame, StringChunked};

use super::{ResolveError, linkage::Record};
use crate::{
    params,
    warehouse::{Warehouse, WarehouseError},
};

/// What identifies a source record for ever.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey {
    /// Where it comes from.
    pub source: String,
    /// Its id there.
    pub customer_id: String,
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.source, self.customer_id)
    }
}

/// Every source record of a customer, ordered by key.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub keys: Vec<RecordKey>,
    pub texts: Vec<Record>,
    /// Whether an order line of the same source names it.
    pub orders: Vec<bool>,
    /// Customer id of the parent company; empty without one.
    pub parents: Vec<String>,
}

impl Records {
    pub fn load(warehouse: &Warehouse) -> Result<Self, ResolveError> {
        let frame = warehouse.frame(include_str!("sql/records.sql"), params![])?;
        let text = |name: &str| -> Result<StringChunked, ResolveError> { Ok(frame.column(name)?.str()?.clone()) };
        let cells = |name: &str| -> Result<Vec<String>, ResolveError> {
            Ok(text(name)?.iter().map(|cell| cell.unwrap_or_default().to_owned()).collect())
        };
        let keys = cells("source")?
            .into_iter()
            .zip(cells("customer_id")?)
            .map(|(source, customer_id)| RecordKey { source, customer_id })
            .collect();
        let mut texts = vec![Record::default(); frame.height()];
        fill(&mut texts, &frame, "name", |record| &mut record.name)?;
        fill(&mut texts, &frame, "street", |record| &mut record.street)?;
        fill(&mut texts, &frame, "postal_code", |record| &mut record.postal_code)?;
        fill(&mut texts, &frame, "city", |record| &mut record.city)?;
        fill(&mut texts, &frame, "country", |record| &mut record.country)?;
        fill(&mut texts, &frame, "phone", |record| &mut record.phone)?;
        fill(&mut texts, &frame, "website", |record| &mut record.website)?;
        fill(&mut texts, &frame, "email", |record| &mut record.email)?;
        fill(&mut texts, &frame, "vat_id", |record| &mut record.vat_id)?;
        let orders = frame.column("orders")?.bool()?.iter().map(|orders| orders.unwrap_or(false)).collect();
        Ok(Self { keys, texts, orders, parents: cells("parent_id")? })
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn position(&self, key: &RecordKey) -> Option<u32> {
        self.keys.binary_search(key).ok().map(|position| position as u32)
    }
}

fn fill(
    records: &mut [Record],
    frame: &DataFrame,
    column: &str,
    field: impl Fn(&mut Record) -> &mut String,
) -> Result<(), ResolveError> {
    for (record, cell) in records.iter_mut().zip(frame.column(column)?.str()?.iter()) {
        if let Some(cell) = cell {
            cell.clone_into(field(record));
        }
    }
    Ok(())
}

/// The day of the newest delivery of any table; without one, the last day that any order line was known.
pub(super) fn newest_day(warehouse: &Warehouse) -> Result<Option<jiff::civil::Date>, WarehouseError> {
    let sql = "SELECT coalesce((SELECT max(received_on) FROM batches), (SELECT max(known_at) FROM order_lines))";
    Ok(warehouse.query(sql, params![], |row| row.date(0))?.into_iter().next().flatten())
}
