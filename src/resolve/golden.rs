//! The golden record: what an account's records say together, field by field, and where each value comes from.
//!
//! The same rules choose the values that features see as of a past month (`features/as_of/dated.rs`); here they choose
//! among the states that hold today.

use jiff::civil::Date;

use super::{ResolveError, records::RecordKey};
use crate::{
    config::resolve::{ResolveConfig, Survivorship},
    ingest::contract,
    params,
    warehouse::{Warehouse, WarehouseError},
};

/// One field of a golden record.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldLineage {
    /// A column of `customers`.
    pub field: &'static str,
    /// Its value, as text.
    pub value: String,
    /// How it was chosen: newest, trusted, longest, or earliest (`customer_since`).
    pub rule: &'static str,
    /// The record that says so.
    pub record: RecordKey,
    /// The file it was delivered in.
    pub file: String,
    /// The batch of that file.
    pub batch: i64,
    /// Since when the company knows it; `None` for ever.
    pub known_at: Option<Date>,
    /// Other values that records of the account give.
    pub others: usize,
}

/// An account with its records and fields.
#[derive(Debug, Clone, PartialEq)]
pub struct GoldenRecord {
    /// Its id.
    pub account_id: String,
    /// Its records: key, probability of belonging to it, and since when.
    pub records: Vec<(RecordKey, Option<f64>, Option<Date>)>,
    /// Its fields, in the order of the data contract; those without a value are left out.
    pub fields: Vec<FieldLineage>,
}

/// Stores the rules for the features.
pub(super) fn store_rules(warehouse: &Warehouse, config: &ResolveConfig) -> Result<(), WarehouseError> {
    warehouse.execute_script("DELETE FROM survivorship; DELETE FROM source_trust")?;
    for (field, rule) in &config.fields {
        warehouse.execute("INSERT INTO survivorship VALUES (?, ?)", params![field.as_str(), rule.name()])?;
    }
    for (trust, source) in (0_i64..).zip(&config.trust) {
        warehouse.execute("INSERT INTO source_trust VALUES (?, ?)", params![source.as_str(), trust])?;
    }
    Ok(())
}

/// A value that a record gives for a field.
struct Candidate {
    value: String,
    record: RecordKey,
    known_at: Option<Date>,
    batch: i64,
    file: String,
    trust: i64,
    is_head: bool,
}

/// The account that `wanted` names: by its id, else by the customer id of a record, else by a part of its name.
///
/// # Errors
/// [`ResolveError::NoAccount`] if none or several are meant.
pub fn account(warehouse: &Warehouse, config: &ResolveConfig, wanted: &str) -> Result<GoldenRecord, ResolveError> {
    let account_id = find(warehouse, wanted)?;
    let records = warehouse.query(
        "SELECT source, customer_id, match_probability, merged_on FROM accounts WHERE account_id = ? ORDER BY ALL",
        params![account_id.as_str()],
        |row| Ok((RecordKey { source: row.get(0)?, customer_id: row.get(1)? }, row.get(2)?, row.date(3)?)),
    )?;
    let mut fields = Vec::new();
    let columns = contract::table("customers").map(|table| table.columns).unwrap_or_default();
    for column in columns.iter().skip(1) {
        let sql = include_str!("sql/candidates.sql").replace("{column}", &column.stored_as());
        let mut candidates = warehouse.query(&sql, params![account_id.as_str()], |row| {
            Ok(Candidate {
                value: row.get(0)?,
                record: RecordKey { source: row.get(1)?, customer_id: row.get(2)? },
                known_at: row.date(3)?,
                batch: i64::from(row.get::<i32>(4)?),
                file: row.get(5)?,
                trust: i64::from(row.get::<i32>(6)?),
                is_head: row.get(7)?,
            })
        })?;
        if column.name == "parent_id" {
            // within a group, and among records of one company, parents are the account itself
            candidates.retain(|candidate| records.iter().all(|(key, ..)| key.customer_id != candidate.value));
        }
        let rule = config.fields.get(column.name).copied().unwrap_or_default();
        fields.extend(chosen(column.name, rule, candidates));
    }
    Ok(GoldenRecord { account_id, records, fields })
}

/// Candidates come ordered as the features order them: records of the leading company last, then the newest last.
fn chosen(field: &'static str, rule: Survivorship, mut candidates: Vec<Candidate>) -> Option<FieldLineage> {
    let mut values: Vec<&str> = candidates.iter().map(|candidate| candidate.value.as_str()).collect();
    values.sort_unstable();
    values.dedup();
    let others = values.len().saturating_sub(1);
    let rule = if field == "customer_since" {
        candidates.sort_by(|a, b| b.value.cmp(&a.value));
        "earliest"
    } else {
        match rule {
            Survivorship::Newest => {}
            Survivorship::Trusted => candidates.sort_by_key(|c| (c.is_head, std::cmp::Reverse(c.trust))),
            Survivorship::Longest => candidates.sort_by_key(|c| (c.is_head, c.value.chars().count())),
        }
        rule.name()
    };
    candidates.pop().map(|Candidate { value, record, known_at, batch, file, .. }| FieldLineage {
        field,
        value,
        rule,
        record,
        file,
        batch,
        known_at: known_at.filter(|day| day.to_string() != contract::ALWAYS_KNOWN),
        others,
    })
}

fn find(warehouse: &Warehouse, wanted: &str) -> Result<String, ResolveError> {
    let queries = [
        "SELECT DISTINCT account_id FROM accounts WHERE account_id = ? ORDER BY 1",
        "SELECT DISTINCT account_id FROM accounts WHERE customer_id = ? ORDER BY 1",
        "SELECT DISTINCT account_id FROM customers JOIN accounts USING (source, customer_id) \
         WHERE contains(lower(name), lower(?)) ORDER BY 1",
    ];
    for sql in queries {
        let mut found = warehouse.query(sql, params![wanted], |row| row.get::<String>(0))?;
        match found.len() {
            0 => {}
            1 => return Ok(found.remove(0)),
            _ => return Err(ResolveError::NoAccount { wanted: wanted.into(), meant: found }),
        }
    }
    Err(ResolveError::NoAccount { wanted: wanted.into(), meant: Vec::new() })
}
