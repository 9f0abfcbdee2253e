//! Phone numbers, internet domains, tax numbers and countries as they are compared.

use super::text;

/// Providers whose domain says nothing about the company behind an address.
const FREE_MAIL: &[&str] = &[
    "aol.com",
    "arcor.de",
    "bluewin.ch",
    "bt.com",
    "btinternet.com",
    "comcast.net",
    "freenet.de",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.de",
    "hotmail.fr",
    "icloud.com",
    "laposte.net",
    "libero.it",
    "live.com",
    "live.de",
    "mac.com",
    "mail.com",
    "mail.de",
    "mail.ru",
    "me.com",
    "mailbox.org",
    "msn.com",
    "online.de",
    "orange.fr",
    "outlook.com",
    "outlook.de",
    "posteo.de",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "sbcglobal.net",
    "t-online.de",
    "verizon.net",
    "vodafone.de",
    "wanadoo.fr",
    "web.de",
    "wp.pl",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.de",
    "yahoo.fr",
    "yandex.ru",
    "ymail.com",
];

/// Sites on which many companies have a page.
const SHARED_SITES: &[&str] = &[
    "blogspot.com",
    "facebook.com",
    "github.io",
    "google.com",
    "instagram.com",
    "jimdo.com",
    "jimdosite.com",
    "linkedin.com",
    "sites.google.com",
    "tumblr.com",
    "wix.com",
    "wixsite.com",
    "wordpress.com",
    "xing.com",
    "youtube.com",
];

/// Digits of a phone number without prefixes of country and long distance; empty under six digits.
///
/// The country prefix goes where `+` or `00` announces it, by the numbering plan's prefixes of one to three digits.
pub(super) fn phone(text: &str) -> String {
    let trimmed = text.trim();
    let digits = text::digits(trimmed);
    let national = match digits.strip_prefix("00") {
        Some(international) => without_country(international),
        None if trimmed.starts_with('+') => without_country(&digits),
        None => &digits,
    };
    let national = national.trim_start_matches('0');
    if national.len() < 6 { String::new() } else { national.to_owned() }
}

/// Countries whose prefix has one or two digits; all others have three (ITU-T E.164).
fn without_country(digits: &str) -> &str {
    const TWO: &[&str] = &[
        "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49",
        "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81", "82", "84",
        "86", "90", "91", "92", "93", "94", "95", "98",
    ];
    let length = match digits.get(..2) {
        Some(two) if two.starts_with(['1', '7']) => 1,
        Some(two) if TWO.contains(&two) => 2,
        _ => 3,
    };
    digits.get(length..).unwrap_or("")
}

/// How two phone numbers relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phones {
    /// The same number, one perhaps without its area code.
    Same,
    /// One digit apart, or two extensions of one switchboard.
    Near,
    /// Neither.
    Different,
}

/// Compares two numbers as [`phone`] returns them.
pub(super) fn compare_phones(a: &str, b: &str) -> Phones {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short == long || (short.len() >= 7 && long.ends_with(short)) {
        return Phones::Same;
    }
    let common = short.bytes().zip(long.bytes()).take_while(|(a, b)| a == b).count();
    let is_switchboard = common >= 6 && long.len() >= 9 && long.len() - common <= 4;
    if is_switchboard || (long.len() - short.len() <= 1 && strsim::osa_distance(short, long) == 1) {
        return Phones::Near;
    }
    Phones::Different
}

/// The mail address in lower case; empty if it is none.
pub(super) fn email(text: &str) -> String {
    let address = text.trim().to_lowercase();
    match address.split_once('@') {
        Some((user, host)) if !user.is_empty() && host.contains('.') => address,
        _ => String::new(),
    }
}

/// The registrable domain of a website or mail address, by the public suffix list; empty where it says nothing of the
/// company.
pub(super) fn domain(text: &str) -> String {
    let lower = text.trim().to_lowercase();
    let host = lower.split("://").last().unwrap_or_default();
    let host = host.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default().trim_matches('.');
    if host.contains(char::is_whitespace) || FREE_MAIL.contains(&host) || SHARED_SITES.contains(&host) {
        return String::new();
    }
    match psl::domain_str(host) {
        Some(domain) if domain != host || host.contains('.') => {
            if FREE_MAIL.contains(&domain) || SHARED_SITES.contains(&domain) {
                String::new()
            } else {
                domain.to_owned()
            }
        }
        _ => String::new(),
    }
}

/// The part of a domain before its public suffix: `acme` of `acme.co.uk`.
pub(super) fn domain_label(domain: &str) -> &str {
    domain.split('.').next().unwrap_or_default()
}

/// A tax number without signs; empty under five characters.
pub(super) fn vat_id(text: &str) -> String {
    let id: String = text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    if id.len() < 5 || !id.contains(|c: char| c.is_ascii_digit()) { String::new() } else { id }
}

/// Names of countries, folded, with their ISO 3166 code.
const COUNTRIES: &[(&str, &str)] = &[
    ("deutschland", "de"),
    ("germany", "de"),
    ("ger", "de"),
    ("deu", "de"),
    ("d", "de"),
    ("brd", "de"),
    ("osterreich", "at"),
    ("austria", "at"),
    ("aut", "at"),
    ("a", "at"),
    ("schweiz", "ch"),
    ("switzerland", "ch"),
    ("suisse", "ch"),
    ("svizzera", "ch"),
    ("che", "ch"),
    ("sui", "ch"),
    ("frankreich", "fr"),
    ("france", "fr"),
    ("fra", "fr"),
    ("f", "fr"),
    ("italien", "it"),
    ("italy", "it"),
    ("italia", "it"),
    ("ita", "it"),
    ("i", "it"),
    ("spanien", "es"),
    ("spain", "es"),
    ("espana", "es"),
    ("esp", "es"),
    ("niederlande", "nl"),
    ("netherlands", "nl"),
    ("the netherlands", "nl"),
    ("nederland", "nl"),
    ("holland", "nl"),
    ("nld", "nl"),
    ("belgien", "be"),
    ("belgium", "be"),
    ("belgique", "be"),
    ("bel", "be"),
    ("luxemburg", "lu"),
    ("luxembourg", "lu"),
    ("polen", "pl"),
    ("poland", "pl"),
    ("polska", "pl"),
    ("pol", "pl"),
    ("tschechien", "cz"),
    ("czechia", "cz"),
    ("czech republic", "cz"),
    ("cze", "cz"),
    ("danemark", "dk"),
    ("denmark", "dk"),
    ("dnk", "dk"),
    ("schweden", "se"),
    ("sweden", "se"),
    ("swe", "se"),
    ("norwegen", "no"),
    ("norway", "no"),
    ("nor", "no"),
    ("finnland", "fi"),
    ("finland", "fi"),
    ("fin", "fi"),
    ("ungarn", "hu"),
    ("hungary", "hu"),
    ("hun", "hu"),
    ("portugal", "pt"),
    ("prt", "pt"),
    ("irland", "ie"),
    ("ireland", "ie"),
    ("irl", "ie"),
    ("liechtenstein", "li"),
    ("grossbritannien", "gb"),
    ("great britain", "gb"),
    ("united kingdom", "gb"),
    ("uk", "gb"),
    ("gbr", "gb"),
    ("england", "gb"),
    ("vereinigtes konigreich", "gb"),
    ("usa", "us"),
    ("united states", "us"),
    ("united states of america", "us"),
    ("vereinigte staaten", "us"),
];

/// The ISO code of a country where it is known, else its folded name.
pub(super) fn country(text: &str) -> String {
    let folded = text::words(&text::fold(text)).join(" ");
    match COUNTRIES.iter().find(|(name, _)| *name == folded) {
        Some((_, code)) => (*code).to_owned(),
        None => folded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_is_one_number_however_it_is_written() {
        for text in ["+49 711 1234-0", "0049 (711) 12340", "0711/12340", "(0711) 1234 - 0"] {
            assert_eq!(phone(text), "71112340", "{text}");
        }
        assert_eq!(phone("+1 (773) 386-5286"), "7733865286");
        assert_eq!(compare_phones("7733865286", "3865286"), Phones::Same);
        assert_eq!(compare_phones("71112340", "711123456"), Phones::Near);
        assert_eq!(compare_phones("3865286", "3865386"), Phones::Near);
        assert_eq!(compare_phones("3865286", "3865377"), Phones::Different);
        assert_eq!(phone("110"), "");
    }

    #[test]
    fn a_domain_speaks_for_the_company_unless_everybody_has_it() {
        assert_eq!(domain("https://www.Mueller-Bau.de/kontakt?x=1"), "mueller-bau.de");
        assert_eq!(domain("info@vertrieb.acme.co.uk"), "acme.co.uk");
        assert_eq!(domain_label("acme.co.uk"), "acme");
        for nothing in ["mueller@web.de", "https://www.facebook.com/mueller", "mueller", "", "co.uk"] {
            assert_eq!(domain(nothing), "", "{nothing}");
        }
    }

    #[test]
    fn countries_and_tax_numbers_are_one_however_they_are_written() {
        for text in ["DE", "Deutschland", "germany", "D"] {
            assert_eq!(country(text), "de", "{text}");
        }
        assert_eq!(country("Österreich"), "at");
        assert_eq!(vat_id("DE 123.456.789"), "DE123456789");
        assert_eq!(vat_id("n/a"), "");
    }
}
