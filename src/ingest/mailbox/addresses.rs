//! Which contact an e-mail address belongs to, as `contacts` says.

use std::collections::HashMap;

use super::message::normal;
use crate::{
    params,
    warehouse::{Warehouse, WarehouseError},
};

/// A contact of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ingest) struct Contact {
    pub(super) customer_id: String,
    pub(super) contact_id: String,
}

/// Contacts by their address.
#[derive(Debug, Clone, Default)]
pub(in crate::ingest) struct Addresses {
    by_address: HashMap<String, Contact>,
    /// Hash of all of them: other contacts mean that mailboxes have to be read again.
    pub(in crate::ingest) hash: String,
}

impl Addresses {
    /// Reads the contacts loaded so far. Of several with one address the one that still holds, last known, counts.
    pub(in crate::ingest) fn read(warehouse: &Warehouse) -> Result<Self, WarehouseError> {
        let rows = warehouse.query(
            "SELECT email, customer_id, contact_id FROM contacts WHERE email IS NOT NULL \
             ORDER BY known_until IS NOT NULL, known_at DESC, contact_id, customer_id, email",
            params![],
            |row| Ok((row.get::<String>(0)?, row.get::<String>(1)?, row.get::<String>(2)?)),
        )?;
        Ok(Self::of(rows))
    }

    /// Contacts from `(address, customer, contact)`; the first of an address counts.
    pub(super) fn of(rows: Vec<(String, String, String)>) -> Self {
        let mut hasher = blake3::Hasher::new();
        let mut by_address = HashMap::new();
        for (address, customer_id, contact_id) in rows {
            let address = normal(&address);
            hasher.update(format!("{address}\n{customer_id}\n{contact_id}\n").as_bytes());
            by_address.entry(address).or_insert(Contact { customer_id, contact_id });
        }
        Self { by_address, hash: hasher.finalize().to_hex().to_string() }
    }

    pub(super) fn find(&self, address: &str) -> Option<&Contact> {
        self.by_address.get(address)
    }
}
