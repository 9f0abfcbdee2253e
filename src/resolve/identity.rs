//! Clusters of records into accounts: who leads, since when, how surely.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use polars::prelude::*;

use super::{
    ResolveError,
    decisions::Decisions,
    linkage::Linkage,
    records::{RecordKey, Records},
};
use crate::{params, warehouse::Warehouse};

/// The account of one record.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Identity {
    pub account_id: String,
    /// Probability of its surest link within the account; `None` if it is alone.
    pub match_probability: Option<f64>,
    /// Day from which it has been part of an account that another record leads.
    pub merged_on: Option<Date>,
}

/// What is needed to date merges.
pub(super) struct Dating<'a> {
    /// Accounts and dates of the run before, by record.
    pub before: &'a BTreeMap<RecordKey, (String, Option<Date>)>,
    pub decisions: &'a Decisions,
    /// The day on which what is found now became known.
    pub today: Option<Date>,
    /// Merges after this day are left out: identity as it was published then.
    pub merged_by: Option<Date>,
}

/// The identity of every record, in their order.
pub(super) fn identities(
    records: &Records,
    linkage: &Linkage,
    clusters: &[Vec<u32>],
    dating: &Dating<'_>,
) -> Vec<Identity> {
    let mut members: Vec<Vec<u32>> = clusters.to_vec();
    let mut leads: Vec<u32> = (0..records.len() as u32).collect();
    let mut merged_on: Vec<Option<Date>> = vec![None; records.len()];
    for cluster in &mut members {
        // a record that orders is the one people know the customer by
        let rank =
            |record: &u32| (!records.orders[*record as usize], &records.keys[*record as usize].customer_id, *record);
        let Some(lead) = cluster.iter().copied().min_by(|a, b| rank(a).cmp(&rank(b))) else { continue };
        for record in cluster.iter().copied().filter(|record| *record != lead) {
            let day = dating.day_of(records, lead, record);
            if dating.merged_by.is_none_or(|limit| day.is_some_and(|day| day <= limit)) {
                merged_on[record as usize] = day;
                leads[record as usize] = lead;
            }
        }
        cluster.retain(|record| leads[*record as usize] == lead);
    }
    let names = account_names(records, &leads);
    let mut probabilities: Vec<Option<f64>> = vec![None; records.len()];
    for cluster in members.iter().filter(|cluster| cluster.len() > 1) {
        for record in cluster {
            let others = cluster.iter().filter(|other| *other != record);
            let surest = others.map(|other| linkage.probability(*record, *other)).fold(0.0, f64::max);
            probabilities[*record as usize] = Some(surest);
        }
    }
    (0..records.len())
        .map(|record| Identity {
            account_id: names[&leads[record]].clone(),
            match_probability: probabilities[record],
            merged_on: merged_on[record],
        })
        .collect()
}

impl Dating<'_> {
    /// The day on which a record joined the account of `lead`: as found before, else as decided, else today.
    fn day_of(&self, records: &Records, lead: u32, record: u32) -> Option<Date> {
        let (lead, record) = (&records.keys[lead as usize], &records.keys[record as usize]);
        let decided = || {
            let pair = if lead < record { (lead, record) } else { (record, lead) };
            self.decisions.iter().find(|(a, b, _)| (*a, *b) == pair).and_then(|(.., decision)| decision.decided_on)
        };
        // whoever led then: both were in one account since the later of the two days
        let before = self.before.get(record).zip(self.before.get(lead)).and_then(|(record, lead)| {
            let same = record.0 == lead.0;
            same.then(|| record.1.max(lead.1)).flatten()
        });
        before.or_else(decided).or(self.today)
    }
}

/// Account ids by leading record: its customer id, with its source where another account has that id already.
fn account_names(records: &Records, leads: &[u32]) -> BTreeMap<u32, String> {
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    let distinct: BTreeSet<u32> = leads.iter().copied().collect();
    let mut names = BTreeMap::new();
    for lead in distinct {
        let RecordKey { source, customer_id } = &records.keys[lead as usize];
        let name = if taken.insert(customer_id) { customer_id.clone() } else { format!("{source}/{customer_id}") };
        names.insert(lead, name);
    }
    names
}

/// Accounts and dates of the run before.
pub(super) fn before(warehouse: &Warehouse) -> Result<BTreeMap<RecordKey, (String, Option<Date>)>, ResolveError> {
    let sql = "SELECT source, customer_id, account_id, merged_on FROM accounts \
               WHERE account_id IN (SELECT account_id FROM accounts WHERE merged_on IS NOT NULL)";
    let rows = warehouse.query(sql, params![], |row| {
        Ok((RecordKey { source: row.get(0)?, customer_id: row.get(1)? }, (row.get(2)?, row.date(3)?)))
    })?;
    Ok(rows.into_iter().collect())
}

/// Writes the table `accounts` anew, with the accounts of `heads` (by record) where groups are wanted; says how many accounts there are.
pub(super) fn write(
    warehouse: &Warehouse,
    records: &Records,
    identities: &[Identity],
    heads: Option<&[String]>,
    tables: &[&str],
) -> Result<u64, ResolveError> {
    let days = identities.iter().map(|identity| identity.merged_on.map(days_since_epoch));
    let frame = df!(
        "source" => records.keys.iter().map(|key| key.source.as_str()).collect::<Vec<_>>(),
        "customer_id" => records.keys.iter().map(|key| key.customer_id.as_str()).collect::<Vec<_>>(),
        "account_id" => identities.iter().map(|identity| identity.account_id.as_str()).collect::<Vec<_>>(),
        "match_probability" => identities.iter().map(|identity| identity.match_probability).collect::<Vec<_>>(),
        "merged_on" => Series::new("merged_on".into(), days.collect::<Vec<_>>()).cast(&DataType::Date)?,
    )?;
    warehouse.execute_script("CREATE OR REPLACE TEMP TABLE resolved AS SELECT * FROM accounts LIMIT 0")?;
    warehouse.append("resolved", &frame)?;
    let others: Vec<String> =
        tables.iter().map(|table| format!("    SELECT DISTINCT source, customer_id FROM {table}")).collect();
    let sql = include_str!("sql/accounts.sql").replace("{others}", &others.join("\n    UNION\n"));
    warehouse.execute_script("DELETE FROM accounts; DELETE FROM group_members")?;
    if let Some(heads) = heads {
        warehouse.execute_script("INSERT INTO group_members SELECT source, customer_id, account_id FROM resolved")?;
        warehouse.execute_script("CREATE OR REPLACE TEMP TABLE group_heads(company_id VARCHAR, head_id VARCHAR)")?;
        let companies: BTreeMap<&str, &str> = identities
            .iter()
            .map(|identity| identity.account_id.as_str())
            .zip(heads.iter().map(String::as_str))
            .collect();
        let frame = df!(
            "company_id" => companies.keys().copied().collect::<Vec<_>>(),
            "head_id" => companies.values().copied().collect::<Vec<_>>(),
        )?;
        warehouse.append("group_heads", &frame)?;
        warehouse.execute_script(
            "UPDATE resolved SET account_id = head_id FROM group_heads WHERE company_id = account_id; DROP TABLE group_heads",
        )?;
    }
    warehouse.execute(&sql, params![])?;
    warehouse.execute_script("DROP TABLE resolved")?;
    let accounts =
        warehouse.query("SELECT count(DISTINCT account_id) FROM accounts", params![], |row| row.get::<i64>(0))?;
    Ok(accounts.first().map_or(0, |accounts| *accounts as u64))
}

fn days_since_epoch(day: Date) -> i32 {
    day.since((jiff::Unit::Day, Date::constant(1970, 1, 1))).map_or(0, |span| span.get_days())
}
