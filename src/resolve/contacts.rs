//! People at customers: heard of when, likely gone, and which parts of the buying centre nobody is known for.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::*;

use super::ResolveError;
use crate::{domain::Month, params, warehouse::Warehouse};

/// The parts of a buying centre (Webster & Wind 1972), in the order of the data contract.
pub const ROLES: [&str; 6] = ["initiator", "user", "influencer", "buyer", "decider", "gatekeeper"];

/// One row per contact known at the end of `at`: `account_id, source, contact_id, role, last_confirmed_on,
/// last_heard_on, usual_gap_days, likely_left` (left, bounced, silent; null if there is no sign of it).
///
/// # Errors
/// If the warehouse refuses.
pub fn contacts(warehouse: &Warehouse, at: Month) -> Result<DataFrame, ResolveError> {
    Ok(warehouse.frame(include_str!("sql/contacts.sql"), params![at.last_day()])?)
}

/// One row per account with a contact: `account_id, contacts, present` (not likely gone), `roles_known` and
/// `roles_missing` (of those present, comma-separated, in the order of [`ROLES`]).
///
/// # Errors
/// If `contacts` lacks a column.
pub fn buying_centres(contacts: &DataFrame) -> Result<DataFrame, ResolveError> {
    let text = |name: &str| -> Result<Vec<Option<String>>, ResolveError> {
        Ok(contacts.column(name)?.str()?.iter().map(|cell| cell.map(str::to_owned)).collect())
    };
    let (accounts, roles, gone) = (text("account_id")?, text("role")?, text("likely_left")?);
    let mut by_account: BTreeMap<String, (u32, u32, BTreeSet<String>)> = BTreeMap::new();
    for ((account, role), gone) in accounts.into_iter().zip(roles).zip(gone) {
        let (all, present, known) = by_account.entry(account.unwrap_or_default()).or_default();
        *all += 1;
        if gone.is_none() {
            *present += 1;
            known.extend(role);
        }
    }
    let listed = |known: &BTreeSet<String>, wanted: bool| {
        ROLES.into_iter().filter(|role| known.contains(*role) == wanted).collect::<Vec<_>>().join(", ")
    };
    Ok(df!(
        "account_id" => by_account.keys().map(String::as_str).collect::<Vec<_>>(),
        "contacts" => by_account.values().map(|(all, ..)| *all).collect::<Vec<_>>(),
        "present" => by_account.values().map(|(_, present, _)| *present).collect::<Vec<_>>(),
        "roles_known" => by_account.values().map(|(.., known)| listed(known, true)).collect::<Vec<_>>(),
        "roles_missing" => by_account.values().map(|(.., known)| listed(known, false)).collect::<Vec<_>>(),
    )?)
}
