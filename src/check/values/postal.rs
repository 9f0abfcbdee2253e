//! Postal codes by country: how many digits, and which of them cannot be.

use super::country;

/// Patterns by country: `9` a digit, `A` a letter; blanks and hyphens are optional wherever they stand.
const PATTERNS: [(&str, &str, &str); 14] = [
    ("DE", "99999", "five digits"),
    ("AT", "9999", "four digits"),
    ("CH", "9999", "four digits"),
    ("FR", "99999", "five digits"),
    ("IT", "99999", "five digits"),
    ("NL", "9999AA", "four digits and two letters"),
    ("ES", "99999", "five digits, the first two a province from 01 to 52"),
    ("BE", "9999", "four digits"),
    ("PL", "99999", "two and three digits"),
    ("LU", "9999", "four digits"),
    ("DK", "9999", "four digits"),
    ("SE", "99999", "three and two digits"),
    ("CZ", "99999", "three and two digits"),
    ("GB", "", ""),
];

/// What is wrong with a postal code of `country`, if anything.
pub(super) fn problem(value: &str, country: Option<&str>) -> Option<String> {
    let code = country::code(country?)?;
    let (_, pattern, form) = PATTERNS.iter().find(|(known, ..)| *known == code)?;
    if pattern.is_empty() {
        return None;
    }
    let compact: String = value.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let compact = compact.strip_prefix(code).unwrap_or(&compact);
    let fits = compact.chars().count() == pattern.len()
        && compact.chars().zip(pattern.chars()).all(|(c, p)| match p {
            '9' => c.is_ascii_digit(),
            _ => c.is_ascii_alphabetic(),
        });
    let province = || compact[..2].parse::<u8>().is_ok_and(|province| (1..=52).contains(&province));
    // no first digit 0 in these; Germany begins at 01
    let begins = match code {
        "AT" | "CH" | "BE" | "NL" | "LU" => !compact.starts_with('0'),
        "DE" => !compact.starts_with("00"),
        _ => true,
    };
    (!(fits && begins && (code != "ES" || province()))).then(|| format!("{code} has {form}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_judged_by_the_rule_of_their_country() {
        for (value, country) in [
            ("01067", "Deutschland"),
            ("1010", "AT"),
            ("1012 JS", "NL"),
            ("00-950", "PL"),
            ("28013", "ES"),
            ("SW1A 1AA", "GB"),
            ("anything", "Utopia"),
        ] {
            assert_eq!(problem(value, Some(country)), None, "{value} {country}");
        }
        for (value, country) in
            [("1067", "DE"), ("00123", "DE"), ("80331", "AT"), ("10O1", "CH"), ("99013", "ES"), ("1012", "NL")]
        {
            assert!(problem(value, Some(country)).is_some(), "{value} {country}");
        }
        assert_eq!(problem("1067", None), None, "without a country there is no rule");
    }
}
