//! Where a table's header lies among the first rows of a file: exports begin with titles, blank rows and headers of
//! several lines.

use super::{columns, contract::Table};
use crate::config::sources::SourceConfig;

/// Rows among which a header is looked for.
pub(super) const SEARCHED: usize = 60;
/// Most lines of a header that are recognised without being told.
const MOST_LINES: usize = 3;

/// A row that is not blank, with its number in the file.
pub(super) type Numbered = (u64, Vec<String>);

/// A header found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// Names of the columns.
    pub(super) names: Vec<String>,
    /// How many of the given rows lie before the first row of data.
    pub(super) rows_before_data: usize,
    /// Row of the file on which it begins.
    pub(super) row: u64,
    /// Whether it holds every column that the table needs.
    pub(super) is_complete: bool,
}

/// Finds the header: as configured, else the first row, or two or three rows joined, that holds all wanted columns, else
/// the rows that hold most of them. `None` if there are no rows, or not the configured one.
pub(super) fn find(rows: &[Numbered], table: &Table, config: &SourceConfig) -> Option<Header> {
    let lines = config.header_rows.map(|lines| lines.get() as usize);
    let at = |start: usize, lines: usize| {
        let part = rows.get(start..start + lines)?;
        let names = join(part);
        let is_complete = columns::has_all(table, &names, config);
        Some(Header { names, rows_before_data: start + lines, row: part[0].0, is_complete })
    };
    if let Some(row) = config.header_row {
        let start = rows.iter().position(|(number, _)| *number == u64::from(row.get()))?;
        return at(start, lines.unwrap_or(1));
    }
    let depths = lines.map_or(1..=MOST_LINES, |lines| lines..=lines);
    for depth in depths {
        if let Some(found) = (0..rows.len().min(SEARCHED)).filter_map(|start| at(start, depth)).find(|h| h.is_complete)
        {
            return Some(found);
        }
    }
    // None is complete: the one that has most of the columns says best what is missing.
    let depths = lines.map_or(1..=MOST_LINES, |lines| lines..=lines);
    let all = depths.flat_map(|depth| (0..rows.len().min(SEARCHED)).map(move |start| (start, depth)));
    let mut best: Option<(usize, Header)> = None;
    for header in all.filter_map(|(start, depth)| at(start, depth)) {
        let known = columns::recognised(table, &header.names, config);
        if best.as_ref().is_none_or(|(most, _)| known > *most) {
            best = Some((known, header));
        }
    }
    best.map(|(_, header)| header)
}

/// The names of columns whose header has several lines: each the texts above each other. A text of an upper line holds
/// for the blank cells to its right, as merged cells do.
fn join(lines: &[Numbered]) -> Vec<String> {
    let width = lines.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
    let mut names = vec![String::new(); width];
    for (depth, (_, cells)) in lines.iter().enumerate() {
        let is_last = depth + 1 == lines.len();
        let mut above = "";
        for (at, name) in names.iter_mut().enumerate() {
            let own = cells.get(at).map_or("", |cell| cell.trim());
            above = if own.is_empty() && !is_last { above } else { own };
            if !above.is_empty() {
                if !name.is_empty() {
                    name.push(' ');
                }
                name.push_str(above);
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::contract::table;

    fn rows(lines: &[&str]) -> Vec<Numbered> {
        (1..).zip(lines.iter().map(|line| line.split(';').map(str::to_owned).collect())).collect()
    }

    fn found(lines: &[&str], section: &str) -> Option<(u64, usize, Vec<String>)> {
        let config = toml::from_str(section).unwrap();
        find(&rows(lines), table("products").unwrap(), &config).map(|h| (h.row, h.rows_before_data, h.names))
    }

    #[test]
    fn titles_above_a_header_are_passed_over() {
        let (row, before, names) = found(&["Artikel", "Stand: 1.2.2021", "Product ID;Name", "1;a"], "").unwrap();
        assert_eq!((row, before, names.as_slice()), (3, 3, ["Product ID".to_owned(), "Name".to_owned()].as_slice()));
    }

    #[test]
    fn a_header_of_two_lines_is_joined_and_merged_cells_hold_to_their_right() {
        let section = "[columns]\nproduct_id = 'Artikel Nr'\nname = 'Artikel Text'\nproduct_group = 'Gruppe'";
        let (row, before, names) = found(&["Artikel;;Gruppe", "Nr;Text;", "1;a;G"], section).unwrap();
        assert_eq!((row, before), (1, 2));
        assert_eq!(names, ["Artikel Nr", "Artikel Text", "Gruppe"]);
    }

    #[test]
    fn what_is_configured_is_not_searched_for() {
        assert_eq!(found(&["product_id", "x;y", "z"], "header_row = 2").unwrap().2, ["x", "y"]);
        assert_eq!(found(&["a;", "b;c", "1;2"], "header_row = 1\nheader_rows = 2").unwrap().2, ["a b", "a c"]);
        assert_eq!(found(&["a"], "header_row = 9"), None);
        assert_eq!(found(&[], ""), None);
    }

    #[test]
    fn without_all_columns_the_row_that_has_most_of_them_is_taken_for_the_error() {
        assert_eq!(found(&["Liste", "name;product_group", "x;y"], "").unwrap().0, 2);
        assert_eq!(found(&["a;b", "c;d"], "").unwrap().0, 1);
    }
}
