//! Corporate groups: companies under their topmost parent, where groups are ranked instead of companies.

use std::collections::BTreeMap;

use super::{ResolveError, identity::Identity, records::Records};

/// The topmost parent's account of each record's account, in the order of records.
///
/// A parent is named by `parent_id`, a customer id, first of the same source. Parents that nobody knows are none.
///
/// # Errors
/// [`ResolveError::Cycle`] if a company is its own parent by way of others.
pub(super) fn heads(records: &Records, identities: &[Identity]) -> Result<Vec<String>, ResolveError> {
    let account = |record: u32| identities[record as usize].account_id.as_str();
    let mut by_id: BTreeMap<&str, u32> = BTreeMap::new();
    for (record, key) in (0_u32..).zip(&records.keys) {
        by_id.entry(&key.customer_id).or_insert(record);
    }
    let mut parents: BTreeMap<&str, &str> = BTreeMap::new();
    for (record, parent_id) in (0_u32..).zip(&records.parents) {
        let own = &records.keys[record as usize].source;
        let in_own = records.keys.binary_search_by(|key| (&key.source, &key.customer_id).cmp(&(own, parent_id)));
        let parent = in_own.ok().map(|parent| parent as u32).or_else(|| by_id.get(parent_id.as_str()).copied());
        // records of one company may name each other
        if let Some(parent) = parent.filter(|parent| account(*parent) != account(record)) {
            parents.entry(account(record)).or_insert_with(|| account(parent));
        }
    }
    identities
        .iter()
        .map(|identity| {
            let mut path = vec![identity.account_id.as_str()];
            while let Some(parent) = path.last().and_then(|last| parents.get(last)) {
                path.push(parent);
                if path[..path.len() - 1].contains(parent) {
                    return Err(ResolveError::Cycle { path: path.join(" -> ") });
                }
            }
            Ok(path[path.len() - 1].to_owned())
        })
        .collect()
}
