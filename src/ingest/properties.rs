//! What must hold of every parser that is ours, for any bytes whatever: never a panic, never an endless loop, and what it
//! returns is what it promises.
//!
//! One definition serves two: random inputs in the test suite (below), and the coverage-guided targets in `fuzz/`. It is
//! not compiled into the program.

use csv::StringRecord;

use super::{
    columns,
    contract::{ORDER_LINES, table},
    delimited, filter, header, mailbox, spelling,
};
use crate::config::sources::{DateOrder, DecimalMark, SourceConfig};

/// A number read is one that Rust reads, of the same digits, under either mark.
pub fn number(text: &str) {
    for mark in [DecimalMark::Comma, DecimalMark::Point] {
        let Some(plain) = spelling::number::plain(text, mark) else { continue };
        let value: f64 = plain.parse().unwrap_or_else(|_| panic!("`{text}` became `{plain}`, which is no number"));
        assert!(!value.is_nan(), "`{text}` became `{plain}`");
        let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
        // A missing zero before the mark is put there.
        assert_eq!(digits(&plain).trim_start_matches('0'), digits(text).trim_start_matches('0'), "`{text}`");
        let again = spelling::number::plain(&plain, DecimalMark::Point);
        assert_eq!(again.as_ref(), Some(&plain), "`{text}`: plain spelling stays as it is");
    }
    let mut evidence = spelling::number::Evidence::default();
    evidence.add(text);
    let _ = evidence.mark();
}

/// A date read has the shape of an ISO date, and days that exist are read alike a second time.
pub fn date(text: &str) {
    for order in [DateOrder::Dmy, DateOrder::Mdy] {
        for found in [spelling::date::iso(text, order), spelling::date::of_number(text)].into_iter().flatten() {
            let shape: String = found.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
            assert_eq!(shape, "9999-99-99", "`{text}` became `{found}`");
            if found.parse::<jiff::civil::Date>().is_ok() {
                assert_eq!(spelling::date::iso(&found, order).as_ref(), Some(&found), "`{text}`");
            }
        }
        for found in
            [spelling::date::iso_month(text, order), spelling::date::month_of_number(text)].into_iter().flatten()
        {
            assert!(found.len() == 7 && found.as_bytes()[4] == b'-', "`{text}` became the month `{found}`");
        }
    }
    let mut evidence = spelling::date::Evidence::default();
    evidence.add(text);
    let _ = evidence.order();
    let _ = spelling::date::is_placeholder(text);
}

/// A delimiter is found in any text, the same one each time.
pub fn dialect(text: &str) {
    let (Some(table), config) = (table(ORDER_LINES), SourceConfig::default()) else { return };
    let found = delimited::dialect::recognise(text, table, &config);
    assert_eq!(found, delimited::dialect::recognise(text, table, &config));
}

/// A header lies within the rows, and a complete one holds every column that the table needs.
pub fn header(text: &str) {
    let Some(table) = table(ORDER_LINES) else { return };
    let rows: Vec<header::Numbered> =
        (1..).zip(text.lines().take(200).map(|line| line.split(';').map(str::to_owned).collect())).collect();
    let config = SourceConfig::default();
    let Some(found) = header::find(&rows, table, &config) else {
        assert!(rows.is_empty());
        return;
    };
    assert!((1..=rows.len()).contains(&found.rows_before_data), "{found:?}");
    if found.is_complete {
        // Two columns of one meaning are still an error, which says so.
        let _ = columns::map("file", table, &found.names, &config);
    }
}

/// The first line of an EXTF file, and fields completed by it: no field is lost, only dates are written out.
pub fn extf(text: &str) {
    let mut lines = text.lines().map(|line| line.split(';').map(str::to_owned).collect::<Vec<_>>());
    let (Some(first), Some(names)) = (lines.next(), lines.next()) else { return };
    let Some(extf) = delimited::extf::Extf::of(&first, &names) else { return };
    let mut into = StringRecord::new();
    for line in lines.take(100) {
        let record = StringRecord::from(line);
        extf.complete(&record, &mut into);
        assert_eq!(into.len(), record.len());
        for (theirs, ours) in record.iter().zip(&into) {
            assert!(theirs == ours || ours.parse::<jiff::civil::Date>().is_ok(), "`{theirs}` became `{ours}`");
        }
    }
}

/// A filter of any text admits a row exactly if its opposite does not.
pub fn filter(text: &str) {
    let (value, cell) = text.split_once('\n').unwrap_or((text, text));
    let names = ["a".to_owned()];
    let row = StringRecord::from(vec![cell]);
    let admits = |test: &str| {
        let toml = toml::Value::String(value.to_owned());
        let config = format!("filter = [{{ column = 'a', {test} = {toml} }}]");
        let config: SourceConfig = toml::from_str(&config).unwrap_or_else(|error| panic!("{value:?}: {error}"));
        filter::Filter::of("file", &names, &config.filter).unwrap_or_else(|error| panic!("{error}")).admits(&row)
    };
    assert_ne!(admits("is"), admits("is_not"), "`{value}` against `{cell}`");
}

/// Any bytes are a mailbox: its messages are read within bounds.
pub fn mailbox(bytes: &[u8]) {
    mailbox::read_all(bytes);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Text made of what makes a parser think.
    fn close_to(words: &'static [&'static str]) -> impl Strategy<Value = String> {
        let word = prop_oneof![
            6 => prop::sample::select(words).prop_map(str::to_owned),
            2 => "[0-9]{1,6}",
            1 => ".{0,4}",
        ];
        prop::collection::vec(word, 0..24).prop_map(|words| words.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn numbers(text in close_to(&[".", ",", "-", "+", "(", ")", "e", "E", " ", "'", "\u{a0}", "€", "inf", "NaN", "0"])) {
            number(&text);
        }

        #[test]
        fn dates(text in close_to(&[".", "-", "/", " ", "T", ":", "Z", "2021", "31", "02", "1", "Okt", "ä", "00"])) {
            date(&text);
        }

        #[test]
        fn dialects(text in close_to(&[";", ",", "\t", "|", "\n", "\"", "'", "sep=", "\r\n", "order_id", "customer id", "ä"])) {
            dialect(&text);
        }

        #[test]
        fn headers(
            text in close_to(&[";", "\n", "order_id", "customer_id", "ordered_on", "net_revenue", "Order ID", " ", "ü", "known_at"])
        ) {
            header(&text);
        }

        #[test]
        fn first_lines_of_extf(
            text in close_to(&["EXTF;700;21;B;13;1;;R;;;1;2;20210701;4;20211101;20211130\n", ";", "Belegdatum", "\n", "3011", "äö", "20210101"])
        ) {
            extf(&text);
            extf(&format!("EXTF;700;21;B;13;1;;R;;;1;2;20210701;4;20211101;20211130\nBelegdatum;x\n{text}"));
        }

        #[test]
        fn filters(text in close_to(&["\n", "'", "\"", "\\", "ß", "İ", " ", "a", "A", "\u{0}"])) {
            filter(&text);
        }

        #[test]
        fn mailboxes(
            text in close_to(&[
                "From ", "\n", "\r\n", "\n\nFrom x\n", "From: <a@b>\n", "To: c@d, \"e\" <f@g>\n", "Date: Fri, 1 Oct 2021 10:00:00 +0200\n",
                "In-Reply-To: <x@y>\n", "=?utf-8?q?=C3?=", "Content-Type: multipart/report; report-type=delivery-status\n\n",
                "Final-Recipient: rfc822; a@b\n", "Action: failed\n", ">", "\u{0}",
            ]),
            bytes in prop::collection::vec(any::<u8>(), 0..200)
        ) {
            mailbox(text.as_bytes());
            mailbox(&[text.as_bytes(), &bytes].concat());
        }
    }
}
