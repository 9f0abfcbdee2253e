//! What people decided about pairs of records: `data/decisions.csv`, which every later run obeys.
//!
//! It is a file and not a table because it cannot be made again from the sources. A row names two records by source and
//! customer id, so that a decision outlives any file, batch or warehouse.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use jiff::civil::Date;

use super::{ResolveError, records::RecordKey};
use crate::atomic;

/// The file's name in the data folder.
pub const DECISIONS: &str = "decisions.csv";

const COLUMNS: [&str; 6] = ["source_a", "customer_id_a", "source_b", "customer_id_b", "decision", "decided_on"];

/// What was decided of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// One customer, or two.
    pub same: bool,
    /// The day from which it holds, if it was said.
    pub decided_on: Option<Date>,
}

/// All decisions, by pair of records, the smaller key first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decisions(BTreeMap<(RecordKey, RecordKey), Decision>);

impl Decisions {
    /// The decisions of a project; none if it has no file of them.
    ///
    /// # Errors
    /// If the file cannot be read or a cell is wrong.
    pub fn of(data: &Path) -> Result<Self, ResolveError> {
        let file = data.join(DECISIONS);
        if file.exists() { Self::read(&file) } else { Ok(Self::default()) }
    }

    /// Reads a file with the columns of `data/review.csv`; rows without a decision are left out.
    ///
    /// # Errors
    /// If the file cannot be read, lacks a column, or holds a decision other than `same` or `different`.
    pub fn read(file: &Path) -> Result<Self, ResolveError> {
        let failed = |reason: String| ResolveError::Read { file: file.into(), reason };
        let text = fs::read(file).map_err(|error| failed(error.to_string()))?;
        let text = String::from_utf8(text).map_err(|error| failed(format!("not UTF-8 text: {error}")))?;
        let text = text.trim_start_matches('\u{feff}');
        let header = text.lines().next().unwrap_or_default();
        let delimiter = if header.contains(';') && !header.contains(',') { b';' } else { b',' };
        let mut rows = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
        let names = rows.headers().map_err(|error| failed(error.to_string()))?.clone();
        let place = |column: &'static str| names.iter().position(|name| name.trim() == column);
        let required = |column| place(column).ok_or(ResolveError::NoColumn { file: file.into(), column });
        let places = [
            required(COLUMNS[0])?,
            required(COLUMNS[1])?,
            required(COLUMNS[2])?,
            required(COLUMNS[3])?,
            required(COLUMNS[4])?,
        ];
        let day = place(COLUMNS[5]);
        let mut decisions = BTreeMap::new();
        for (row, record) in rows.records().enumerate() {
            let record = record.map_err(|error| failed(error.to_string()))?;
            let cell = |place: usize| record.get(place).unwrap_or_default().trim();
            let wrong = |column, value: &str, expected| ResolveError::Cell {
                file: file.into(),
                row: row + 1,
                column,
                value: value.into(),
                expected,
            };
            let same = match cell(places[4]).to_lowercase().as_str() {
                "" => continue,
                "same" => true,
                "different" => false,
                other => return Err(wrong("decision", other, "same, different or nothing")),
            };
            let key = |source: usize, id: usize| {
                // the apostrophe that keeps spreadsheets from running a cell is no part of it
                let text = |place: usize| cell(place).strip_prefix('\'').unwrap_or(cell(place)).to_owned();
                RecordKey { source: text(places[source]), customer_id: text(places[id]) }
            };
            let (a, b) = (key(0, 1), key(2, 3));
            if a == b || a.customer_id.is_empty() || b.customer_id.is_empty() {
                return Err(wrong("customer_id_b", &b.customer_id, "another record than the first"));
            }
            let decided_on = match day.map(cell).filter(|day| !day.is_empty()) {
                None => None,
                Some(text) => {
                    Some(text.parse::<Date>().map_err(|_| wrong("decided_on", text, "a day such as 2021-10-31"))?)
                }
            };
            decisions.insert(if a < b { (a, b) } else { (b, a) }, Decision { same, decided_on });
        }
        Ok(Self(decisions))
    }

    /// Takes over decisions; a later one on the same pair replaces the earlier one.
    pub fn extend(&mut self, later: Self) {
        self.0.extend(later.0);
    }

    /// Fills in the day where none was said.
    #[must_use]
    pub fn dated(self, day: Option<Date>) -> Self {
        let filled = |decision: Decision| Decision { decided_on: decision.decided_on.or(day), ..decision };
        Self(self.0.into_iter().map(|(pair, decision)| (pair, filled(decision))).collect())
    }

    /// Writes `data/decisions.csv` anew.
    ///
    /// # Errors
    /// If the file system refuses.
    pub fn write(&self, data: &Path) -> Result<(), ResolveError> {
        let mut columns: [Vec<String>; 6] = Default::default();
        for ((a, b), decision) in &self.0 {
            let day = decision.decided_on.map_or_else(String::new, |day| day.to_string());
            let word = if decision.same { "same" } else { "different" };
            let cells = [&a.source, &a.customer_id, &b.source, &b.customer_id].map(String::clone);
            for (column, cell) in columns.iter_mut().zip(cells.into_iter().chain([word.into(), day])) {
                column.push(cell);
            }
        }
        let columns =
            COLUMNS.iter().zip(columns).map(|(name, cells)| polars::prelude::Column::new((*name).into(), cells));
        let frame = polars::prelude::DataFrame::new(self.0.len(), columns.collect())?;
        Ok(atomic::write_csv(&data.join(DECISIONS), &frame)?)
    }

    /// Removes every decision about a customer; says how many.
    pub fn forget(&mut self, customer_id: &str) -> usize {
        let before = self.0.len();
        self.0.retain(|(a, b), _| a.customer_id != customer_id && b.customer_id != customer_id);
        before - self.0.len()
    }

    /// Every pair with its decision, in order of the pairs.
    pub fn iter(&self) -> impl Iterator<Item = (&RecordKey, &RecordKey, Decision)> {
        self.0.iter().map(|((a, b), decision)| (a, b, *decision))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Refuses decisions that cannot all hold: "different" within what "same" makes one.
    ///
    /// # Errors
    /// [`ResolveError::Contradiction`] with the first such pair.
    pub fn checked(self) -> Result<Self, ResolveError> {
        let mut groups: Vec<BTreeSet<&RecordKey>> = Vec::new();
        for (a, b, _) in self.iter().filter(|(.., decision)| decision.same) {
            let (joined, rest): (Vec<_>, Vec<_>) =
                groups.into_iter().partition(|group| group.contains(a) || group.contains(b));
            groups = rest;
            groups.push(joined.into_iter().flatten().chain([a, b]).collect());
        }
        for (a, b, _) in self.iter().filter(|(.., decision)| !decision.same) {
            if groups.iter().any(|group| group.contains(a) && group.contains(b)) {
                return Err(ResolveError::Contradiction { a: a.to_string(), b: b.to_string() });
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Decisions, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("review.csv");
        fs::write(&file, text).unwrap();
        Decisions::read(&file)
            .and_then(Decisions::checked)
            .map_err(|error| error.to_string().replace(&*folder.path().to_string_lossy(), "DIR"))
    }

    const HEADER: &str = "decision,source_a,customer_id_a,source_b,customer_id_b\n";

    #[test]
    fn decisions_come_back_as_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let text = format!("{HEADER}same,crm,7,erp,1\n,crm,8,erp,2\ndifferent,erp,3,crm,'=9\n");
        let decisions = read(&text).unwrap().dated(Some(Date::constant(2021, 11, 2)));
        assert_eq!(decisions.len(), 2);
        decisions.write(folder.path()).unwrap();
        assert_eq!(Decisions::of(folder.path()).unwrap(), decisions);
    }

    #[test]
    fn what_is_no_decision_is_named_with_its_row() {
        insta::assert_snapshot!(read(&format!("{HEADER}same,a,1,a,2\nyes,a,1,a,3\n")).unwrap_err(),
            @"`DIR/review.csv`, row 2, column `decision` is `yes`, expected same, different or nothing");
        insta::assert_snapshot!(read("decision,source_a\n").unwrap_err(),
            @"`DIR/review.csv` has no column `customer_id_a`");
        insta::assert_snapshot!(read(&format!("{HEADER}same,a,1,a,2\nsame,a,2,a,3\ndifferent,a,1,a,3\n")).unwrap_err(),
            @"decisions contradict: a/1 and a/3 are decided to be different, but others make them one");
    }
}
