//! The inventory as text for people, and as CSV and JSON for programs.

use std::fmt;

use super::{Area, Coverage, Inventory, SourceRecord};

const HEADER: [&str; 10] =
    ["table", "source", "area", "owner", "last_update", "rows", "accounts", "account_share", "revenue_share", "files"];

impl Inventory {
    /// One object with `accounts`, `sources` and `areas`.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// One line per source, then one per area with an empty table.
    pub fn to_csv(&self) -> String {
        let mut csv = csv::Writer::from_writer(Vec::new());
        let sources = self.sources.iter().map(SourceRecord::fields);
        let areas = self.areas.iter().map(|(area, coverage)| area_fields(*area, coverage));
        let header = HEADER.map(str::to_owned);
        for fields in std::iter::once(header).chain(sources).chain(areas) {
            // Writing to memory does not fail.
            let _ = csv.write_record(&fields);
        }
        csv.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl SourceRecord {
    fn fields(&self) -> [String; 10] {
        let covered = |value: fn(&Coverage) -> String| self.coverage.as_ref().map_or_else(String::new, value);
        [
            self.table.clone(),
            self.source.clone(),
            self.area.map_or("master data", Area::name).to_owned(),
            self.owner.clone().unwrap_or_default(),
            self.last_update.clone().unwrap_or_default(),
            self.rows.to_string(),
            covered(|coverage| coverage.accounts.to_string()),
            covered(|coverage| share(coverage.account_share)),
            covered(|coverage| share(coverage.revenue_share)),
            self.files.join(" "),
        ]
    }
}

fn area_fields(area: Area, coverage: &Coverage) -> [String; 10] {
    let empty = String::new;
    [
        empty(),
        empty(),
        area.name().to_owned(),
        empty(),
        empty(),
        empty(),
        coverage.accounts.to_string(),
        share(coverage.account_share),
        share(coverage.revenue_share),
        empty(),
    ]
}

fn share(share: Option<f64>) -> String {
    share.map_or_else(String::new, |share| format!("{share:.4}"))
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.0} %", share * 100.0))
}

impl fmt::Display for Inventory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
        let mut lines = vec![
            ["table", "source", "owner", "last update", "rows", "accounts", "of accounts", "of revenue", "from"]
                .map(str::to_owned),
        ];
        for record in &self.sources {
            let from = match &record.files[..] {
                [one] => one.clone(),
                [first, rest @ ..] => format!("{first} and {} more", rest.len()),
                [] => "-".into(),
            };
            let covered = |value: fn(&Coverage) -> String| record.coverage.as_ref().map_or_else(|| "-".into(), value);
            lines.push([
                record.table.clone(),
                record.source.clone(),
                or_dash(&record.owner),
                or_dash(&record.last_update),
                record.rows.to_string(),
                covered(|coverage| coverage.accounts.to_string()),
                covered(|coverage| percent(coverage.account_share)),
                covered(|coverage| percent(coverage.revenue_share)),
                from,
            ]);
        }
        let width = |at: usize| lines.iter().map(|line| line[at].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..9).map(width).collect();
        for line in &lines {
            let cells = line.iter().zip(&widths).enumerate().map(|(at, (cell, width))| match at {
                4..=7 => format!("{cell:>width$}"),
                _ => format!("{cell:<width$}"),
            });
            writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        writeln!(f)?;
        writeln!(f, "{} accounts, of which", self.accounts)?;
        for (area, coverage) in &self.areas {
            writeln!(
                f,
                "  {:<18}  {:>6} of accounts, {:>6} of the last 12 months' revenue",
                area.name(),
                percent(coverage.account_share),
                percent(coverage.revenue_share)
            )?;
        }
        Ok(())
    }
}
