//! Which column of a file stands for which canonical one.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    IngestError,
    contract::{Column, Table},
};

/// A canonical column and its position and name in the file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mapped {
    /// Canonical.
    pub(super) column: Column,
    /// Position in the file, from 0.
    pub(super) position: usize,
    /// The file's own name.
    pub(super) theirs: String,
}

/// What a file's header means.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mapping {
    /// Recognised columns, in contract order.
    pub(super) columns: Vec<Mapped>,
    /// Columns nobody reads.
    pub(super) unused: Vec<String>,
}

/// Finds each column of `table` in a file's header: as configured, else by its canonical name, whatever the case,
/// blanks and hyphens.
pub(super) fn map(
    file: &str,
    table: &'static Table,
    found: &[String],
    configured: &BTreeMap<String, String>,
) -> Result<Mapping, IngestError> {
    let mut columns = Vec::new();
    let mut used = BTreeSet::new();
    for column in table.input_columns() {
        let wanted = configured.get(column.name).map_or(column.name, String::as_str);
        let is_configured = configured.contains_key(column.name);
        let positions = positions_of(wanted, found, is_configured, configured);
        match positions[..] {
            [] if column.required || is_configured => {
                // A column that carries a canonical name of its own is not the missing one.
                let canonical: BTreeSet<String> = table.input_columns().map(|c| spelling(c.name)).collect();
                let free: Vec<String> =
                    found.iter().filter(|name| !canonical.contains(&spelling(name))).cloned().collect();
                let nearest = nearest(wanted, &free);
                return Err(IngestError::MissingColumn {
                    file: file.into(),
                    table: table.name,
                    column: column.name.into(),
                    found: found.to_vec(),
                    nearest,
                });
            }
            [] => {}
            [position] => {
                used.insert(position);
                columns.push(Mapped { column: *column, position, theirs: found[position].clone() });
            }
            [first, second, ..] => {
                return Err(IngestError::AmbiguousColumn {
                    file: file.into(),
                    column: column.name.into(),
                    first: found[first].clone(),
                    second: found[second].clone(),
                });
            }
        }
    }
    let unused = (0..found.len()).filter(|at| !used.contains(at) && !found[*at].trim().is_empty());
    let unused = unused.map(|at| found[at].clone()).collect();
    Ok(Mapping { columns, unused })
}

/// The exact name alone if the file has it, else every name that is spelled alike.
fn positions_of(
    wanted: &str,
    found: &[String],
    is_configured: bool,
    configured: &BTreeMap<String, String>,
) -> Vec<usize> {
    let exact: Vec<usize> = (0..found.len()).filter(|&at| found[at] == wanted).collect();
    if !exact.is_empty() {
        return exact;
    }
    // A column that was mapped to another canonical one is taken.
    let is_taken = |name: &str| !is_configured && configured.values().any(|theirs| theirs == name);
    (0..found.len()).filter(|&at| spelling(&found[at]) == spelling(wanted) && !is_taken(&found[at])).collect()
}

/// How many names of a header are canonical or configured: tells the right delimiter from the wrong ones.
pub(super) fn recognised(table: &Table, header: &[String], configured: &BTreeMap<String, String>) -> usize {
    let known: BTreeSet<String> = table
        .input_columns()
        .map(|column| spelling(column.name))
        .chain(configured.values().map(|name| spelling(name)))
        .collect();
    header.iter().filter(|name| known.contains(&spelling(name))).count()
}

fn spelling(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn nearest(wanted: &str, found: &[String]) -> Option<String> {
    found
        .iter()
        .map(|name| (strsim::jaro_winkler(&spelling(name), &spelling(wanted)), name))
        .filter(|(similarity, _)| *similarity > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name.clone())
}

/// Refuses a configuration that maps or keys columns which the contract does not have.
pub(super) fn check_names(
    table: &'static Table,
    configured: &BTreeMap<String, String>,
    key: &[String],
) -> Result<(), IngestError> {
    let sections = configured.keys().map(|name| (format!("{}.columns", table.name), name));
    for (section, name) in sections.chain(key.iter().map(|name| (table.name.to_owned(), name))) {
        if table.column(name).is_none() {
            let all: Vec<String> = table.input_columns().map(|column| column.name.to_owned()).collect();
            let known = nearest(name, &all).map_or_else(
                || format!("its columns are {}; the canonical name stands on the left", all.join(", ")),
                |nearest| format!("did you mean `{nearest}`? the canonical name stands on the left"),
            );
            return Err(IngestError::UnknownColumn { section, name: name.clone(), table: table.name, known });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::contract::table;

    fn header(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn names_match_whatever_their_case_blanks_and_hyphens() {
        let found = header(&["Customer ID", "ORDER-ID", "orderedOn", "net revenue", "Colour"]);
        let mapping = map("f", table("order_lines").unwrap(), &found, &BTreeMap::new()).unwrap();
        let pairs: Vec<_> = mapping.columns.iter().map(|m| (m.column.name, m.position)).collect();
        assert_eq!(pairs, [("order_id", 1), ("customer_id", 0), ("ordered_on", 2), ("net_revenue", 3)]);
        assert_eq!(mapping.unused, ["Colour"]);
    }

    #[test]
    fn a_missing_required_column_names_the_nearest() {
        let found = header(&["customer_id", "order_id", "order_date", "net_revenue"]);
        let error = map("a.csv", table("order_lines").unwrap(), &found, &BTreeMap::new()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a.csv: `order_lines` needs a column `ordered_on`, found `customer_id`, `order_id`, `order_date`, `net_revenue`"
        );
        assert_eq!(error.hint().unwrap(), "map it in `[order_lines.columns]`: ordered_on = \"order_date\"");
    }

    #[test]
    fn a_configured_column_wins_and_frees_no_other() {
        let found = header(&["order_id", "customer_id", "ordered_on", "amount", "net_revenue"]);
        let configured = BTreeMap::from([("net_revenue".to_owned(), "amount".to_owned())]);
        let mapping = map("f", table("order_lines").unwrap(), &found, &configured).unwrap();
        assert_eq!(mapping.columns.last().unwrap().theirs, "amount");
        assert_eq!(mapping.unused, ["net_revenue"]);
    }

    #[test]
    fn a_configured_name_that_is_no_column_is_refused() {
        let wrong = BTreeMap::from([("revenue_net".to_owned(), "Umsatz".to_owned())]);
        let error = check_names(table("order_lines").unwrap(), &wrong, &[]).unwrap_err();
        assert_eq!(error.to_string(), "[order_lines.columns] names `revenue_net`, which is no column of `order_lines`");
        assert!(error.hint().is_some());
    }
}
