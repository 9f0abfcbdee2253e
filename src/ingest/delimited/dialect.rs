//! Which delimiter and which quotation mark a file uses, judged by its first records.

use crate::{
    config::sources::{Delimiter, SourceConfig},
    ingest::{columns, contract::Table, header},
};

/// Records that are looked at.
const SAMPLE: usize = 200;

/// How fields are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ingest) struct Dialect {
    /// Between fields.
    pub(in crate::ingest) delimiter: Delimiter,
    /// Around fields.
    pub(in crate::ingest) quote: u8,
    /// Whether the first line is Excel's `sep=;` and no header.
    pub(in crate::ingest) has_separator_line: bool,
}

impl Dialect {
    /// A parser for it; the header is read like any other record.
    pub(in crate::ingest) fn reader<R: std::io::Read>(self, text: R) -> csv::Reader<R> {
        csv::ReaderBuilder::new()
            .delimiter(self.delimiter.byte())
            .quote(self.quote)
            .flexible(true)
            .has_headers(false)
            .from_reader(text)
    }
}

/// Recognises the dialect of a file that begins with `sample`.
///
/// The delimiter is the one that yields the most known column names, then the most records as long as the header.
pub(in crate::ingest) fn recognise(sample: &str, table: &Table, config: &SourceConfig) -> Dialect {
    let first_line = sample.lines().next().unwrap_or_default();
    let named = first_line
        .strip_prefix("sep=")
        .and_then(|mark| Delimiter::ALL.into_iter().find(|delimiter| mark.as_bytes() == [delimiter.byte()]));
    let has_separator_line = named.is_some();
    let text = if has_separator_line { sample.split_once('\n').map_or("", |(_, rest)| rest) } else { sample };
    let quote = if text.trim_start().starts_with('\'') { b'\'' } else { b'"' };
    let dialect = |delimiter| Dialect { delimiter, quote, has_separator_line };
    if let Some(delimiter) = config.delimiter.or(named) {
        return dialect(delimiter);
    }
    let mut best = (dialect(Delimiter::Comma), (0, 0, 0));
    for delimiter in Delimiter::ALL {
        let records: Vec<csv::StringRecord> =
            dialect(delimiter).reader(text.as_bytes()).records().take(SAMPLE).map_while(Result::ok).collect();
        // The header need not come first: there may be titles above it.
        let known = |record: &csv::StringRecord| {
            let names: Vec<String> = record.iter().map(str::to_owned).collect();
            columns::recognised(table, &names, config)
        };
        let ranked = records.iter().take(header::SEARCHED).enumerate().map(|(at, record)| (known(record), at));
        let Some((known, at)) = ranked.max_by_key(|(known, at)| (*known, std::cmp::Reverse(*at))) else { continue };
        let width = records[at].len();
        let alike = records.iter().filter(|record| record.len() == width).count();
        let score = (known, if width > 1 { alike } else { 0 }, width);
        if score > best.1 {
            best = (dialect(delimiter), score);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::contract::table;

    fn delimiter(sample: &str) -> Delimiter {
        recognise(sample, table("order_lines").unwrap(), &SourceConfig::default()).delimiter
    }

    #[test]
    fn the_delimiter_is_recognised_among_commas_in_numbers_and_names() {
        assert_eq!(
            delimiter("order_id;customer_id;ordered_on;net_revenue\n1;A, B, C;31.12.2021;1,50\n"),
            Delimiter::Semicolon
        );
        assert_eq!(delimiter("order_id,customer_id\n1,\"a;b;c;d\"\n"), Delimiter::Comma);
        assert_eq!(delimiter("order_id\tcustomer_id\n1\ta,b\n"), Delimiter::Tab);
        assert_eq!(delimiter("order_id|customer_id\n1|2\n"), Delimiter::Bar);
        assert_eq!(delimiter("Beleg;Kunde, Name\n1;2\n2;3\n"), Delimiter::Semicolon);
    }

    #[test]
    fn excels_own_line_is_obeyed_and_skipped() {
        let dialect = recognise("sep=;\na;b\n", table("order_lines").unwrap(), &SourceConfig::default());
        assert_eq!((dialect.delimiter, dialect.has_separator_line), (Delimiter::Semicolon, true));
    }
}
