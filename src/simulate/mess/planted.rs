//! What was planted: the answers to which a reading of the mess is held.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A record of a source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Record {
    /// The source.
    pub source: String,
    /// Its `customer_id` there.
    pub customer_id: String,
}

/// Rows that break the contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Table.
    pub table: String,
    /// Source.
    pub source: String,
    /// File, relative to the project.
    pub file: String,
    /// What is wrong.
    pub kind: String,
    /// Rows that must be in quarantine for it.
    pub rows: u64,
}

/// A file that was to come and did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingDelivery {
    /// Table.
    pub table: String,
    /// Source.
    pub source: String,
    /// Month of its rows.
    pub month: String,
}

/// Everything that was planted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planted {
    /// Net revenue in cents of what was delivered, by source and month.
    pub revenue: BTreeMap<String, BTreeMap<String, i64>>,
    /// Broken rows.
    pub faults: Vec<Fault>,
    /// Records of one company, two or more each.
    pub duplicates: Vec<Vec<Record>>,
    /// Deliveries that did not come.
    pub missing_deliveries: Vec<MissingDelivery>,
    /// Customers that are in orders and in no customer file.
    pub unknown_customers: Vec<String>,
    /// Lines whose amount a later snapshot corrected.
    pub corrected_lines: u64,
}

impl Planted {
    pub(super) fn fault(&mut self, table: &str, source: &str, file: &str, kind: &str, rows: u64) {
        let file = format!("data/in/{file}");
        self.faults.push(Fault { table: table.into(), source: source.into(), file, kind: kind.into(), rows });
    }

    pub(super) fn missing(&mut self, table: &str, source: &str, month: &str) {
        let month = month.to_owned();
        self.missing_deliveries.push(MissingDelivery { table: table.into(), source: source.into(), month });
    }

    /// As a file: readable, the same bytes every time.
    pub(super) fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}
