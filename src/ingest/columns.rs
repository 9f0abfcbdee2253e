//! Which column of a file stands for which canonical one, and what becomes of its words.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use csv::StringRecord;

use super::{
    IngestError,
    contract::{Column, Kind, Table},
    filter::Filter,
    rows::EXACT,
};
use crate::config::sources::{Names, Scalar, SourceConfig};

/// A canonical column and where it comes from.
#[derive(Debug, Clone)]
pub(super) struct Mapped {
    /// Canonical.
    pub(super) column: Column,
    /// Positions in the file, from 0; several are joined by blanks.
    pub(super) positions: Vec<usize>,
    /// The file's own names for them.
    pub(super) theirs: Vec<String>,
    /// What becomes of its words.
    pub(super) values: Option<ValueMap>,
    /// Without it, the cell counts as empty.
    pub(super) only: Option<Filter>,
    /// Whether the file holds hundred times the value.
    pub(super) is_percent: bool,
}

impl Mapped {
    /// The text of a row's cell, or of several joined by blanks; empty where it is not to be read.
    pub(super) fn text<'r>(&self, record: &'r StringRecord) -> Cow<'r, str> {
        if self.only.as_ref().is_some_and(|only| !only.admits(record)) {
            return Cow::Borrowed("");
        }
        if let (true, [position]) = (self.is_percent, &self.positions[..]) {
            let cell = record.get(*position).unwrap_or_default().trim();
            return Cow::Borrowed(cell.strip_suffix('%').map_or(cell, str::trim_end));
        }
        if let [position] = self.positions[..] {
            return Cow::Borrowed(record.get(position).unwrap_or_default());
        }
        let cells = self.positions.iter().filter_map(|at| record.get(*at)).map(bare).filter(|cell| !cell.is_empty());
        Cow::Owned(cells.collect::<Vec<_>>().join(" "))
    }
}

/// A cell's text as a person sees it.
pub(super) fn bare(cell: &str) -> &str {
    cell.trim_start_matches(EXACT).trim()
}

/// The file's words for a column and ours for them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ValueMap {
    /// By the word in small letters, in order.
    pub(super) words: BTreeMap<String, String>,
    /// For all other words, where there is one.
    pub(super) others: Option<String>,
}

impl ValueMap {
    fn of(configured: &BTreeMap<String, Scalar>) -> Self {
        let words = configured.iter().filter(|(theirs, _)| *theirs != "*");
        Self {
            words: words.map(|(theirs, ours)| (theirs.trim().to_lowercase(), ours.to_string())).collect(),
            others: configured.get("*").map(Scalar::to_string),
        }
    }

    /// Our word for a cell, if there is one.
    pub(super) fn get(&self, cell: &str) -> Option<&str> {
        self.words.get(&bare(cell).to_lowercase()).or(self.others.as_ref()).map(String::as_str)
    }
}

/// What a file's header means.
#[derive(Debug, Clone)]
pub(super) struct Mapping {
    /// Recognised columns, in contract order.
    pub(super) columns: Vec<Mapped>,
    /// Columns that have one value in all rows.
    pub(super) constants: Vec<(Column, String)>,
    /// Columns nobody reads.
    pub(super) unused: Vec<String>,
    /// Mapped columns that the file lacks, where it may.
    pub(super) absent: Vec<String>,
}

impl Mapping {
    /// Canonical columns and where each comes from, in words.
    pub(super) fn described(&self) -> BTreeMap<String, String> {
        let mapped = self.columns.iter().map(|m| (m.column.name.to_owned(), m.theirs.join(" + ")));
        let constants = self.constants.iter().map(|(column, value)| (column.name.to_owned(), format!("= {value}")));
        mapped.chain(constants).collect()
    }
}

/// Finds each column of `table` in a file's header: as configured, else by its canonical name, whatever the case,
/// blanks and hyphens.
pub(super) fn map(
    file: &str,
    table: &'static Table,
    found: &[String],
    config: &SourceConfig,
) -> Result<Mapping, IngestError> {
    let taken: BTreeSet<&str> = config.columns.values().flat_map(Names::as_slice).map(String::as_str).collect();
    let mut mapping = Mapping { columns: Vec::new(), constants: Vec::new(), unused: Vec::new(), absent: Vec::new() };
    let mut used = BTreeSet::new();
    for column in table.input_columns() {
        if let Some(constant) = config.constants.get(column.name) {
            mapping.constants.push((*column, constant.to_string()));
            continue;
        }
        let configured = config.columns.get(column.name).map(Names::as_slice);
        let own_name = [column.name.to_owned()];
        let mut positions = Vec::new();
        for wanted in configured.unwrap_or(&own_name) {
            // A column that was mapped to another canonical one is taken.
            let is_free = |name: &str| configured.is_some() || !taken.contains(name);
            match positions_of(wanted, found, is_free)[..] {
                [] => {}
                [position] => positions.push(position),
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
        let wanted = configured.unwrap_or(&own_name);
        let may_lack = !column.required && (configured.is_none() || config.allow_missing);
        if positions.len() < wanted.len() && !(may_lack || (config.allow_missing && !positions.is_empty())) {
            let missing = wanted.iter().find(|name| positions_of(name, found, |_| true).is_empty());
            let missing = missing.unwrap_or(&wanted[0]);
            return Err(missing_column(file, table, column, missing, found, configured.is_some()));
        }
        if configured.is_some() && positions.len() < wanted.len() {
            mapping.absent.push(column.name.to_owned());
        }
        if positions.is_empty() {
            continue;
        }
        used.extend(positions.iter().copied());
        mapping.columns.push(Mapped {
            column: *column,
            theirs: positions.iter().map(|at| found[*at].clone()).collect(),
            positions,
            values: config.values.get(column.name).map(ValueMap::of),
            only: match config.only.get(column.name) {
                Some(condition) => Some(Filter::of(file, found, std::slice::from_ref(condition))?),
                None => None,
            },
            is_percent: config.percent.iter().any(|name| name == column.name),
        });
    }
    let unused = (0..found.len()).filter(|at| !used.contains(at) && !found[*at].trim().is_empty());
    mapping.unused = unused.map(|at| found[at].clone()).collect();
    Ok(mapping)
}

fn missing_column(
    file: &str,
    table: &'static Table,
    column: &Column,
    wanted: &str,
    found: &[String],
    is_configured: bool,
) -> IngestError {
    // A column that carries a canonical name of its own is not the missing one.
    let canonical: BTreeSet<String> = table.input_columns().map(|c| spelling(c.name)).collect();
    let free: Vec<String> = found.iter().filter(|name| !canonical.contains(&spelling(name))).cloned().collect();
    let nearest = nearest(wanted, &free);
    let (file, found) = (file.to_owned(), found.to_vec());
    match is_configured {
        true => {
            IngestError::UnknownSourceColumn { file, name: wanted.into(), use_: column.name.into(), found, nearest }
        }
        false => IngestError::MissingColumn { file, table: table.name, column: column.name.into(), found, nearest },
    }
}

/// Position of a column that a condition names.
pub(super) fn position_in(file: &str, found: &[String], wanted: &str) -> Result<usize, IngestError> {
    positions_of(wanted, found, |_| true).first().copied().ok_or_else(|| IngestError::UnknownSourceColumn {
        file: file.into(),
        name: wanted.into(),
        use_: "the filter".into(),
        found: found.to_vec(),
        nearest: nearest(wanted, found),
    })
}

/// The exact name alone if the file has it, else every free name that is spelled alike.
fn positions_of(wanted: &str, found: &[String], is_free: impl Fn(&str) -> bool) -> Vec<usize> {
    let exact: Vec<usize> = (0..found.len()).filter(|&at| found[at] == wanted).collect();
    if !exact.is_empty() {
        return exact;
    }
    (0..found.len()).filter(|&at| spelling(&found[at]) == spelling(wanted) && is_free(&found[at])).collect()
}

/// How many names of a header are canonical or configured: tells the right delimiter and header from the wrong ones.
pub(super) fn recognised(table: &Table, header: &[String], config: &SourceConfig) -> usize {
    let known: BTreeSet<String> = table
        .input_columns()
        .map(|column| spelling(column.name))
        .chain(config.columns.values().flat_map(Names::as_slice).map(|name| spelling(name)))
        .collect();
    header.iter().filter(|name| known.contains(&spelling(name))).count()
}

/// Whether a header holds every column without which the table cannot be read.
pub(super) fn has_all(table: &Table, header: &[String], config: &SourceConfig) -> bool {
    let held: BTreeSet<String> = header.iter().map(|name| spelling(name)).collect();
    table.input_columns().all(|column| {
        let configured = config.columns.get(column.name).map(Names::as_slice);
        if config.constants.contains_key(column.name) || !(column.required || configured.is_some()) {
            return true;
        }
        let is_held = |name: &String| held.contains(&spelling(name));
        match configured {
            None => is_held(&column.name.to_owned()),
            Some(names) if config.allow_missing => !column.required || names.iter().any(is_held),
            Some(names) => names.iter().all(is_held),
        }
    })
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

/// Refuses a configuration that maps or keys columns which the contract does not have, or fixes what cannot be.
pub(super) fn check_names(table: &'static Table, config: &SourceConfig) -> Result<(), IngestError> {
    let sections = [
        ("columns", config.columns.keys().collect::<Vec<_>>()),
        ("constants", config.constants.keys().collect()),
        ("values", config.values.keys().collect()),
        ("only", config.only.keys().collect()),
        ("percent", config.percent.iter().collect()),
    ];
    let named = sections
        .into_iter()
        .flat_map(|(part, names)| names.into_iter().map(move |name| (format!("{}.{part}", table.name), name)));
    for (section, name) in named.chain(config.key.iter().map(|name| (table.name.to_owned(), name))) {
        if table.column(name).is_none() {
            let all: Vec<String> = table.input_columns().map(|column| column.name.to_owned()).collect();
            let known = nearest(name, &all).map_or_else(
                || format!("its columns are {}; the canonical name stands on the left", all.join(", ")),
                |nearest| format!("did you mean `{nearest}`? the canonical name stands on the left"),
            );
            return Err(IngestError::UnknownColumn { section, name: name.clone(), table: table.name, known });
        }
    }
    let not_a_number = config
        .percent
        .iter()
        .find(|name| table.column(name).is_some_and(|column| !matches!(column.kind, Kind::Number(..))));
    if let Some(name) = not_a_number {
        let problem = "is in `percent`, but holds no share".to_owned();
        return Err(IngestError::Constant { table: table.name, column: name.clone(), problem });
    }
    let twice = config.constants.keys().find(|name| config.columns.contains_key(*name));
    if let Some(name) = twice {
        return Err(IngestError::Constant {
            table: table.name,
            column: name.clone(),
            problem: "is mapped to a column as well".into(),
        });
    }
    for (name, value) in &config.constants {
        let Some(column) = table.column(name) else { continue };
        if !is_possible(column, value) || (table.confidential && name == "rater") {
            let problem = format!("is `{value}`, expected {}", column.kind);
            return Err(IngestError::Constant { table: table.name, column: name.clone(), problem });
        }
    }
    Ok(())
}

/// Whether a constant can become what its column holds; ranges are judged with the rows.
fn is_possible(column: &Column, value: &Scalar) -> bool {
    let text = value.to_string();
    match column.kind {
        Kind::Text => !text.trim().is_empty(),
        Kind::Date => text.parse::<jiff::civil::Date>().is_ok(),
        Kind::Month => text.parse::<crate::domain::Month>().is_ok(),
        Kind::Money | Kind::Quantity | Kind::Number(..) => text.parse::<f64>().is_ok_and(f64::is_finite),
        Kind::Integer(..) => text.parse::<i64>().is_ok(),
        Kind::Bool => matches!(value, Scalar::Bool(_)),
        Kind::Choice(words) => words.contains(&text.as_str()),
    }
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
        let mapping = map("f", table("order_lines").unwrap(), &found, &SourceConfig::default()).unwrap();
        let pairs: Vec<_> = mapping.columns.iter().map(|m| (m.column.name, m.positions[0])).collect();
        assert_eq!(pairs, [("order_id", 1), ("customer_id", 0), ("ordered_on", 2), ("net_revenue", 3)]);
        assert_eq!(mapping.unused, ["Colour"]);
    }

    #[test]
    fn a_missing_required_column_names_the_nearest() {
        let found = header(&["customer_id", "order_id", "order_date", "net_revenue"]);
        let error = map("a.csv", table("order_lines").unwrap(), &found, &SourceConfig::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a.csv: `order_lines` needs a column `ordered_on`, found `customer_id`, `order_id`, `order_date`, `net_revenue`"
        );
        assert_eq!(error.hint().unwrap(), "map it in `[order_lines.columns]`: ordered_on = \"order_date\"");
    }

    #[test]
    fn a_configured_column_wins_and_frees_no_other() {
        let found = header(&["order_id", "customer_id", "ordered_on", "amount", "net_revenue"]);
        let config = toml::from_str("columns.net_revenue = 'amount'").unwrap();
        let mapping = map("f", table("order_lines").unwrap(), &found, &config).unwrap();
        assert_eq!(mapping.columns.last().unwrap().theirs, ["amount"]);
        assert_eq!(mapping.unused, ["net_revenue"]);
    }

    #[test]
    fn a_configured_name_that_is_no_column_is_refused() {
        let wrong = toml::from_str("columns.revenue_net = 'Umsatz'").unwrap();
        let error = check_names(table("order_lines").unwrap(), &wrong).unwrap_err();
        assert_eq!(error.to_string(), "[order_lines.columns] names `revenue_net`, which is no column of `order_lines`");
        assert!(error.hint().is_some());
    }

    #[test]
    fn a_mapped_column_that_the_file_lacks_is_an_error_or_a_note() {
        let found = header(&["Nr", "Firma"]);
        let section = "[columns]\ncustomer_id = 'Nr'\nname = 'Firma'\nphone = 'Telefon'";
        let strict = toml::from_str(section).unwrap();
        let error = map("a.csv", table("customers").unwrap(), &found, &strict).unwrap_err();
        assert_eq!(error.to_string(), "a.csv: there is no column `Telefon` for phone, found `Nr`, `Firma`");
        let lenient = toml::from_str(&format!("allow_missing = true\n{section}")).unwrap();
        let mapping = map("a.csv", table("customers").unwrap(), &found, &lenient).unwrap();
        assert_eq!((mapping.columns.len(), mapping.absent), (2, vec!["phone".to_owned()]));
    }

    #[test]
    fn several_columns_are_joined_and_words_are_ours() {
        let found = header(&["Id", "Vorname", "Nachname", "Rolle"]);
        let config = toml::from_str(
            "[columns]\ncontact_id = 'Id'\ncustomer_id = 'Id'\nfull_name = ['Vorname', 'Nachname']\nrole = 'Rolle'\n\
             [values.role]\nEinkauf = 'buyer'\n'*' = ''",
        )
        .unwrap();
        let mapping = map("f", table("contacts").unwrap(), &found, &config).unwrap();
        let row = StringRecord::from(vec!["\u{2}7", "Anna", " Alt ", "EINKAUF"]);
        let texts: Vec<_> = mapping.columns.iter().map(|mapped| mapped.text(&row).into_owned()).collect();
        assert_eq!(texts, ["\u{2}7", "\u{2}7", "Anna Alt", "EINKAUF"]);
        let words = mapping.columns[3].values.as_ref().unwrap();
        assert_eq!((words.get("EINKAUF"), words.get("Pförtner")), (Some("buyer"), Some("")));
    }

    #[test]
    fn a_constant_must_be_possible_and_the_only_origin() {
        let check = |section: &str| check_names(table("order_lines").unwrap(), &toml::from_str(section).unwrap());
        assert!(check("constants = { currency = 'EUR', ordered_on = 2021-10-31, quantity = 1.5 }").is_ok());
        for wrong in ["constants.ordered_on = 'today'", "constants.net_revenue = 'much'", "constants.quantity = nan"] {
            assert!(matches!(check(wrong), Err(IngestError::Constant { .. })), "{wrong}");
        }
        assert!(check("constants.currency = 'EUR'\ncolumns.currency = 'WKZ'").is_err());
    }
}
