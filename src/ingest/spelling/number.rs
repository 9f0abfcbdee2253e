//! Numbers as people and programs write them: which decimal mark a file uses, and one plain spelling for all of them.

use crate::config::sources::DecimalMark;

/// What the numbers of one column say about the decimal mark.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::ingest) struct Evidence {
    /// Numbers that only make sense with a comma.
    pub(in crate::ingest) comma: u64,
    /// Numbers that only make sense with a point.
    pub(in crate::ingest) point: u64,
    /// The first number that makes sense both ways, such as `1.234`.
    pub(in crate::ingest) open: Option<String>,
}

impl Evidence {
    /// Takes a further value into account.
    pub(in crate::ingest) fn add(&mut self, value: &str) {
        let Some((_, digits)) = split_sign(value) else { return };
        if !digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b',' | b'.')) {
            let bare: String = digits.chars().filter(|c| !is_blank_group_mark(*c)).collect();
            if bare.bytes().all(|b| b.is_ascii_digit() || matches!(b, b',' | b'.')) {
                // Blanks group the thousands, so any other mark is the decimal one.
                match (bare.matches(',').count(), bare.matches('.').count()) {
                    (1, 0) => self.comma += 1,
                    (0, 1) => self.point += 1,
                    _ => {}
                }
            }
            return;
        }
        let (commas, points) = (digits.matches(',').count(), digits.matches('.').count());
        match (commas, points) {
            (0, 0) => {}
            (1.., 1..) => match digits.rfind(',') > digits.rfind('.') {
                true => self.comma += 1,
                false => self.point += 1,
            },
            (2.., 0) => self.point += 1,
            (0, 2..) => self.comma += 1,
            _ => {
                let mark = if commas == 1 { ',' } else { '.' };
                let (before, after) = digits.split_once(mark).unwrap_or((digits, ""));
                let could_group = after.len() == 3 && (1..=3).contains(&before.len()) && !before.starts_with('0');
                match (could_group, mark) {
                    (true, _) => self.open = self.open.take().or_else(|| Some(value.to_owned())),
                    (false, ',') => self.comma += 1,
                    (false, _) => self.point += 1,
                }
            }
        }
    }

    /// The mark that the evidence is for, if it is for one.
    pub(in crate::ingest) fn mark(&self) -> Option<DecimalMark> {
        match self.comma.cmp(&self.point) {
            std::cmp::Ordering::Greater => Some(DecimalMark::Comma),
            std::cmp::Ordering::Less => Some(DecimalMark::Point),
            std::cmp::Ordering::Equal => None,
        }
    }
}

/// The number as `-1234.56`, or `None` if it is not one.
///
/// Signs may lead, follow (`12,50-`) or be brackets (`(12.50)`). Thousands may be grouped by the mark that is not the
/// decimal one, by blanks and by apostrophes, in groups of three. Currency signs are not accepted: whether dollars may
/// be added to euros is not for a parser to decide.
pub(in crate::ingest) fn plain(value: &str, decimal: DecimalMark) -> Option<String> {
    let (is_negative, digits) = split_sign(value)?;
    let (decimal, group) = match decimal {
        DecimalMark::Comma => (',', '.'),
        DecimalMark::Point => ('.', ','),
    };
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (digits, None),
    };
    let (whole, fraction) = mantissa.split_once(decimal).unwrap_or((mantissa, ""));
    let whole = ungrouped(whole, group)?;
    if !fraction.bytes().all(|b| b.is_ascii_digit()) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let mut plain = String::with_capacity(value.len() + 2);
    if is_negative {
        plain.push('-');
    }
    plain.push_str(if whole.is_empty() { "0" } else { &whole });
    if !fraction.is_empty() {
        plain.push('.');
        plain.push_str(fraction);
    }
    if let Some(exponent) = exponent {
        let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if unsigned.is_empty() || unsigned.len() > 3 || !unsigned.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        plain.push('e');
        plain.push_str(exponent);
    }
    Some(plain)
}

/// Digits without the marks between groups of three.
fn ungrouped(whole: &str, group: char) -> Option<String> {
    if whole.bytes().all(|b| b.is_ascii_digit()) {
        return Some(whole.to_owned());
    }
    let mark = whole.chars().find(|c| !c.is_ascii_digit())?;
    if mark != group && !is_blank_group_mark(mark) {
        return None;
    }
    let mut groups = whole.split(mark);
    let first = groups.next()?;
    let is_number = |group: &str| group.bytes().all(|b| b.is_ascii_digit());
    if !(1..=3).contains(&first.len()) || !is_number(first) {
        return None;
    }
    let mut digits = first.to_owned();
    for group in groups {
        if group.len() != 3 || !is_number(group) {
            return None;
        }
        digits.push_str(group);
    }
    Some(digits)
}

fn is_blank_group_mark(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '\u{2019}')
}

/// Whether the number is negative, and what remains without its sign.
fn split_sign(value: &str) -> Option<(bool, &str)> {
    let value = value.trim();
    let (is_negative, digits) = if let Some(inner) = value.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        (true, inner)
    } else if let Some(rest) = value.strip_prefix(['-', '\u{2212}']) {
        (true, rest)
    } else if let Some(rest) = value.strip_suffix('-') {
        (true, rest)
    } else {
        (false, value.strip_prefix('+').unwrap_or(value))
    };
    let digits = digits.trim();
    (!digits.is_empty()).then_some((is_negative, digits))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_in_the_wild_become_plain() {
        let comma = |value| plain(value, DecimalMark::Comma);
        let point = |value| plain(value, DecimalMark::Point);
        assert_eq!(comma("1.234.567,89").as_deref(), Some("1234567.89"));
        assert_eq!(comma("12,50-").as_deref(), Some("-12.50"));
        assert_eq!(comma("1\u{a0}234,5").as_deref(), Some("1234.5"));
        assert_eq!(comma("1'234").as_deref(), Some("1234"));
        assert_eq!(comma(",5").as_deref(), Some("0.5"));
        assert_eq!(point("1,234.5").as_deref(), Some("1234.5"));
        assert_eq!(point("(12.5)").as_deref(), Some("-12.5"));
        assert_eq!(point("+7").as_deref(), Some("7"));
        assert_eq!(point("1.5e3").as_deref(), Some("1.5e3"));
        for wrong in
            ["", "-", "abc", "12,34", "1,2345", "1.2.3", "12 34", "NaN", "inf", "12 €", "1e", "1_000", "0x1F", "."]
        {
            assert_eq!(point(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_decimal_mark_shows_or_stays_open() {
        let evidence = |values: &[&str]| {
            let mut evidence = Evidence::default();
            values.iter().for_each(|value| evidence.add(value));
            evidence
        };
        assert_eq!(evidence(&["1.234", "12,5"]).mark(), Some(DecimalMark::Comma));
        assert_eq!(evidence(&["1.234.567"]).mark(), Some(DecimalMark::Comma));
        assert_eq!(evidence(&["0.123"]).mark(), Some(DecimalMark::Point));
        assert_eq!(evidence(&["1 234,567"]).mark(), Some(DecimalMark::Comma));
        let open = evidence(&["1.234", "5"]);
        assert_eq!((open.mark(), open.open.as_deref()), (None, Some("1.234")));
    }

    proptest! {
        #[test]
        fn a_number_written_with_either_mark_is_read_back(units in -9_999_999i64..=9_999_999, cents in 0u8..100) {
            let sign = if units < 0 { "-" } else { "" };
            let digits = units.abs().to_string();
            let grouped: Vec<String> =
                digits.as_bytes().rchunks(3).rev().map(|g| String::from_utf8_lossy(g).into_owned()).collect();
            let expected = format!("{}{}.{cents:02}", sign, digits);
            prop_assert_eq!(plain(&format!("{sign}{},{cents:02}", grouped.join(".")), DecimalMark::Comma), Some(expected.clone()));
            prop_assert_eq!(plain(&format!("{sign}{}.{cents:02}", grouped.join(",")), DecimalMark::Point), Some(expected));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,20}") {
            let _ = (plain(&text, DecimalMark::Comma), plain(&text, DecimalMark::Point));
            Evidence::default().add(&text);
        }
    }
}
